package simulate

import "andon/schemas/event"

// scanGrace is how much later than the promise a delivery may be without anyone calling it late.
const scanGrace = 2 * event.Hour

// journey is a shipment's way from the dock to the door, or not.
type journey struct {
	hub       int // the first it comes to
	hops      int // hubs it passes; the depot it is delivered from comes after them
	promise   event.Micros
	delivered event.Micros // 0: never
	fate      fate
	still     event.Micros // the longest it lay anywhere for a reason
	missed    bool         // the trailer left without it
	misread   bool         // scanned elsewhere long after it was delivered
	scans     int
}

// fate is what becomes of a parcel.
type fate uint8

// The fates.
const (
	unharmed   fate = iota
	delayed         // late on the road
	held            // its hub was stuck
	vanished        // lost, and nobody says so
	writtenOff      // lost, and the carrier says so
	crushed         // damaged beyond use
	dented          // damaged, packed anew and delivered
	dropped         // lost at the dock before the carrier had it
	refused         // sent back: the customer did not want it
	unknown         // sent back: there is no such address
	absent          // sent back: nobody opened
)

func (o *order) depot() int { return (o.hub + o.hops) % len(hubs) }

// travel takes the parcel from the dock to the door.
func (o *order) travel(d *dice, w *world, ready event.Micros) {
	days := event.Micros([...]int{1, 2, 3, 4}[o.service])
	o.hops = 1 + d.below(3)
	o.promise = midnight(ready) + days*event.Day + 21*event.Hour
	o.step(event.Carrier, event.ShipmentManifested, ready)
	accepted := ready + d.between(event.Hour, 5*event.Hour)
	o.delivered = midnight(ready) + days*event.Day + d.between(12*event.Hour, 20*event.Hour)
	if days > 1 && d.chance(3000) {
		o.delivered -= event.Day
	}
	planned := o.delivered
	skipped := o.draw(d, w, ready) // the carrier forgets the acceptance scan, and has the parcel all the same
	if o.missed {
		accepted = ready + d.between(30*event.Hour, 60*event.Hour)
		o.delivered = midnight(accepted) + days*event.Day + d.between(12*event.Hour, 20*event.Hour)
	}
	if o.fate == dropped {
		o.delivered = 0
		return
	}
	hold := event.Micros(0)
	if o.fate == held {
		hold = o.delivered - planned
	}
	o.legs(d, accepted, hold, skipped)
	if o.delivered > 0 {
		o.echoes(d, w)
	}
}

// draw settles the parcel's fate.
func (o *order) draw(d *dice, w *world, ready event.Micros) (skipped bool) {
	t := w.trailer
	o.missed = o.site == t.site && o.carrier == t.carrier && ready >= t.from && ready < t.to
	late, back, crush := w.late[o.carrier], w.returned[o.carrier], 25
	if w.crushing.at(o.carrier, o.hub) {
		crush = 450
	}
	fault := d.below(10_000)
	under := func(odds int) bool { fault -= odds; return fault < 0 }
	switch {
	case o.missed:
	case w.stuck.at(o.carrier, o.hub) && ready >= w.stuck.from && ready < w.stuck.to && d.chance(7000):
		o.fate = held
		o.delivered = o.promise + d.between(3*event.Hour, 60*event.Hour)
	case under(late):
		o.fate = delayed
		o.delivered = o.promise + d.between(3*event.Hour, 60*event.Hour)
	case under(100): // a little later than promised
		o.delivered = o.promise + d.between(5*event.Minute, 110*event.Minute)
	case under(20):
		o.fate = vanished
	case under(15):
		o.fate = writtenOff
	case under(crush):
		o.fate = crushed
		if d.chance(2500) {
			o.fate = dented
		}
	case under(8):
		o.fate = dropped
	case under(back):
		o.fate = [...]fate{refused, refused, refused, unknown, unknown, absent, absent, absent, absent, absent}[d.below(10)]
	case under(8):
		o.missed = true // fallen behind the gate, and found
	default:
		return under(100)
	}
	return false
}

// legs scans the parcel from hub to hub; a stuck hub, the first, holds it.
func (o *order) legs(d *dice, accepted, hold event.Micros, skipped bool) {
	out := o.delivered - d.between(event.Hour, 5*event.Hour) // out for delivery
	if !skipped {
		o.scan(event.Accepted, o.hub, accepted)
	}
	stride := (out - hold - accepted) / event.Micros(2*o.hops+1)
	at := accepted
	for hop := range o.hops {
		hub := (o.hub + hop) % len(hubs)
		at += stride - d.between(0, stride/4)
		if skipped && hop == 0 { // its first sign of life comes within the day
			at = accepted + min(stride, d.between(2*event.Hour, 8*event.Hour))
		}
		o.scan(event.ArrivedFacility, hub, at)
		if hop == o.hops-1 && o.ended(d, hub, at) {
			o.delivered = 0
			return
		}
		at += stride - d.between(0, stride/4)
		if hop == 0 {
			at += hold
			o.still = hold
		}
		o.scan(event.DepartedFacility, hub, at)
	}
	if d.chance(3000) {
		o.scan(event.InTransit, o.depot(), at+stride/8)
	}
	if o.fate >= refused {
		o.sendBack(d, out)
		o.delivered = 0
		return
	}
	o.scan(event.OutForDelivery, o.depot(), out)
	if d.chance(400) {
		o.scan(event.AttemptFailed, o.depot(), out+(o.delivered-out)/2)
	}
	o.scan(event.Delivered, o.depot(), o.delivered)
}

// ended reports whether the parcel never leaves its last hub.
func (o *order) ended(d *dice, hub int, at event.Micros) bool {
	switch o.fate {
	case vanished:
		o.still = event.MaxTime
		return true
	case writtenOff:
		o.still = d.between(2*event.Day, 5*event.Day)
		o.scan(event.Lost, hub, at+o.still)
		return true
	case crushed, dented:
		o.scan(event.Damaged, hub, at+d.between(event.Minute, 20*event.Minute))
		return o.fate == crushed
	default:
		return false
	}
}

func (o *order) scan(status event.Status, hub int, at event.Micros) {
	s := o.step(event.Carrier, event.CarrierScan, at)
	s.status, s.part, s.n = status, int16(hub), int16(o.scans)
	o.scans++
}

func midnight(at event.Micros) event.Micros { return at - at%event.Day }
