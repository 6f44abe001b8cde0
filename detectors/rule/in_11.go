package rule

import (
	"andon/detectors/timeline"
	"andon/schemas/event"
	"andon/schemas/exception"
)

// IN-11: goods arrived damaged or of bad quality.
//
// Fires for each receipt line with a rejected quantity or a condition other than good (X12 element 412: 01, 04, 06, 08). It never clears; a
// correction of the line retracts it. State: the receipt lines. Script: testdata/in_11.txt.
var damage = Rule{
	Code: "IN-11", Title: "Damage or quality", Family: event.ASN, Severity: exception.Major, Unit: exception.Milli, Version: 1, Since: "0.1",
	Text:   "Goods were received damaged or below quality.",
	NotYet: "The incident for a carrier or supplier whose rate is over three times its 28-day average waits for reference data.",
	Judge:  judgeDamage,
	Say: func(v *Verdict) []string {
		return []string{qty(v.Observed.Value) + " of " + qty(v.Expected.Value) + " received rejected or damaged"}
	},
}

func judgeDamage(c *Context, out *Verdicts) {
	from := len(out.List)
	for _, f := range c.Facts {
		bad := badQty(f)
		if f.Type != event.ReceiptLine || (bad == 0 && f.Condition == event.Good) {
			continue
		}
		episode := Episode{Line: f.Line, Item: f.Item, Lot: f.Lot}
		if f.Line == "" {
			episode.Event = f.ID
		}
		if v := findEpisode(out.List[from:], episode); v != nil { // a receipt line in parts: evidence of the first stands for all
			v.Expected.Value += f.Qty
			v.Observed.Value += bad
			v.Delta.Value += bad
			v.OpenedAt = max(v.OpenedAt, f.Time)
			continue
		}
		out.Add(Verdict{Kind: Fires, Episode: episode, OpenedAt: f.Time, Expected: N(f.Qty), Observed: N(bad), Delta: N(bad)})
		out.Evidence(f)
	}
}

// badQty is the part of a receipt line that is not good: what was rejected, or all of it when its condition says so without a number.
func badQty(f *timeline.Fact) int64 {
	if f.Rejected == 0 && f.Condition != event.Good {
		return f.Qty
	}
	return f.Rejected
}

func findEpisode(list []Verdict, e Episode) *Verdict {
	for i := range list {
		if list[i].Episode == e {
			return &list[i]
		}
	}
	return nil
}
