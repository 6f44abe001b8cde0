package rule

import (
	"andon/schemas/event"
	"andon/schemas/exception"
)

// PI-03: more was picked than ordered.
//
// Fires when the confirmed picks of an order line add up to more than planned plus tolerance, closed or not. It never clears; a correction or a
// new revision of the order retracts it. Abstains until the planned quantity is known. State: the order in force and the picks.
// Script: testdata/pi_03.txt.
var overPick = Rule{
	Code: "PI-03", Title: "Over pick", Family: event.PickPack, Severity: exception.Minor, Unit: exception.Milli, Version: 1, Since: "0.1",
	Text:     "More was picked for an order line than was ordered.",
	Settings: []Setting{{"over_tolerance_weight_bp", 0, "basis points of the planned quantity that may be too much of goods sold by weight"}},
	Stake:    Stake{LossBP: 10_000, WithinS: 14_400, RecoverS: 900},
	Judge:    judgeOverPick,
	Say: func(v *Verdict) []string {
		return []string{"picked " + qty(v.Observed.Value) + " of " + qty(v.Expected.Value) + " ordered, " + qty(v.Delta.Value) + " too many"}
	},
}

func judgeOverPick(c *Context, out *Verdicts) {
	p := c.picking.of(c.Facts, pickingOf)
	if p.release == nil || len(p.release.Doc.Lines) == 0 {
		out.Abstain("planned quantity")
		return
	}
	lines := p.linePicks(c)
	for i := range lines {
		l := &lines[i]
		if l.picked <= l.planned+share(l.planned, c.Values[0], l.weighed) {
			continue
		}
		out.Add(Verdict{
			Kind: Fires, Episode: Episode{Revision: p.release.Revision, Line: l.line},
			OpenedAt: max(l.lastAt, p.release.Time), Expected: N(l.planned), Observed: N(l.picked), Delta: N(l.picked - l.planned),
			Value: worth(l.picked-l.planned, l.unitCost, l.currency), Currency: l.currency, Deadline: p.release.At,
		})
		p.evidence(l, out)
	}
}
