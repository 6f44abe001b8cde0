package simulate

import (
	"fmt"
	"strconv"

	"andon/schemas/event"
)

// despatch is an inbound delivery: the supplier's advice, and its receipt at the dock.
type despatch struct {
	number   int
	supplier int
	site     int
	revised  bool // the first advice was wrong and is replaced
	lines    []goods
	steps    []step
}

// goods is one line of a despatch or an order. Quantities are thousandths.
type goods struct {
	item    int
	weighed bool
	planned int64 // advised, or ordered
	actual  int64 // received, or picked
	bad     int64 // the rejected part of actual
	parts   int   // the receipts or picks it comes in
}

func (s *despatch) plan(d *dice, number int, begins event.Micros) {
	*s = despatch{number: number, lines: s.lines[:0], steps: s.steps[:0]}
	s.supplier, s.site, s.revised = d.below(suppliers), d.below(len(sites)), d.chance(400)
	careless := s.supplier%8 == 3 // some suppliers make most of the trouble
	first := d.below(items)
	for n := range 3 + d.below(8) {
		s.lines = append(s.lines, arrive(d, (first+37*n)%items, careless))
	}
	s.steps = append(s.steps, step{typ: event.ASNDespatched, part: 1, at: begins})
	if s.revised {
		s.steps = append(s.steps, step{typ: event.ASNDespatched, part: 2, at: begins + d.between(10*event.Minute, event.Hour)})
	}
	at := begins + d.between(4*event.Hour, 30*event.Hour)
	for n, l := range s.lines {
		left, bad := l.actual, l.bad
		for part := range l.parts {
			qty := left
			if part < l.parts-1 {
				qty = left / 2 / 1000 * 1000
			}
			rejected := min(bad, qty)
			s.steps = append(s.steps, step{typ: event.ReceiptLine, n: n, part: part, qty: qty, bad: rejected, at: at})
			left, bad = left-qty, bad-rejected
			at += d.between(30*event.Second, 6*event.Minute)
		}
	}
	s.steps = append(s.steps, step{typ: event.ReceiptClosed, at: at + d.between(5*event.Minute, 30*event.Minute)})
	s.steps = d.arrivals(s.steps)
}

// arrive draws one advised line and what is really on the pallet.
func arrive(d *dice, item int, careless bool) goods {
	g := goods{item: item, weighed: item%10 == 0, planned: int64(2+d.below(120)) * 1000, parts: 1}
	odds := 1
	if careless {
		odds = 6
	}
	g.actual = g.planned
	switch fault := d.below(10_000); {
	case fault < 120*odds:
		g.actual -= int64(1+d.below(int(g.planned/2000))) * 1000
	case fault < 210*odds:
		g.actual += int64(1+d.below(12)) * 1000
	case g.weighed:
		g.actual -= g.planned * int64(d.below(40)) / 10_000 // it dries a little on the way
	}
	if d.chance(100 * odds) {
		g.bad = min(g.actual, int64(1+d.below(4))*1000)
	}
	if g.actual >= 4000 && d.chance(1500) {
		g.parts = 2
	}
	return g
}

func (s *despatch) planned() []step { return s.steps }

func (s *despatch) id() string { return name("DES-", s.number) }

func (s *despatch) event(t *step) event.Event {
	e := event.Event{
		ID: sites[s.site] + "/" + s.id() + "/" + t.typ.String() + "/" + strconv.Itoa(t.n) + "." + strconv.Itoa(t.part), Type: t.typ, Time: t.at,
		Site: sites[s.site], DespatchID: s.id(), POID: name("PO-", 4*s.number+1),
	}
	switch t.typ {
	case event.ASNDespatched:
		e.Source, e.Revision = name("supplier-", s.supplier), int32(t.part)
		if t.part > 1 {
			e.Purpose = event.Replace
		}
		for n, l := range s.lines {
			line := event.Line{Line: strconv.Itoa(n + 1), SKU: sku(l.item), GTIN: gtin(l.item), QtyMilli: l.planned, UOM: uom(l.weighed), Lot: lot(l.item)}
			if s.revised && t.part == 1 {
				line.QtyMilli *= 2 // what the replacement puts right
			}
			e.Lines = append(e.Lines, line)
		}
	case event.ReceiptLine:
		l := s.lines[t.n]
		e.Source, e.ReceiptID, e.Line = wms(s.site), name("REC-", s.number), strconv.Itoa(t.n+1)
		e.SKU, e.GTIN, e.Lot, e.UOM, e.QtyMilli, e.RejectedQtyMilli = sku(l.item), gtin(l.item), lot(l.item), uom(l.weighed), t.qty, t.bad
		if t.bad > 0 {
			e.Condition = event.DamagedGoods
		}
	default:
		e.Source, e.ReceiptID = wms(s.site), name("REC-", s.number)
	}
	return e
}

func (s *despatch) labels() (labels []Label) {
	for n, l := range s.lines {
		add := func(code, cause string) {
			labels = append(labels, Label{code, s.id(), fmt.Sprintf("line %d, %s: %s; %d milli advised, %d arrived, %d rejected", n+1, sku(l.item), cause, l.planned, l.actual, l.bad)})
		}
		dried := l.weighed && (l.planned-l.actual)*200 <= l.planned
		switch {
		case l.actual > l.planned:
			add("IN-06", "the supplier packed too many")
		case l.actual < l.planned && !dried:
			add("IN-05", "the supplier packed too few")
		}
		if l.bad > 0 {
			add("IN-11", "damaged on the way")
		}
	}
	return labels
}
