package simulate

import "andon/schemas/event"

// packed is what goes into a carton of one line.
type packed struct {
	line, item, carton int
	qty                int64
}

// slip is what a packer does wrong.
type slip uint8

// The slips.
const (
	careful    slip = iota
	leftOut         // a piece stays in the tote
	tooMany         // a piece of another tote goes in
	mistaken        // a look-alike goes in instead of a piece
	leftBehind      // the second tote stays on the conveyor: its carton is never packed
)

// fill decides what goes into which carton.
func (o *order) fill(d *dice, w *world, at event.Micros) {
	for n, l := range o.lines {
		o.packs = append(o.packs, packed{line: n, item: l.item, qty: l.actual})
	}
	o.cartons = 1
	if len(o.packs) > 2 && d.chance(5000) {
		o.cartons = 2
		for i := (len(o.packs) + 1) / 2; i < len(o.packs); i++ {
			o.packs[i].carton = 1
		}
	}
	if !d.chance(w.errors(65, o.site, at)) {
		return
	}
	o.slip, o.slipped = leftOut+slip(d.below(4)), d.below(len(o.packs))
	p := &o.packs[o.slipped]
	if o.slip == leftBehind && o.cartons == 1 {
		o.slip = leftOut
	}
	if p.qty == 1000 && o.slip != leftBehind { // what is one piece is not left out unseen
		o.slip = tooMany
	}
	switch o.slip {
	case leftOut:
		p.qty -= 1000
	case tooMany:
		p.qty += 1000
	case mistaken:
		p.qty -= 1000
		other := p.item + 1
		for o.has(other) {
			other++
		}
		o.packs = append(o.packs, packed{line: p.line, item: other, carton: o.cartons - 1, qty: 1000})
	default:
	}
}

// pack fills the cartons one after the other and says when the shipment is ready. The next carton is set up before the last is closed.
func (o *order) pack(d *dice, at event.Micros) event.Micros {
	o.step(event.PickPack, event.PackStarted, at)
	for carton := range o.cartons {
		if carton == 1 && o.slip == leftBehind {
			break
		}
		for i, p := range o.packs {
			if p.carton == carton {
				at += d.work(15 * event.Second)
				s := o.step(event.PickPack, event.PackItem, at)
				s.n, s.part, s.qty = int16(i), int16(carton), p.qty
			}
		}
		at += d.work(40 * event.Second)
		if carton+1 < o.cartons && o.slip != leftBehind {
			o.step(event.PickPack, event.PackStarted, at-2*event.Second).part = int16(carton + 1)
		}
		o.step(event.PickPack, event.PackClosed, at).part = int16(carton)
		o.step(event.PickPack, event.LabelCreated, at+5*event.Second).part = int16(carton)
	}
	o.step(event.PickPack, event.ManifestClosed, at+d.between(20*event.Minute, 90*event.Minute))
	return at + 10*event.Second
}

func (o *order) packLabels() (labels []Label) {
	p := o.packs[o.slipped]
	add := func(item int, cause string) {
		labels = append(labels, label("PA-01", o.fulfilment(), "%s: %s", sku(item), cause))
	}
	switch o.slip {
	case leftOut:
		add(p.item, "a piece was left in the tote")
	case tooMany:
		add(p.item, "a piece of another tote was packed too")
	case mistaken:
		add(p.item, "a look-alike was packed instead of a piece")
		add(o.packs[len(o.packs)-1].item, "packed, though nobody picked it")
	case leftBehind:
		for _, p := range o.packs {
			if p.carton == 1 {
				add(p.item, "the second tote was left behind on the conveyor")
			}
		}
	default:
	}
	return labels
}

// weight is what the shipment weighs by what was recorded of it.
func (o *order) weight() (grams int64) {
	grams = emptyCarton
	for _, p := range o.packs {
		grams += p.qty * pieceWeight(p.item) / 1000
	}
	return grams
}
