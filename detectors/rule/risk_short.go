package rule

import (
	"strconv"

	"andon/detectors/timeline"
	"andon/schemas/event"
	"andon/schemas/exception"
)

// asn_short_risk: of what a supplier advises, less than advised will probably arrive.
//
// Judged at the advice in force: yes when lines of that supplier and item, in history, were short more often than the limit, of any line of the advice;
// over with the first receipt. Abstains without a rate. It raises no exception. State: the advice.
var asnShortRisk = Rule{
	Code: "asn_short_risk", Title: "Despatch may be short", Family: event.ASN, Severity: exception.Minor, Unit: exception.BasisPoints, Version: 1, Since: "0.5",
	Text:      "Less will probably be received than the supplier advises.",
	Settings:  []Setting{{"short_bp", 500, "basis points of a supplier's lines of an item that may be short in history"}},
	Contested: true, Features: "asn",
	Judge: judgeASNShortRisk,
	Say:   sayShortRate,
}

// pick_short_risk: of what is ordered, less will probably be picked.
//
// Judged at the order in force: yes when lines of that item at that site, in history, were short more often than the limit, of any line of the order; over
// with the first sign of work. Abstains without a rate. It raises no exception. State: the order.
var pickShortRisk = Rule{
	Code: "pick_short_risk", Title: "Order may be short", Family: event.PickPack, Severity: exception.Minor, Unit: exception.BasisPoints, Version: 1, Since: "0.5",
	Text:      "Less will probably be picked than is ordered.",
	Settings:  []Setting{{"short_bp", 500, "basis points of an item's order lines at the site that may be short in history"}},
	Contested: true, Features: "pickpack",
	Judge: judgePickShortRisk,
	Say:   sayShortRate,
}

func sayShortRate(v *Verdict) []string {
	return []string{"of such lines " + strconv.FormatInt(v.Observed.Value, 10) + " of 10,000 were short, at worst; the limit is " +
		strconv.FormatInt(v.Expected.Value, 10)}
}

func judgeASNShortRisk(c *Context, out *Verdicts) {
	r := c.receiving.of(c.Facts, receivingOf)
	if r.doc == nil {
		return
	}
	judgeShortRate(c, r.doc, first(r.first, r.close), func(item string) (int64, bool) {
		e, ok := c.Reference.ASNShort(r.doc.Doc.Source, item)
		return e.ShortBP, ok
	}, out)
}

func judgePickShortRisk(c *Context, out *Verdicts) {
	p := c.picking.of(c.Facts, pickingOf)
	if p.release == nil {
		return
	}
	judgeShortRate(c, p.release, p.work, func(item string) (int64, bool) {
		e, ok := c.Reference.PickShort(c.Site, item)
		return e.ShortBP, ok
	}, out)
}

// judgeShortRate judges a document by the worst rate of its lines; over is what ends the question.
func judgeShortRate(c *Context, doc, over *timeline.Fact, rate func(item string) (int64, bool), out *Verdicts) {
	worst, known := int64(0), false
	for i := range doc.Doc.Lines {
		if bp, ok := rate(doc.Doc.Lines[i].Item); ok {
			worst, known = max(worst, bp), true
		}
	}
	v := Verdict{Kind: Satisfied, Episode: Episode{Revision: doc.Revision}, JudgedAt: doc.Time, OpenedAt: doc.Time, Ask: true, Expected: N(c.Values[0])}
	switch {
	case over != nil:
		v.JudgedAt, v.OpenedAt, v.ClearedAt, v.Ask = over.Time, over.Time, over.Time, false
		v.Violated = known && worst > c.Values[0]
	case !known:
		v.Kind, v.Missing = Abstains, "usual share of short lines"
	case worst > c.Values[0]:
		v.Kind = Fires
	}
	if known {
		v.Observed = N(worst)
		v.Delta = N(max(0, worst-c.Values[0]))
	}
	out.Add(v)
	out.Evidence(doc, over)
}
