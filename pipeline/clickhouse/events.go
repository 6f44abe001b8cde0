package clickhouse

import (
	"context"
	"time"

	"andon/pipeline"
	"andon/pipeline/load"
	tables "andon/schemas/clickhouse"
	"andon/schemas/event"
)

// Events is the table events as the loader of the input topics sees it. families says which family's events a topic carries.
func (db *DB) Events(families map[string]event.Family) load.Table { return events{db, families} }

type events struct {
	db       *DB
	families map[string]event.Family
}

// Insert makes a row of each record that detection reads as an event. What it could not read is in andon.deadletter.
func (t events) Insert(ctx context.Context, token string, from load.Partition, records []pipeline.Record) (load.Inserted, error) {
	row, read := t.reading(from)
	return newBlock(t.db, tables.Events, token, eventFields).insert(ctx, records, row, read)
}

// reading returns what makes a row of a record, or counts what the record is instead.
func (t events) reading(from load.Partition) (*eventRow, func(pipeline.Record, *load.Inserted) bool) {
	family := t.families[from.Topic]
	row := &eventRow{family: family.String(), topic: from.Topic, partition: from.Number}
	return row, func(record pipeline.Record, done *load.Inserted) bool {
		if err := event.Decode(family, record.Key, record.Value, &row.event); err != nil {
			done.Undecodable++
			return false
		}
		if row.event.Type == event.ClockTick {
			done.Ticks++
			return false
		}
		row.subject, row.offset, row.at = record.Key, record.Offset, record.At
		return true
	}
}

// eventRow is what a row is made of. The strings of its event live in the record.
type eventRow struct {
	event         event.Event
	family, topic string
	partition     int32
	offset        int64
	at            event.Micros
	subject       []byte
}

var eventFields = []field[eventRow]{
	of("tenant", func(r *eventRow) string { return r.event.Tenant }),
	of("family", func(r *eventRow) string { return r.family }),
	of("subject", func(r *eventRow) string { return string(r.subject) }),
	of("event_id", func(r *eventRow) string { return r.event.ID }),
	of("type", func(r *eventRow) string { return r.event.Type.String() }),
	of("event_time", func(r *eventRow) time.Time { return instant(r.event.Time) }),
	of("source", func(r *eventRow) string { return r.event.Source }),
	of("site", func(r *eventRow) string { return r.event.Site }),
	of("retracts_event_id", func(r *eventRow) string { return r.event.Retracts }),
	of("despatch_id", func(r *eventRow) string { return r.event.DespatchID }),
	of("po_id", func(r *eventRow) string { return r.event.POID }),
	of("carrier", func(r *eventRow) string { return r.event.Carrier }),
	of("tracking_no", func(r *eventRow) string { return r.event.TrackingNo }),
	of("fulfilment_id", func(r *eventRow) string { return r.event.FulfilmentID }),
	of("order_id", func(r *eventRow) string { return r.event.OrderID }),
	of("revision", func(r *eventRow) int32 { return r.event.Revision }),
	of("purpose", func(r *eventRow) string { return r.event.Purpose.String() }),
	perLine("lines.line", func(l *event.Line) string { return l.Line }),
	perLine("lines.sku", func(l *event.Line) string { return l.SKU }),
	perLine("lines.gtin", func(l *event.Line) string { return l.GTIN }),
	perLine("lines.lot", func(l *event.Line) string { return l.Lot }),
	perLine("lines.qty_milli", func(l *event.Line) int64 { return l.QtyMilli }),
	perLine("lines.uom", func(l *event.Line) string { return l.UOM }),
	perLine("lines.unit_cost_minor", unitCost),
	perLine("lines.currency", func(l *event.Line) string { return l.Currency }),
	of("receipt_id", func(r *eventRow) string { return r.event.ReceiptID }),
	of("line", func(r *eventRow) string { return r.event.Line }),
	of("sku", func(r *eventRow) string { return r.event.SKU }),
	of("gtin", func(r *eventRow) string { return r.event.GTIN }),
	of("lot", func(r *eventRow) string { return r.event.Lot }),
	of("uom", func(r *eventRow) string { return r.event.UOM }),
	of("qty_milli", func(r *eventRow) int64 { return r.event.QtyMilli }),
	of("rejected_qty_milli", func(r *eventRow) int64 { return r.event.RejectedQtyMilli }),
	of("condition", func(r *eventRow) string { return r.event.Condition.String() }),
	of("line_closed", func(r *eventRow) bool { return r.event.LineClosed }),
	of("task_id", func(r *eventRow) string { return r.event.TaskID }),
	of("reason", func(r *eventRow) string { return r.event.Reason }),
	of("status", func(r *eventRow) string { return r.event.Status.String() }),
	of("facility", func(r *eventRow) string { return r.event.Facility }),
	of("service_code", func(r *eventRow) string { return r.event.Service }),
	of("promise_deliver_by", func(r *eventRow) *time.Time { return orNull(r.event.PromiseDeliverBy) }),
	of("ship_by", func(r *eventRow) *time.Time { return orNull(r.event.ShipBy) }),
	of("eta", func(r *eventRow) *time.Time { return orNull(r.event.ETA) }),
	of("carton_id", func(r *eventRow) string { return r.event.CartonID }),
	of("weight_g", func(r *eventRow) int64 { return r.event.WeightG }),
	of("freight_minor", func(r *eventRow) *int64 { return known(r.event.FreightMinor, r.event.Currency != "") }),
	of("declared_value_minor", func(r *eventRow) *int64 { return known(r.event.DeclaredValueMinor, r.event.DeclaredValueMinor != 0) }),
	of("currency", func(r *eventRow) string { return r.event.Currency }),
	of("content_hash", func(r *eventRow) uint64 { return r.event.Content }),
	of("topic", func(r *eventRow) string { return r.topic }),
	of("partition", func(r *eventRow) int32 { return r.partition }),
	of("offset", func(r *eventRow) int64 { return r.offset }),
	of("record_time", func(r *eventRow) time.Time { return instant(r.at) }),
}

// perLine is a field with one element for each line of the document.
func perLine[V any](name string, get func(*event.Line) V) field[eventRow] {
	return lists(name, func(r *eventRow) []V {
		if len(r.event.Lines) == 0 {
			return nil
		}
		list := make([]V, len(r.event.Lines))
		for i := range r.event.Lines {
			list[i] = get(&r.event.Lines[i])
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
