package simulate

import "andon/schemas/event"

// despatch is an inbound delivery: the supplier's advice, and its receipt at the dock.
type despatch struct {
	number    int
	supplier  int
	site      int
	revised   bool         // the first advice was wrong and is replaced
	priceless bool         // the supplier states no costs
	issued    event.Micros // when the advice was sent; 0: never
	arrived   event.Micros // when the first line was counted at the dock
	lines     []goods
	steps     []step
}

// goods is one line of a despatch or an order. Quantities are thousandths.
type goods struct {
	item    int
	weighed bool
	planned int64 // advised, or ordered
	actual  int64 // received, or picked
	bad     int64 // the rejected part of actual
	parts   int   // the receipts or picks it comes in
	cause   cause
}

// cause is what physically went wrong with a line.
type cause uint8

// The causes.
const (
	fine      cause = iota
	left            // a box stayed behind at the supplier's
	doubled         // a box too many went along
	mixedUp         // look-alike goods went along instead of some of it
	stray           // the look-alike: nobody advised it
	wrongUnit       // the right goods, advised in another unit than they are counted in
	emptyBin        // the bin holds less than the system believes
	miscount        // the picker counted wrong
)

func (s *despatch) plan(d *dice, w *world, number int, begins event.Micros) {
	*s = despatch{number: number, lines: s.lines[:0], steps: s.steps[:0]}
	s.supplier, s.site, s.revised = d.below(suppliers), d.below(len(sites)), d.chance(400)
	from := &w.suppliers[s.supplier]
	s.priceless = from.priceless
	first := d.below(items)
	for n := range 3 + d.below(8) {
		s.lines = append(s.lines, load(d, from, (first+37*n)%items))
	}
	for _, l := range s.lines { // the look-alikes come last
		if l.cause == mixedUp {
			s.lines = append(s.lines, goods{item: (l.item + 1) % items, actual: l.planned - l.actual, parts: 1, cause: stray})
		}
	}
	s.arrived = begins + d.between(4*event.Hour, 30*event.Hour)
	s.advise(d, from, begins)
	s.receive(d)
	s.steps = d.arrivals(s.steps, w, s.site, -1)
}

// load draws one advised line and what is really on the pallet.
func load(d *dice, from *supplier, item int) goods {
	g := goods{item: item, weighed: item%10 == 0, planned: int64(2+d.below(120)) * 1000, parts: 1}
	g.actual = g.planned
	odds := from.odds
	switch fault := d.below(1_000_000); {
	case fault < 150*odds:
		g.cause = left
		g.actual -= int64(1+d.below(int(g.planned/2000))) * 1000
	case fault < 220*odds:
		g.cause = doubled
		g.actual += int64(1+d.below(12)) * 1000
	case fault < 240*odds:
		g.cause = mixedUp
		g.actual -= int64(1+d.below(int(g.planned/2000))) * 1000
	case fault < 240*odds+100*from.typos && !g.weighed:
		g.confuse(d)
	case g.weighed:
		g.actual -= g.planned * int64(d.below(40)) / 10_000 // it dries a little on the way
	}
	if d.below(1_000_000) < 80*odds {
		g.bad = min(g.actual, int64(1+d.below(4))*1000)
	}
	if g.actual >= 4000 && d.chance(1500) {
		g.parts = 2
	}
	return g
}

// confuse lets the supplier take cases for pieces, or pieces for cases.
func (g *goods) confuse(d *dice) {
	pack := int64(12 + 12*d.below(2))
	g.cause, g.actual = wrongUnit, int64(1+d.below(6))*pack*1000
	if g.planned = g.actual / pack; d.chance(3000) {
		g.planned = g.actual * pack
	}
}

// advise has the advice sent: with the goods, when the EDI is up again, when the receiver calls, or never.
func (s *despatch) advise(d *dice, from *supplier, begins event.Micros) {
	s.issued = begins
	switch {
	case begins >= from.down && begins < from.up:
		s.issued = from.up + d.between(5*event.Minute, event.Hour)
	case !d.chance(from.forgets):
	case d.chance(4000):
		s.issued = s.arrived + d.between(2*event.Hour, 8*event.Hour)
	default:
		s.issued = 0
		return
	}
	s.steps = append(s.steps, step{typ: event.ASNDespatched, part: 1, at: s.issued, prompt: s.issued != begins})
	if s.revised = s.revised && s.issued == begins; s.revised {
		s.steps = append(s.steps, step{typ: event.ASNDespatched, part: 2, at: begins + d.between(10*event.Minute, event.Hour)})
	}
}

// receive counts the lines at the dock.
func (s *despatch) receive(d *dice) {
	at := s.arrived
	for n, l := range s.lines {
		left, bad := l.actual, l.bad
		for part := range l.parts {
			qty := left
			if part < l.parts-1 {
				qty = left / 2 / 1000 * 1000
			}
			rejected := min(bad, qty)
			s.steps = append(s.steps, step{typ: event.ReceiptLine, n: int16(n), part: int16(part), qty: qty, bad: rejected, at: at})
			left, bad = left-qty, bad-rejected
			at += d.between(30*event.Second, 6*event.Minute)
		}
	}
	s.steps = append(s.steps, step{typ: event.ReceiptClosed, at: at + d.between(5*event.Minute, 30*event.Minute)})
}

func (s *despatch) planned() []step { return s.steps }

func (s *despatch) id() string { return name("DES-", s.number) }

func (s *despatch) labels() (labels []Label) {
	add := func(code, format string, args ...any) { labels = append(labels, label(code, s.id(), format, args...)) }
	if s.issued == 0 {
		add("IN-01", "supplier-%d never sent its advice", s.supplier)
	} else if s.issued > s.arrived {
		add("IN-01", "the goods were counted from %s; the advice was sent %s", s.arrived, s.issued)
		add("IN-03", "the goods were counted from %s; the advice was sent %s", s.arrived, s.issued)
	}
	for n, l := range s.lines {
		say := func(code, cause string) {
			add(code, "line %d, %s: %s; %d milli advised, %d arrived, %d rejected", n+1, sku(l.item), cause, l.planned, l.actual, l.bad)
		}
		if l.bad > 0 {
			say("IN-11", "damaged on the way")
		}
		if s.issued == 0 { // what nobody advised is neither short nor over
			continue
		}
		switch l.cause {
		case left:
			say("IN-05", "a box stayed behind at the supplier's")
		case mixedUp:
			say("IN-05", "look-alike goods were loaded instead of a part")
		case stray:
			say("IN-07", "look-alike goods that nobody advised")
		case doubled:
			say("IN-06", "a box too many was loaded")
		case wrongUnit:
			say("IN-10", "the right goods, but cases were advised as pieces or pieces as cases")
		default:
		}
	}
	return labels
}
