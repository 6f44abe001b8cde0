package simulate

import (
	"slices"

	"andon/schemas/event"
)

// order is an outbound order: picked, packed in one carton or two, and one shipment on its way to the customer.
type order struct {
	number                 int
	site, carrier, service int
	shipBy                 event.Micros
	lines                  []goods
	unpicked, late         bool
	packs                  []packed
	cartons                int
	slip                   slip
	slipped                int // the pack it happened to
	hindrance
	scale
	journey
	steps []step
}

// plan draws what happens; luck draws what nobody notices but by the clock and the scale, so that it changes nothing else.
func (o *order) plan(d, luck *dice, w *world, number int, begins event.Micros) {
	*o = order{number: number, lines: o.lines[:0], packs: o.packs[:0], steps: o.steps[:0]}
	o.site, o.carrier, o.service, o.hub = d.below(len(sites)), d.below(len(carriers)), d.below(len(services)), d.below(len(hubs))
	for range 1 + d.below(4) {
		item := d.below(1 + d.below(items)) // some items are popular
		for o.has(item) {
			item++
		}
		o.lines = append(o.lines, goods{item: item, planned: int64(1+d.below(6)) * 1000, parts: 1})
	}
	o.shipBy = (begins + d.between(8*event.Hour, 12*event.Hour)) / (30 * event.Minute) * (30 * event.Minute)
	o.step(event.PickPack, event.OrderReleased, begins)
	start := begins + d.between(10*event.Minute, 4*event.Hour)
	backlog := w.errors(80, o.site, begins)
	switch fault := d.below(10_000); {
	case fault < 50:
		o.unpicked = true
		o.steps = d.arrivals(o.steps, w, o.site, o.carrier)
		return
	case fault < 50+backlog:
		o.late = true
		start = o.shipBy - pickLead + d.between(10*event.Minute, 5*event.Hour)
	}
	o.mistakes(d, w, start)
	o.hinder(luck, w, start)
	at := o.pick(d, start) + d.between(5*event.Minute, 35*event.Minute) // on the conveyor
	o.fill(d, w, at)
	o.weigh(luck, w, at)
	ready := o.pack(d, at)
	o.travel(d, w, ready)
	o.steps = d.arrivals(o.steps, w, o.site, o.carrier)
}

// pickLead is what picking, packing and staging take: work has to begin so long before the order is to ship.
const pickLead = 2 * event.Hour

func (o *order) has(item int) bool {
	return slices.ContainsFunc(o.lines, func(l goods) bool { return l.item == item })
}

func (o *order) step(f event.Family, typ event.Type, at event.Micros) *step {
	o.steps = append(o.steps, step{family: f, typ: typ, at: at})
	return &o.steps[len(o.steps)-1]
}

// mistakes draws what goes wrong at the bins: one is empty before all is picked, or the picker takes too many; each once an order at most.
func (o *order) mistakes(d *dice, w *world, at event.Micros) {
	var emptied, miscounted bool
	for n := range o.lines {
		l := &o.lines[n]
		l.actual = l.planned
		empty := 60
		if w.badBin(l.item) {
			empty = 2000
		}
		empty, wrong := w.errors(empty, o.site, at), w.errors(35, o.site, at)
		switch fault := d.below(10_000); {
		case fault < empty && l.planned >= 2000 && !emptied:
			emptied = true
			l.cause, l.actual = emptyBin, int64(1+d.below(int(l.planned/1000)-1))*1000
			l.parts = 1 + d.below(2)
		case fault >= 10_000-wrong && !miscounted:
			miscounted = true
			l.cause, l.actual = miscount, l.planned+int64(1+d.below(2))*1000
		case l.planned >= 3000 && d.chance(800):
			l.parts = 2
		}
	}
}

// zones is how long a line takes to pick on average, by the zone its bin is in; over all zones about 67 lines an hour.
var zones = [...]event.Micros{38 * event.Second, 46 * event.Second, 52 * event.Second, 58 * event.Second, 75 * event.Second}

// lastPart marks the pick that closes its line.
const lastPart = 9

// pick takes line by line from the bins, and says when the last is done.
func (o *order) pick(d *dice, at event.Micros) event.Micros {
	o.step(event.PickPack, event.PickStarted, at)
	for n, l := range o.lines {
		at += d.work(zones[l.item%len(zones)]) + o.waited(n)
		s := o.step(event.PickPack, event.PickConfirmed, at)
		s.n, s.qty = int16(n), l.actual
		switch {
		case l.parts == 1:
			s.part = lastPart
		case l.cause == emptyBin: // the picker tells that the bin is empty
			at += d.work(20 * event.Second)
			s = o.step(event.PickPack, event.PickShorted, at)
			s.n = int16(n)
		default:
			s.qty = 1000
			at += d.work(30 * event.Second)
			s = o.step(event.PickPack, event.PickConfirmed, at)
			s.n, s.qty, s.part = int16(n), l.actual-1000, lastPart
		}
	}
	return at
}

func (o *order) planned() []step { return o.steps }

func (o *order) fulfilment() string { return name("FUL-", o.number) }

func (o *order) parcel() string { return carriers[o.carrier] + "/" + o.tracking() }

func (o *order) tracking() string { return name(carriers[o.carrier][:2]+"9", o.number) }

func (o *order) labels() []Label {
	if o.unpicked {
		return []Label{label("PI-06", o.fulfilment(), "the order was forgotten")}
	}
	var labels []Label
	add := func(code, format string, args ...any) {
		labels = append(labels, label(code, o.fulfilment(), format, args...))
	}
	if o.late {
		add("PI-06", "the backlog was too long: picking began too late to ship by %s", o.shipBy)
	}
	for n, l := range o.lines {
		switch l.cause {
		case emptyBin:
			add("PI-01", "line %d, %s: the bin was empty; %d milli ordered, %d picked", n+1, sku(l.item), l.planned, l.actual)
		case miscount:
			add("PI-03", "line %d, %s: miscounted; %d milli ordered, %d picked", n+1, sku(l.item), l.planned, l.actual)
		default:
		}
	}
	labels = append(append(labels, o.hindranceLabels()...), o.packLabels()...)
	return append(append(labels, o.scaleLabels()...), o.journeyLabels()...)
}
