package clickhouse

import (
	"time"

	"andon/pipeline"
	"andon/pipeline/load"
	tables "andon/schemas/clickhouse"
	"andon/schemas/event"
)

// Events is the table events: a row of each record of the input topics that detection reads as an event. What it could not read is in
// andon.deadletter. families says which family's events a topic carries.
func (db *DB) Events(families map[string]event.Family) load.Ledger {
	return table[arrived]{db, tables.Events, eventFields, func(from load.Partition, record pipeline.Record, a *arrived, done *load.Inserted) bool {
		a.family, a.subject = families[from.Topic], record.Key
		if err := event.Decode(a.family, record.Key, record.Value, &a.Event); err != nil {
			done.Undecodable++
			return false
		}
		if a.Type == event.ClockTick {
			done.Ticks++
			return false
		}
		return true
	}}
}

// arrived is an event as a record holds it. Its strings live in the record.
type arrived struct {
	event.Event
	family  event.Family
	subject []byte
}

type eventRow = row[arrived]

var eventFields = placed(
	of("tenant", func(r *eventRow) string { return r.is.Tenant }),
	of("family", func(r *eventRow) string { return r.is.family.String() }),
	of("subject", func(r *eventRow) string { return string(r.is.subject) }),
	of("event_id", func(r *eventRow) string { return r.is.ID }),
	of("type", func(r *eventRow) string { return r.is.Type.String() }),
	of("event_time", func(r *eventRow) time.Time { return instant(r.is.Time) }),
	of("source", func(r *eventRow) string { return r.is.Source }),
	of("site", func(r *eventRow) string { return r.is.Site }),
	of("retracts_event_id", func(r *eventRow) string { return r.is.Retracts }),
	of("despatch_id", func(r *eventRow) string { return r.is.DespatchID }),
	of("po_id", func(r *eventRow) string { return r.is.POID }),
	of("carrier", func(r *eventRow) string { return r.is.Carrier }),
	of("tracking_no", func(r *eventRow) string { return r.is.TrackingNo }),
	of("fulfilment_id", func(r *eventRow) string { return r.is.FulfilmentID }),
	of("order_id", func(r *eventRow) string { return r.is.OrderID }),
	of("revision", func(r *eventRow) int32 { return r.is.Revision }),
	of("purpose", func(r *eventRow) string { return r.is.Purpose.String() }),
	perLine("lines.line", func(l *event.Line) string { return l.Line }),
	perLine("lines.sku", func(l *event.Line) string { return l.SKU }),
	perLine("lines.gtin", func(l *event.Line) string { return l.GTIN }),
	perLine("lines.lot", func(l *event.Line) string { return l.Lot }),
	perLine("lines.qty_milli", func(l *event.Line) int64 { return l.QtyMilli }),
	perLine("lines.uom", func(l *event.Line) string { return l.UOM }),
	perLine("lines.unit_cost_minor", unitCost),
	perLine("lines.currency", func(l *event.Line) string { return l.Currency }),
	of("receipt_id", func(r *eventRow) string { return r.is.ReceiptID }),
	of("line", func(r *eventRow) string { return r.is.Line }),
	of("sku", func(r *eventRow) string { return r.is.SKU }),
	of("gtin", func(r *eventRow) string { return r.is.GTIN }),
	of("lot", func(r *eventRow) string { return r.is.Lot }),
	of("uom", func(r *eventRow) string { return r.is.UOM }),
	of("qty_milli", func(r *eventRow) int64 { return r.is.QtyMilli }),
	of("rejected_qty_milli", func(r *eventRow) int64 { return r.is.RejectedQtyMilli }),
	of("condition", func(r *eventRow) string { return r.is.Condition.String() }),
	of("line_closed", func(r *eventRow) bool { return r.is.LineClosed }),
	of("task_id", func(r *eventRow) string { return r.is.TaskID }),
	of("reason", func(r *eventRow) string { return r.is.Reason }),
	of("status", func(r *eventRow) string { return r.is.Status.String() }),
	of("facility", func(r *eventRow) string { return r.is.Facility }),
	of("service_code", func(r *eventRow) string { return r.is.Service }),
	of("promise_deliver_by", func(r *eventRow) *time.Time { return orNull(r.is.PromiseDeliverBy) }),
	of("ship_by", func(r *eventRow) *time.Time { return orNull(r.is.ShipBy) }),
	of("eta", func(r *eventRow) *time.Time { return orNull(r.is.ETA) }),
	of("carton_id", func(r *eventRow) string { return r.is.CartonID }),
	of("weight_g", func(r *eventRow) int64 { return r.is.WeightG }),
	of("freight_minor", func(r *eventRow) *int64 { return known(r.is.FreightMinor, r.is.Currency != "") }),
	of("declared_value_minor", func(r *eventRow) *int64 { return known(r.is.DeclaredValueMinor, r.is.DeclaredValueMinor != 0) }),
	of("currency", func(r *eventRow) string { return r.is.Currency }),
	of("content_hash", func(r *eventRow) uint64 { return r.is.Content }),
)

// perLine is a field with one element for each line of the document.
func perLine[V any](name string, get func(*event.Line) V) field[eventRow] {
	return lists(name, func(r *eventRow) []V {
		if len(r.is.Lines) == 0 {
			return nil
		}
		list := make([]V, len(r.is.Lines))
		for i := range r.is.Lines {
			list[i] = get(&r.is.Lines[i])
		}
		return list
	})
}

func unitCost(l *event.Line) *int64 { return known(l.UnitCostMinor, l.Currency != "") }

// known is the amount, NULL when unknown: an unknown price is not a price of zero.
func known(minor int64, is bool) *int64 {
	if !is {
		return nil
	}
	return &minor
}
