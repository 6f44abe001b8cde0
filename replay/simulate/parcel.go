package simulate

import "andon/schemas/event"

// scanGrace is how much later than the promise a delivery may be without anyone calling it late.
const scanGrace = 2 * event.Hour

// travel takes the parcel from the dock to the door, or not.
func (o *order) travel(d *dice, ready, day event.Micros) {
	o.manifested = ready
	days := event.Micros([...]int{1, 2, 3, 4}[o.service])
	o.promise = midnight(ready) + days*event.Day + 21*event.Hour
	o.step(event.Carrier, event.ShipmentManifested, ready)
	accepted := ready + d.between(event.Hour, 5*event.Hour)
	onTime := midnight(ready) + days*event.Day + d.between(12*event.Hour, 20*event.Hour)
	if days > 1 && d.chance(3000) {
		onTime -= event.Day
	}
	o.delivered = onTime
	o.stuck = o.hub == 3 && ready-day > 9*event.Hour && ready-day < 12*event.Hour && d.chance(7000)
	late := 250
	if o.carrier == 2 {
		late = 700 // one carrier has a bad week
	}
	skipped := false // the carrier forgets the acceptance scan, and has the parcel all the same
	switch fault := d.below(10_000); {
	case o.stuck || fault < late:
		o.delivered = o.promise + d.between(3*event.Hour, 60*event.Hour)
	case fault < late+100:
		o.delivered = o.promise + d.between(5*event.Minute, 110*event.Minute)
	case fault < late+140:
		o.delivered, o.lost = 0, true
	case fault < late+160:
		o.delivered, o.unscanned = 0, true
		return
	case fault < late+200:
		o.missed = true
		accepted = ready + d.between(30*event.Hour, 60*event.Hour)
		o.delivered = midnight(accepted) + days*event.Day + d.between(12*event.Hour, 20*event.Hour)
	case fault < late+300:
		skipped = true
	}
	o.legs(d, accepted, skipped)
}

// legs scans the parcel from hub to hub. A lost parcel is scanned up to some hub.
func (o *order) legs(d *dice, accepted event.Micros, skipped bool) {
	end := o.delivered
	if o.lost {
		end = o.promise
	}
	out := end - d.between(event.Hour, 5*event.Hour) // out for delivery
	hops := 1 + d.below(3)
	if !skipped {
		o.scan(event.Accepted, 0, accepted)
	}
	stride := (out - accepted) / event.Micros(2*hops+1)
	at := accepted
	for hop := range hops {
		at += stride - d.between(0, stride/4)
		if skipped && hop == 0 { // its first sign of life comes within the day
			at = accepted + min(stride, d.between(2*event.Hour, 8*event.Hour))
		}
		o.scan(event.ArrivedFacility, hop, at)
		if o.lost && hop == hops-1 {
			return
		}
		at += stride - d.between(0, stride/4)
		o.scan(event.DepartedFacility, hop, at)
	}
	if d.chance(3000) {
		o.scan(event.InTransit, hops, at+stride/8)
	}
	o.scan(event.OutForDelivery, hops, out)
	if o.delivered > 0 {
		o.scan(event.Delivered, hops, o.delivered)
	}
}

func (o *order) scan(status event.Status, leg int, at event.Micros) {
	s := o.step(event.Carrier, event.CarrierScan, at)
	s.status, s.n = status, leg
}

func midnight(at event.Micros) event.Micros { return at - at%event.Day }
