package rule

import (
	"andon/schemas/event"
	"andon/schemas/exception"
)

// PA-01: what was packed is not what was picked.
//
// Judged per item when all cartons are closed: with the fulfilment's manifest, or when after the last pack.closed nothing more is picked or packed
// for the idle time; open is a carton of which a pack.started says so. Fires when the sums of packed and picked differ; clears when later packs or
// picks make them equal. Abstains where picks or packs do not say of what item, or are not sent. State: picks, packs and the manifest. Known false
// positives: goods put back after picking. Script: testdata/pa_01.txt.
var pickPackQty = Rule{
	Code: "PA-01", Title: "Packed other than picked", Family: event.PickPack, Severity: exception.Major, Unit: exception.Milli, Version: 1, Since: "0.2",
	Text:     "What was packed of an item is not what was picked of it.",
	NotYet:   "Goods put back after picking wait for an event that says so: until then they count as picked.",
	Settings: []Setting{{"idle_close_s", 600, "seconds without a pick or pack, once all cartons are closed, after which no other is expected"}},
	Stake:    Stake{Reship: parcelFreight, Rework: 2_200, WithinS: 14_400, RecoverS: 900}, // what a wrong pick costs (domain reference 4.2)
	Judge:    judgePickPackQty,
	Say: func(v *Verdict) []string {
		said := "packed " + qty(v.Observed.Value) + " of " + qty(v.Expected.Value) + " picked"
		switch {
		case v.Kind == Fires && v.Observed.Value > v.Expected.Value:
			said += ", " + qty(v.Delta.Value) + " too many"
		case v.Kind == Fires:
			said += ", " + qty(v.Delta.Value) + " missing"
		case v.Violated:
			said += "; " + qty(v.Delta.Value) + " was the difference when the cartons were closed"
		}
		return []string{said}
	},
}

func judgePickPackQty(c *Context, out *Verdicts) {
	order, p := c.picking.of(c.Facts, pickingOf), c.packing.of(c.Facts, packingOf)
	if order.manifest == nil && p.closed == nil {
		return
	}
	closedAt := event.Micros(0)
	if p.closed != nil {
		closedAt = p.last + event.Micros(c.Values[0])*event.Second
	}
	if m := order.manifest; m != nil && (closedAt == 0 || m.Time < closedAt) {
		closedAt = m.Time
	}
	switch {
	case !p.packed || !p.picked:
		out.Abstain("picked and packed items")
		return
	case p.blank:
		out.Abstain("item of a pick or pack")
		return
	case c.Now < closedAt: // what was packed before it may still be on its way
		out.Wait(closedAt)
		return
	}
	items := packedItems(c, closedAt)
	for i := range items {
		judgePackedItem(c, order, &items[i], closedAt, out)
	}
}

func judgePackedItem(c *Context, order *picking, p *packedItem, closedAt event.Micros, out *Verdicts) {
	v := Verdict{
		Kind: Satisfied, Episode: Episode{Item: p.item}, Violated: p.byClose != 0, OpenedAt: closedAt, ClearedAt: p.lastAt,
		Expected: N(p.picked), Observed: N(p.packed), Delta: N(abs(p.packed - p.picked)),
	}
	switch {
	case p.packed != p.picked:
		v.Kind, v.ClearedAt = Fires, 0
	case !v.Violated:
		v.Delta = N(0)
	default:
		v.Delta = N(abs(p.byClose))
	}
	if order.release != nil {
		v.Deadline = order.release.At
	}
	out.Add(v)
	for _, f := range c.Facts {
		if f.Item == p.item && (f.Type == event.PickConfirmed || f.Type == event.PackItem) {
			out.Evidence(f)
		}
	}
	out.Evidence(order.manifest)
}

func abs(n int64) int64 { return max(n, -n) }
