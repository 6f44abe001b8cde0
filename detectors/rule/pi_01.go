package rule

import (
	"andon/schemas/event"
	"andon/schemas/exception"
)

// PI-01: less was picked than ordered.
//
// Fires when an order line is closed (a confirmed pick with line_closed, a shorted pick, or the fulfilment's manifest) and the sum of its
// confirmed picks is under the planned quantity less tolerance. Clears when later picks make it up. Abstains until the planned quantity is
// known. State: the order in force and the picks. Known false positives: stock reallocated from another site. Script: testdata/pi_01.txt.
var shortPick = Rule{
	Code: "PI-01", Title: "Short pick", Family: event.PickPack, Severity: exception.Major, Unit: exception.Milli, Version: 1, Since: "0.1",
	Text:     "Less was picked for an order line than was ordered.",
	Settings: []Setting{{"under_tolerance_weight_bp", 0, "basis points of the planned quantity that may be missing of goods sold by weight"}},
	Stake:    Stake{LossBP: 3_000, Reship: parcelFreight, WithinS: 14_400, RecoverS: 1_800}, // the margin, and a second parcel
	Judge:    judgeShortPick,
	Say: func(v *Verdict) []string {
		said := "picked " + qty(v.Observed.Value) + " of " + qty(v.Expected.Value) + " ordered"
		switch {
		case v.Kind == Fires:
			said += ", " + qty(v.Delta.Value) + " short"
		case v.Violated:
			said += "; " + qty(v.Delta.Value) + " were missing when the line was closed"
		}
		return []string{said}
	},
}

func judgeShortPick(c *Context, out *Verdicts) {
	p := c.picking.of(c.Facts, pickingOf)
	if p.release == nil || len(p.release.Doc.Lines) == 0 {
		out.Abstain("planned quantity")
		return
	}
	lines := p.linePicks(c)
	for i := range lines {
		l := &lines[i]
		if !l.closed {
			continue
		}
		if c.Now < l.closedAt { // picks confirmed before it may still be on their way
			out.Wait(l.closedAt)
			continue
		}
		enough := l.planned - share(l.planned, c.Values[0], l.weighed)
		v := Verdict{
			Kind: Satisfied, Episode: Episode{Revision: p.release.Revision, Line: l.line},
			Violated: l.byClose < enough, OpenedAt: max(l.closedAt, p.release.Time), ClearedAt: l.lastAt,
			Expected: N(l.planned), Observed: N(l.picked), Delta: N(max(0, l.planned-l.picked)),
		}
		if l.picked < enough {
			v.Kind, v.ClearedAt = Fires, 0
		} else if v.Violated {
			v.Delta = N(l.planned - l.byClose)
		}
		v.Value, v.Currency, v.Deadline = worth(v.Delta.Value, l.unitCost, l.currency), l.currency, p.release.At
		out.Add(v)
		p.evidence(l, out)
	}
}
