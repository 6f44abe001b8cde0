package simulate

import (
	"strconv"

	"andon/schemas/event"
)

// event words one step of the order.
func (o *order) event(t *step) event.Event {
	e := event.Event{Type: t.typ, Time: t.at}
	if t.family == event.Carrier {
		o.transport(t, &e)
	} else {
		o.floor(t, &e)
	}
	return e
}

// floor words what happens in the building.
func (o *order) floor(t *step, e *event.Event) {
	e.FulfilmentID, e.Site, e.Source, e.OrderID = o.fulfilment(), sites[o.site], wms(o.site), o.ordered()
	e.ID = e.Source + "/" + e.FulfilmentID + "/" + t.typ.String() + "/" + strconv.Itoa(int(t.n)) + "." + strconv.Itoa(int(t.part))
	switch t.typ {
	case event.OrderReleased:
		e.ShipBy, e.Service = o.shipBy, services[o.service]
		e.Lines = make([]event.Line, len(o.lines))
		for n, l := range o.lines {
			e.Lines[n] = event.Line{Line: strconv.Itoa(n + 1), SKU: sku(l.item), GTIN: gtin(l.item), QtyMilli: l.planned, UOM: uom(false)}
			e.Lines[n].UnitCostMinor, e.Lines[n].Currency = cost(l.item)
		}
	case event.PickStarted:
		e.TaskID = name("TASK-", 5*o.number)
	case event.PickConfirmed, event.PickShorted:
		o.goods(e, int(t.n), o.lines[t.n].item, t.qty)
		e.LineClosed = t.part == lastPart
		if t.typ == event.PickShorted {
			e.Reason = "BIDF"
		}
	case event.PackItem:
		o.goods(e, o.packs[t.n].line, o.packs[t.n].item, t.qty)
		e.CartonID = o.carton(t)
	case event.PackClosed:
		e.CartonID, e.WeightG = o.carton(t), o.gross[t.part]
	case event.LabelCreated, event.ManifestClosed:
		e.CartonID, e.Carrier, e.TrackingNo = o.carton(t), carriers[o.carrier], o.tracking()
	default:
		e.CartonID = o.carton(t)
	}
}

// goods words what was handled of a line.
func (o *order) goods(e *event.Event, line, item int, qty int64) {
	e.Line, e.SKU, e.GTIN, e.Lot, e.UOM, e.QtyMilli = strconv.Itoa(line+1), sku(item), gtin(item), lot(item), uom(false), qty
	e.TaskID = name("TASK-", 5*o.number+line)
}

func (o *order) ordered() string { return name("ORD-", 3*o.number+7) }

func (o *order) carton(t *step) string { return name("CTN-", 2*o.number+int(t.part)) }

// transport words what the carrier is told and tells.
func (o *order) transport(t *step, e *event.Event) {
	e.Carrier, e.TrackingNo, e.Service = carriers[o.carrier], o.tracking(), services[o.service]
	if t.typ == event.ShipmentManifested {
		e.Source, e.Site, e.OrderID, e.PromiseDeliverBy, e.WeightG = wms(o.site), sites[o.site], o.ordered(), o.promise, o.weight()
		e.ID = e.Source + "/" + o.parcel() + "/" + t.typ.String()
		o.worth(e)
		return
	}
	e.Source, e.Status, e.OrderID = "tracking-of-"+e.Carrier, t.status, o.ordered()
	e.ID = e.Source + "/" + e.TrackingNo + "/" + t.typ.String() + "/" + t.status.String() + "/" + strconv.Itoa(int(t.n))
	if e.Facility = sites[o.site]; int(t.part) != atSender {
		e.Facility = e.Carrier + " " + hubs[t.part]
	}
}

// worth states freight and value as far as the carrier's interface has room for them: three state the freight, two the value.
func (o *order) worth(e *event.Event) {
	if o.carrier%2 == 0 {
		e.FreightMinor, e.Currency = [...]int64{2190, 940, 940, 610}[o.service]+o.weight()/25, "USD"
	}
	if o.carrier < 2 {
		e.DeclaredValueMinor, e.Currency = o.value(), "USD"
	}
}

// value is what the packed goods cost; 0 if that is not known of all of them.
func (o *order) value() (minor int64) {
	for _, p := range o.packs {
		each, currency := cost(p.item)
		if currency == "" {
			return 0
		}
		minor += each * p.qty / 1000
	}
	return minor
}
