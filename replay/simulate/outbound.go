package simulate

import (
	"strconv"

	"andon/schemas/event"
)

// event words one step of the order.
func (o *order) event(t *step) event.Event {
	e := event.Event{Type: t.typ, Time: t.at, OrderID: name("ORD-", 3*o.number+7)}
	if t.family == event.Carrier {
		o.transport(t, &e)
	} else {
		o.floor(t, &e)
	}
	return e
}

// floor words what happens in the building.
func (o *order) floor(t *step, e *event.Event) {
	e.FulfilmentID, e.Site, e.Source = o.fulfilment(), sites[o.site], wms(o.site)
	e.ID = e.Source + "/" + e.FulfilmentID + "/" + t.typ.String() + "/" + strconv.Itoa(t.n) + "." + strconv.Itoa(t.part)
	carton := name("CTN-", o.number)
	switch t.typ {
	case event.OrderReleased:
		e.ShipBy, e.Service = o.shipBy, services[o.service]
		for n, l := range o.lines {
			e.Lines = append(e.Lines, event.Line{Line: strconv.Itoa(n + 1), SKU: sku(l.item), GTIN: gtin(l.item), QtyMilli: l.planned, UOM: uom(false)})
		}
	case event.PickStarted:
		e.TaskID = name("TASK-", 5*o.number)
	case event.PickConfirmed, event.PickShorted, event.PackItem:
		l := o.lines[t.n]
		e.Line, e.SKU, e.GTIN, e.UOM, e.QtyMilli = strconv.Itoa(t.n+1), sku(l.item), gtin(l.item), uom(false), t.qty
		e.Lot, e.TaskID, e.LineClosed = lot(l.item), name("TASK-", 5*o.number+t.n), t.part == lastPart
		if t.typ == event.PackItem {
			e.CartonID = carton
		}
		if t.typ == event.PickShorted {
			e.Reason = "BIDF"
		}
	case event.LabelCreated, event.ManifestClosed:
		e.CartonID, e.Carrier, e.TrackingNo = carton, carriers[o.carrier], o.tracking()
	default:
		e.CartonID = carton
		if t.typ == event.PackClosed {
			e.WeightG = o.weight()
		}
	}
}

// transport words what the carrier is told and tells.
func (o *order) transport(t *step, e *event.Event) {
	e.Carrier, e.TrackingNo, e.Service = carriers[o.carrier], o.tracking(), services[o.service]
	if t.typ == event.ShipmentManifested {
		e.Source, e.Site, e.PromiseDeliverBy, e.WeightG = wms(o.site), sites[o.site], o.promise, o.weight()
		e.ID = e.Source + "/" + o.parcel() + "/" + t.typ.String()
		return
	}
	e.Source, e.Status = "tracking-of-"+e.Carrier, t.status
	e.ID = e.Source + "/" + e.TrackingNo + "/" + t.typ.String() + "/" + t.status.String() + "/" + strconv.Itoa(t.n)
	e.Facility = e.Carrier + " " + hubs[(o.hub+t.n)%len(hubs)]
}

func (o *order) weight() (grams int64) {
	for _, l := range o.lines {
		grams += l.actual * int64(50+l.item%900) / 1000
	}
	return grams + 180
}
