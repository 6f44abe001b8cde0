package rule

import (
	"slices"

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
		if f.Type != event.ReceiptLine || badQty(f) == 0 {
			continue
		}
		episode := lineEpisode(f)
		if slices.ContainsFunc(out.List[from:], func(v Verdict) bool { return v.Episode == episode }) {
			continue
		}
		v := Verdict{Kind: Fires, Episode: episode, Expected: N(0), Observed: N(0)}
		for _, part := range c.Facts { // a line may be received in parts
			if part.Type == event.ReceiptLine && lineEpisode(part) == episode {
				v.Expected.Value += part.Qty
				v.Observed.Value += badQty(part)
				v.OpenedAt = max(v.OpenedAt, part.Time)
			}
		}
		v.Delta = v.Observed
		out.Add(v)
		for _, part := range c.Facts {
			if part.Type == event.ReceiptLine && lineEpisode(part) == episode {
				out.Evidence(part)
			}
		}
	}
}

// lineEpisode is the receipt line a fact is about; a line without a number is an episode of its own.
func lineEpisode(f *timeline.Fact) Episode {
	e := Episode{Line: f.Line, Item: f.Item, Lot: f.Lot}
	if f.Line == "" {
		e.Event = f.ID
	}
	return e
}

// badQty is the part of a receipt line that is not good: what was rejected, or all of it when its condition says so without a number.
func badQty(f *timeline.Fact) int64 {
	if f.Rejected == 0 && f.Condition != event.Good {
		return f.Qty
	}
	return f.Rejected
}
