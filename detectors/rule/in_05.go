package rule

import (
	"andon/schemas/event"
	"andon/schemas/exception"
)

// IN-05: less arrived than the despatch advice says.
//
// Fires when receiving has ended (receipt.closed, or silence after the last receipt line) and the sum received of an advised item and lot is
// under the advised quantity less tolerance. Clears when later receipt lines make it up. State: the facts of the despatch.
// Known false positives: a unit-of-measure error looks like a shortage (IN-10 comes later). Script: testdata/in_05.txt.
var qtyShort = Rule{
	Code: "IN-05", Title: "Quantity short", Family: event.ASN, Severity: exception.Major, Unit: exception.Milli, Version: 1, Since: "0.1",
	Text: "Less was received than the supplier advised.",
	Settings: []Setting{
		{"under_tolerance_milli", 0, "thousandths of the base unit that may be missing of goods counted in pieces"},
		{"under_tolerance_weight_bp", 50, "basis points of the advised quantity that may be missing of goods sold by weight"},
		{"idle_close_s", 86_400, "seconds without a receipt line after which a receipt that nobody closed counts as closed"},
	},
	Stake: Stake{LossBP: 10_000, WithinS: 86_400, RecoverS: 7_200, Lasting: true}, // a claim, once recounted
	Judge: judgeShort,
	Say: func(v *Verdict) []string {
		said := "received " + qty(v.Observed.Value) + " of " + qty(v.Expected.Value) + " advised"
		switch {
		case v.Kind == Fires:
			said += ", " + qty(v.Delta.Value) + " short"
		case v.Violated:
			said += "; " + qty(v.Delta.Value) + " were missing when receiving ended"
		}
		return []string{said}
	},
}

func judgeShort(c *Context, out *Verdicts) {
	under, underWeightBP, idle := c.Values[0], c.Values[1], c.Values[2]
	r, closedAt, ok := endedReceiving(c, idle, out)
	if !ok {
		return
	}
	sums := r.itemSums(c, closedAt)
	for i := range sums {
		s := &sums[i]
		if s.unknown {
			out.Abstain("lot of a receipt line")
			continue
		}
		tolerance := share(s.advised, underWeightBP, s.weighed)
		if !s.weighed {
			tolerance = under
		}
		v := Verdict{
			Kind: Satisfied, Episode: s.episode(r), Expected: N(s.advised), Observed: N(s.received),
			Violated: s.byClose < s.advised-tolerance, OpenedAt: max(closedAt, r.doc.Time), ClearedAt: s.lastAt,
			Delta: N(max(0, s.advised-s.received)),
		}
		if s.received < s.advised-tolerance {
			v.Kind, v.ClearedAt = Fires, 0
		} else if v.Violated {
			v.Delta = N(s.advised - s.byClose)
		}
		v.Value, v.Currency = worth(v.Delta.Value, s.unitCost, s.currency), s.currency
		out.Add(v)
		r.evidence(c, s, out)
	}
}

func (s *itemSum) episode(r *receiving) Episode {
	return Episode{Revision: r.doc.Revision, Item: s.item, Lot: s.lot}
}
