package simulate

import (
	"fmt"

	"andon/schemas/event"
)

// order is an outbound order: picked, packed, and one parcel on its way to the customer.
type order struct {
	number                  int
	site, carrier, service  int
	hub                     int
	shipBy, manifested      event.Micros
	promise, delivered      event.Micros // delivered 0: never
	lines                   []goods
	unpicked, late, stuck   bool
	shortAt, overAt         int // the line picked wrong; -1 none
	missed, lost, unscanned bool
	steps                   []step
}

func (o *order) plan(d *dice, number int, begins, day event.Micros) {
	*o = order{number: number, lines: o.lines[:0], steps: o.steps[:0], shortAt: -1, overAt: -1}
	o.site, o.carrier, o.service, o.hub = d.below(len(sites)), d.below(len(carriers)), d.below(len(services)), d.below(len(hubs))
	for range 1 + d.below(4) {
		o.lines = append(o.lines, goods{item: d.below(items), planned: int64(1+d.below(6)) * 1000, parts: 1})
	}
	o.shipBy = (begins + d.between(8*event.Hour, 12*event.Hour)) / (30 * event.Minute) * (30 * event.Minute)
	o.step(event.PickPack, event.OrderReleased, begins)
	start := begins + d.between(10*event.Minute, 4*event.Hour)
	switch fault := d.below(10_000); {
	case fault < 50:
		o.unpicked = true
		o.steps = d.arrivals(o.steps)
		return
	case fault < 120:
		o.late = true
		start = o.shipBy - pickLead + d.between(10*event.Minute, 5*event.Hour)
	}
	o.mistakes(d, begins-day < 6*event.Hour)
	packed := o.work(d, start)
	o.travel(d, packed, day)
	o.steps = d.arrivals(o.steps)
}

// pickLead is what picking, packing and staging take: work has to begin so long before the order is to ship.
const pickLead = 2 * event.Hour

func (o *order) step(f event.Family, typ event.Type, at event.Micros) *step {
	o.steps = append(o.steps, step{family: f, typ: typ, at: at})
	return &o.steps[len(o.steps)-1]
}

// mistakes draws what goes wrong at the bins; the night shift's are worse stocked.
func (o *order) mistakes(d *dice, night bool) {
	odds := 1
	if night {
		odds = 3
	}
	for n := range o.lines {
		l := &o.lines[n]
		l.actual = l.planned
		switch fault := d.below(10_000); {
		case fault < 110*odds && o.shortAt < 0:
			o.shortAt = n
			l.planned = max(l.planned, 2000)
			l.actual = int64(1+d.below(int(l.planned/1000)-1)) * 1000
			l.parts = 1 + d.below(2)
		case fault < 140*odds && o.overAt < 0:
			o.overAt = n
			l.actual = l.planned + int64(1+d.below(2))*1000
		case l.planned >= 3000 && d.chance(800):
			l.parts = 2
		}
	}
}

// work picks, packs and manifests the order, and says when the parcel is ready.
func (o *order) work(d *dice, at event.Micros) event.Micros {
	o.step(event.PickPack, event.PickStarted, at)
	for n, l := range o.lines {
		at += d.between(30*event.Second, 4*event.Minute)
		if l.parts == 1 {
			s := o.step(event.PickPack, event.PickConfirmed, at)
			s.n, s.qty, s.part = n, l.actual, lastPart
			continue
		}
		s := o.step(event.PickPack, event.PickConfirmed, at)
		s.n, s.qty = n, l.actual
		at += d.between(20*event.Second, 2*event.Minute)
		if n == o.shortAt { // the picker tells that the bin is empty
			s = o.step(event.PickPack, event.PickShorted, at)
			s.n = n
			continue
		}
		s.qty = 1000
		s = o.step(event.PickPack, event.PickConfirmed, at)
		s.n, s.qty, s.part = n, l.actual-1000, lastPart
	}
	at += d.between(8*event.Minute, 40*event.Minute)
	o.step(event.PickPack, event.PackStarted, at)
	for n, l := range o.lines {
		at += d.between(10*event.Second, event.Minute)
		s := o.step(event.PickPack, event.PackItem, at)
		s.n, s.qty = n, l.actual
	}
	at += d.between(20*event.Second, 2*event.Minute)
	o.step(event.PickPack, event.PackClosed, at)
	o.step(event.PickPack, event.LabelCreated, at+5*event.Second)
	o.step(event.PickPack, event.ManifestClosed, at+d.between(20*event.Minute, 90*event.Minute))
	return at + 10*event.Second
}

// lastPart marks the pick that closes its line.
const lastPart = 9

func (o *order) planned() []step { return o.steps }

func (o *order) fulfilment() string { return name("FUL-", o.number) }

func (o *order) parcel() string { return carriers[o.carrier] + "/" + o.tracking() }

func (o *order) tracking() string { return name(carriers[o.carrier][:2]+"9", o.number) }

func (o *order) labels() (labels []Label) {
	add := func(code, subject, format string, args ...any) {
		labels = append(labels, Label{code, subject, fmt.Sprintf(format, args...)})
	}
	switch {
	case o.unpicked:
		add("PI-06", o.fulfilment(), "the order was forgotten")
		return labels
	case o.late:
		add("PI-06", o.fulfilment(), "the backlog was too long: picking began too late to ship by %s", o.shipBy)
	}
	for n, l := range o.lines {
		said := fmt.Sprintf("line %d, %s: %d milli ordered, %d picked", n+1, sku(l.item), l.planned, l.actual)
		if n == o.shortAt {
			add("PI-01", o.fulfilment(), "the bin was empty; %s", said)
		}
		if n == o.overAt {
			add("PI-03", o.fulfilment(), "miscounted; %s", said)
		}
	}
	if o.missed || o.unscanned {
		add("CA-02", o.parcel(), "the trailer was missed at %s", sites[o.site])
	}
	switch {
	case o.delivered == 0:
		add("CA-04", o.parcel(), "lost; promised by %s", o.promise)
	case o.delivered > o.promise+scanGrace && o.stuck:
		add("CA-04", o.parcel(), "%s was stuck; delivered %s, promised by %s", hubs[o.hub], o.delivered, o.promise)
	case o.delivered > o.promise+scanGrace:
		add("CA-04", o.parcel(), "late on the road; delivered %s, promised by %s", o.delivered, o.promise)
	}
	return labels
}
