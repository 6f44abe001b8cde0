package simulate

import "andon/schemas/event"

// atSender is, as the place of a scan, the building that sent the parcel.
const atSender = len(hubs)

// sendBack takes the parcel home from its depot, hub by hub.
func (o *order) sendBack(d *dice, out event.Micros) {
	at := out + d.between(event.Hour, 5*event.Hour)
	switch o.fate {
	case refused:
		o.scan(event.OutForDelivery, o.depot(), out)
		o.scan(event.Refused, o.depot(), at)
	case unknown:
		o.scan(event.AddressIssue, o.depot(), at)
	case absent:
		o.scan(event.OutForDelivery, o.depot(), out)
		o.scan(event.AttemptFailed, o.depot(), at)
		o.scan(event.OutForDelivery, o.depot(), out+event.Day)
		at += event.Day
		o.scan(event.AttemptFailed, o.depot(), at)
	default:
	}
	at += d.between(14*event.Hour, 40*event.Hour)
	o.scan(event.RTS, o.depot(), at)
	for hop := o.hops - 1; hop >= 0; hop-- {
		at += d.between(10*event.Hour, 30*event.Hour)
		o.scan(event.RTS, (o.hub+hop)%len(hubs), at)
	}
	o.scan(event.RTS, atSender, at+d.between(10*event.Hour, 30*event.Hour))
}

// echoes are scans after the delivery. Most mean nothing: the slip is read again at the depot, or the van's handheld reports late. A scan at
// another place long after it is a label read that should be on nobody's belt.
func (o *order) echoes(d *dice, w *world) {
	elsewhere := (o.depot() + 1 + d.below(len(hubs)-1)) % len(hubs)
	misread := 15
	if o.carrier == w.misread.carrier && o.depot() != w.misread.hub && d.chance(5000) {
		elsewhere, misread = w.misread.hub, 220
	}
	switch {
	case d.chance(misread):
		o.misread = true
		status := [...]event.Status{event.ArrivedFacility, event.DepartedFacility, event.InTransit}[d.below(3)]
		o.scan(status, elsewhere, o.delivered+d.between(2*event.Hour, 40*event.Hour))
	case d.chance(38):
		o.scan(event.ArrivedFacility, o.depot(), o.delivered+d.between(event.Hour, 30*event.Hour))
	case d.chance(38):
		o.scan(event.InTransit, elsewhere, o.delivered+d.between(event.Minute, 25*event.Minute))
	}
}

func (o *order) journeyLabels() (labels []Label) {
	add := func(code, format string, args ...any) {
		labels = append(labels, label(code, o.parcel(), format, args...))
	}
	switch {
	case o.fate == dropped:
		add("CA-02", "lost at the dock of %s before %s had it", sites[o.site], carriers[o.carrier])
	case o.missed:
		add("CA-02", "the trailer left %s without it", sites[o.site])
	}
	switch o.fate {
	case vanished:
		add("CA-13", "lost, and nobody said so")
	case writtenOff:
		add("CA-13", "lost, and written off by %s", carriers[o.carrier])
	case dropped:
		add("CA-13", "lost at the dock of %s", sites[o.site])
	case crushed:
		add("CA-13", "crushed at %s", hubs[(o.hub+o.hops-1)%len(hubs)])
	case dented:
		add("CA-13", "damaged at %s, packed anew", hubs[(o.hub+o.hops-1)%len(hubs)])
	case refused:
		add("CA-08", "sent back: refused")
	case unknown:
		add("CA-08", "sent back: no such address")
	case absent:
		add("CA-08", "sent back: nobody opened twice")
	default:
	}
	if o.misread {
		add("CA-14", "delivered %s; its label was read at another place later", o.delivered)
	}
	if o.still > patience[o.service] {
		add("CA-03", "it lay at %s for longer than anyone should wait", hubs[(o.hub+o.heldAt())%len(hubs)])
	}
	late := len(labels)
	switch {
	case o.delivered == 0:
		add("CA-04", "never delivered; promised by %s", o.promise)
	case o.delivered > o.promise+scanGrace && o.fate == held:
		add("CA-04", "%s was stuck; delivered %s, promised by %s", hubs[o.hub], o.delivered, o.promise)
	case o.delivered > o.promise+scanGrace:
		add("CA-04", "delivered %s, promised by %s", o.delivered, o.promise)
	}
	if len(labels) > late && o.fate != dropped { // what the carrier never had is not on its way
		add("CA-05", "%s", labels[late].Detail)
	}
	return labels
}

// patience is how long a parcel of a service may lie anywhere before someone should ask.
var patience = [len(services)]event.Micros{event.Day, 2 * event.Day, 2 * event.Day, 3 * event.Day}

// heldAt is the number of the hub the parcel lay at.
func (o *order) heldAt() int {
	if o.fate == held {
		return 0
	}
	return o.hops - 1
}
