package rule

import (
	"andon/schemas/event"
	"andon/schemas/exception"
)

// CA-08: the carrier sends the shipment back.
//
// Fires at the first RTS scan. It never clears; a correction retracts it. State: the first RTS scan, the manifest's declared value. Known false
// positives: goods a customer returns under an authorisation. Script: testdata/ca_08.txt.
var returned = Rule{
	Code: "CA-08", Title: "Returned to sender", Family: event.Carrier, Severity: exception.Major, Unit: exception.Seconds, Version: 1, Since: "0.2",
	Text:   "The carrier returns the shipment to its sender.",
	NotYet: "Return authorisations wait for reference data: until then a return that was agreed counts too.",
	Stake:  Stake{LossBP: 10_000, Reship: 2 * parcelFreight, WithinS: 86_400, RecoverS: 14_400, Lasting: true}, // the order, and two more ways
	Judge:  judgeReturned,
	Say: func(v *Verdict) []string {
		return []string{"the carrier returns it to the sender since " + v.OpenedAt.String()}
	},
}

func judgeReturned(c *Context, out *Verdicts) {
	s := c.shipment.of(c.Facts, shipmentOf)
	if s.returned == nil {
		return
	}
	v := Verdict{Kind: Fires, Episode: Episode{Milestone: event.RTS, Journey: s.began()}, OpenedAt: s.returned.Time}
	v.Value, v.Currency = s.value()
	out.Add(v)
	out.Evidence(s.returned)
}
