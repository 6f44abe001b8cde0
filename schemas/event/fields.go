package event

// field is where the member of a name belongs, as the tags of Event say; nil for a name that no event has.
func (e *Event) field(name string) any {
	switch name {
	case "event_id":
		return &e.ID
	case "type":
		return &e.Type
	case "tenant":
		return &e.Tenant
	case "source":
		return &e.Source
	case "site":
		return &e.Site
	case "event_time":
		return &e.Time
	case "retracts_event_id":
		return &e.Retracts
	case "despatch_id":
		return &e.DespatchID
	case "po_id":
		return &e.POID
	case "carrier":
		return &e.Carrier
	case "tracking_no":
		return &e.TrackingNo
	case "fulfilment_id":
		return &e.FulfilmentID
	case "order_id":
		return &e.OrderID
	case "receipt_id":
		return &e.ReceiptID
	case "task_id":
		return &e.TaskID
	case "carton_id":
		return &e.CartonID
	case "line":
		return &e.Line
	case "sku":
		return &e.SKU
	case "gtin":
		return &e.GTIN
	case "lot":
		return &e.Lot
	}
	return e.detail(name)
}

// detail is field for what an event says beside what it is about.
func (e *Event) detail(name string) any {
	switch name {
	case "revision":
		return &e.Revision
	case "purpose":
		return &e.Purpose
	case "lines":
		return &e.Lines
	case "uom":
		return &e.UOM
	case "qty_milli":
		return &e.QtyMilli
	case "rejected_qty_milli":
		return &e.RejectedQtyMilli
	case "condition":
		return &e.Condition
	case "line_closed":
		return &e.LineClosed
	case "reason":
		return &e.Reason
	case "status":
		return &e.Status
	case "facility":
		return &e.Facility
	case "service_code":
		return &e.Service
	case "promise_deliver_by":
		return &e.PromiseDeliverBy
	case "ship_by":
		return &e.ShipBy
	case "eta":
		return &e.ETA
	case "weight_g":
		return &e.WeightG
	case "freight_minor":
		return &e.FreightMinor
	case "declared_value_minor":
		return &e.DeclaredValueMinor
	case "currency":
		return &e.Currency
	}
	return nil
}

// field is where the member of a name belongs, as the tags of Line say; nil for a name that no line has.
func (l *Line) field(name string) any {
	switch name {
	case "line":
		return &l.Line
	case "sku":
		return &l.SKU
	case "gtin":
		return &l.GTIN
	case "lot":
		return &l.Lot
	case "qty_milli":
		return &l.QtyMilli
	case "uom":
		return &l.UOM
	case "unit_cost_minor":
		return &l.UnitCostMinor
	case "currency":
		return &l.Currency
	}
	return nil
}
