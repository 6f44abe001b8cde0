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
	Stake:  Stake{LossBP: 10_000, WithinS: 86_400, RecoverS: 3_600, Lasting: true}, // a claim within the carrier's window
	Judge:  judgeDamage,
	Say: func(v *Verdict) []string {
		return []string{qty(v.Observed.Value) + " of " + qty(v.Expected.Value) + " received rejected or damaged"}
	},
}

func judgeDamage(c *Context, out *Verdicts) {
	r := c.receiving.of(c.Facts, receivingOf)
	for _, l := range damagedLines(c.Facts) {
		v := Verdict{
			Kind: Fires, Episode: l.episode, OpenedAt: l.lastAt,
			Expected: N(l.received), Observed: N(l.bad), Delta: N(l.bad),
		}
		if unitCost, currency := r.unitCost(l.episode.Item); currency != "" {
			v.Value, v.Currency = worth(l.bad, unitCost, currency), currency
		}
		out.Add(v)
		out.Evidence(l.facts...)
	}
}

// damagedLine is a receipt line of which a part is not good, in thousandths of the base unit. It may be received in parts.
type damagedLine struct {
	episode       Episode
	received, bad int64
	lastAt        event.Micros
	facts         []*timeline.Fact
}

// damagedLines are in the order of their first bad part. A receipt without damage, which most are, costs one look at its facts.
func damagedLines(facts []*timeline.Fact) (lines []*damagedLine) {
	var byEpisode map[Episode]*damagedLine
	for _, f := range facts {
		if f.Type != event.ReceiptLine || badQty(f) == 0 || byEpisode[lineEpisode(f)] != nil {
			continue
		}
		if byEpisode == nil {
			byEpisode = map[Episode]*damagedLine{}
		}
		l := &damagedLine{episode: lineEpisode(f)}
		byEpisode[l.episode] = l
		lines = append(lines, l)
	}
	if len(lines) == 0 {
		return nil
	}
	for _, f := range facts {
		if l := byEpisode[lineEpisode(f)]; l != nil && f.Type == event.ReceiptLine {
			l.received += f.Qty
			l.bad += badQty(f)
			l.lastAt = max(l.lastAt, f.Time)
			l.facts = append(l.facts, f)
		}
	}
	return lines
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
