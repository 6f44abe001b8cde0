package rule

import (
	"andon/detectors/timeline"
	"andon/schemas/event"
	"andon/schemas/exception"
)

// CA-14: after the journey had ended, the goods were scanned somewhere else.
//
// Fires at the first scan of goods on their way that is over the grace after the first DELIVERED or RTS, at another place. It never clears; a
// correction of either scan retracts it. Abstains where a place is not stated, and where the tracking number was announced again since: it is
// used anew. State: the scan that ended the journey and the scans after it. Known false positives: carriers that say RTS when a return begins.
// Script: testdata/ca_14.txt.
var statusRegression = Rule{
	Code: "CA-14", Title: "Status regression", Family: event.Carrier, Severity: exception.Minor, Unit: exception.Seconds, Version: 1, Since: "0.2",
	Text:     "After it was delivered or returned, the shipment was scanned on its way at another place.",
	Settings: []Setting{{"grace_s", 1_800, "seconds after the end in which scans may still straggle in"}},
	Stake:    Stake{Penalty: Unknown, WithinS: 86_400, RecoverS: 14_400, Lasting: true}, // a wrong label: nobody said what it costs
	Judge:    judgeStatusRegression,
	Say: func(v *Verdict) []string {
		return []string{"scanned on its way " + v.OpenedAt.String() + ", " + span(v.OpenedAt-v.Due) + " after its journey had ended elsewhere"}
	},
}

func judgeStatusRegression(c *Context, out *Verdicts) {
	s := c.shipment.of(c.Facts, shipmentOf)
	end := s.ended()
	if end == nil {
		return
	}
	limit := end.Time + event.Micros(c.Values[0])*event.Second
	for i := len(c.Facts) - 1; i >= 0 && c.Facts[i].Time > limit; i-- { // few facts are later than the end: look from the back
		if isRegression(c.Facts[i], end) {
			firstRegression(c, s, end, limit, out)
			return
		}
	}
}

// firstRegression says what the first scan after the limit means.
func firstRegression(c *Context, s *shipment, end *timeline.Fact, limit event.Micros, out *Verdicts) {
	if s.again != nil && s.again.Time > end.Time {
		out.Abstain("journey: the tracking number was announced again")
		return
	}
	for _, f := range c.Facts {
		switch {
		case f.Time <= limit || !isRegression(f, end):
		case end.Place == 0 || f.Place == 0:
			out.Abstain("place of a scan")
			return
		default:
			out.Add(Verdict{Kind: Fires, Episode: Episode{Event: end.ID}, Due: end.Time, OpenedAt: f.Time, Delta: N(seconds(f.Time - end.Time))})
			out.Evidence(end, f)
			return
		}
	}
}

// isRegression reports whether a fact is a scan of goods on their way at a place that is not known to be where the journey ended.
func isRegression(f, end *timeline.Fact) bool {
	if f.Type != event.CarrierScan || !f.Status.Physical() || f.Place == end.Place && f.Place != 0 {
		return false
	}
	switch f.Status {
	case event.Delivered, event.RTS, event.Damaged, event.Lost:
		return false
	default:
		return true
	}
}
