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
	scan, unplaced := firstRegression(c.Facts, end, limit)
	switch {
	case scan == nil && !unplaced:
	case s.again != nil && s.again.Time > end.Time:
		out.Abstain("journey: the tracking number was announced again")
	case scan == nil:
		out.Abstain("place of a scan")
	default:
		out.Add(Verdict{Kind: Fires, Episode: Episode{Journey: s.began()}, Due: end.Time, OpenedAt: scan.Time, Delta: N(seconds(scan.Time - end.Time))})
		out.Evidence(end, scan)
	}
}

// firstRegression is the first scan after the limit that shows the goods on their way at another place than the end's, and whether there is one
// of which that cannot be told because a place is not stated.
func firstRegression(facts []*timeline.Fact, end *timeline.Fact, limit event.Micros) (scan *timeline.Fact, unplaced bool) {
	for i := len(facts) - 1; i >= 0 && facts[i].Time > limit; i-- { // few facts are later than the end: look from the back
		switch f := facts[i]; {
		case !onItsWay(f):
		case end.Place == 0 || f.Place == 0:
			unplaced = true
		case f.Place != end.Place:
			scan = f
		}
	}
	return scan, unplaced
}

// onItsWay reports whether a fact is a scan of goods that have not arrived.
func onItsWay(f *timeline.Fact) bool {
	if f.Type != event.CarrierScan || !f.Status.Physical() {
		return false
	}
	switch f.Status {
	case event.Delivered, event.RTS, event.Damaged, event.Lost:
		return false
	default:
		return true
	}
}
