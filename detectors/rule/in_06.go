package rule

import (
	"andon/schemas/event"
	"andon/schemas/exception"
)

// IN-06: more arrived than the despatch advice says.
//
// Fires when receiving has ended (as IN-05) and the sum received of an advised item and lot is over the advised quantity plus tolerance. Goods
// do not shrink again: it never clears, a correction or a new revision of the advice retracts it. State: the facts of the despatch.
// Script: testdata/in_06.txt.
var qtyOver = Rule{
	Code: "IN-06", Title: "Quantity over", Family: event.ASN, Severity: exception.Minor, Unit: exception.Milli, Version: 1, Since: "0.1",
	Text: "More was received than the supplier advised.",
	Settings: []Setting{
		{"over_tolerance_milli", 0, "thousandths of the base unit that may be too many of goods counted in pieces"},
		{"over_tolerance_weight_bp", 0, "basis points of the advised quantity that may be too much of goods sold by weight"},
		{"idle_close_s", 86_400, "seconds without a receipt line after which a receipt that nobody closed counts as closed"},
	},
	Stake: Stake{Penalty: Unknown, WithinS: 86_400, RecoverS: 7_200, Lasting: true}, // each partner has a price of its own
	Judge: judgeOver,
	Say: func(v *Verdict) []string {
		return []string{"received " + qty(v.Observed.Value) + " of " + qty(v.Expected.Value) + " advised, " + qty(v.Delta.Value) + " too many"}
	},
}

func judgeOver(c *Context, out *Verdicts) {
	over, overWeightBP, idle := c.Values[0], c.Values[1], c.Values[2]
	r, closedAt, ok := endedReceiving(c, idle, out)
	if !ok {
		return
	}
	sums := r.itemSums(c, closedAt)
	for i := range sums {
		s := &sums[i]
		tolerance := share(s.advised, overWeightBP, s.weighed)
		if !s.weighed {
			tolerance = over
		}
		if s.unknown || s.received <= s.advised+tolerance {
			continue
		}
		out.Add(Verdict{
			Kind: Fires, Episode: s.episode(r), Expected: N(s.advised), Observed: N(s.received),
			Delta: N(s.received - s.advised), OpenedAt: max(closedAt, r.doc.Time, s.lastAt),
		})
		r.evidence(c, s, out)
	}
}
