package rule

import (
	"andon/schemas/event"
	"andon/schemas/exception"
)

// CA-04: not delivered by the promised time.
//
// Due at promise + grace, for the timer and for the judging event alike: a DELIVERED after it raises and clears in one step, and a promise that
// had passed when the shipment was manifested fires at once. Clears at the first DELIVERED. The promise in force is the latest manifest's;
// if that states none there is none. Cancelled shipments are silent. State: manifest, first DELIVERED. Known false positives: late POD scans.
// Script: testdata/ca_04.txt.
var lateVsPromise = Rule{
	Code: "CA-04", Title: "Late against promise", Family: event.Carrier, Severity: exception.Major, Unit: exception.Seconds, Version: 1, Since: "0.1",
	Text:     "The shipment was not delivered by the time promised to the customer.",
	Settings: []Setting{{"grace_s", 7_200, "seconds after the promise before it counts as broken, for scans that lag"}},
	Stake:    lateParcel,
	Judge:    judgeLateVsPromise,
	Say: func(v *Verdict) []string {
		promise := v.Due.String()
		switch {
		case v.Kind == Fires:
			return []string{"not delivered by the promise of " + promise}
		case v.Violated:
			return []string{"delivered " + v.ClearedAt.String() + ", " + span(v.ClearedAt-v.Due) + " after the promise of " + promise}
		}
		return []string{"delivered " + v.ClearedAt.String() + ", in time for the promise of " + promise}
	},
}

func judgeLateVsPromise(c *Context, out *Verdicts) {
	s := c.shipment.of(c.Facts, shipmentOf)
	switch {
	case s.cancelled:
		return
	case s.manifest == nil || s.manifest.At == 0:
		out.Abstain("promise")
		return
	case !c.Sends.Status(event.Delivered):
		out.Abstain("delivery scans: the source does not send them")
		return
	}
	promise := s.manifest.At
	due := promise + event.Micros(c.Values[0])*event.Second
	v := Verdict{Episode: Episode{Due: due}, Due: promise, OpenedAt: due, Deadline: promise}
	switch {
	case s.delivered != nil:
		v.Kind, v.Violated, v.ClearedAt = Satisfied, s.delivered.Time > due, s.delivered.Time
		v.Delta = N(max(0, seconds(s.delivered.Time-promise)))
	case c.Now >= due || (s.manifest.Time > due && !s.manifest.Skewed):
		v.Kind = Fires
	default:
		out.Wait(due)
		return
	}
	out.Add(v)
	out.Evidence(s.manifest, s.delivered)
}
