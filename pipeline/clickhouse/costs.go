package clickhouse

import (
	"context"
	"fmt"
	"log/slog"
	"time"

	"andon/pipeline"
	"andon/pipeline/load"
	tables "andon/schemas/clickhouse"
	"andon/schemas/cost"
	"andon/schemas/event"
)

// Costs is the table costs as the loader of andon.costs sees it. A record there that is no cost was not written by Andon: it is told to log
// and left out.
func (db *DB) Costs(log *slog.Logger) load.Table { return costs{db, log} }

type costs struct {
	db  *DB
	log *slog.Logger
}

// Insert makes a row of each record.
func (t costs) Insert(ctx context.Context, token string, from load.Partition, records []pipeline.Record) (load.Inserted, error) {
	row, read := t.reading(from)
	return newBlock(t.db, tables.Costs, token, costFields).insert(ctx, records, row, read)
}

// reading returns what makes a row of a record, or counts what the record is instead.
func (t costs) reading(from load.Partition) (*costRow, func(pipeline.Record, *load.Inserted) bool) {
	row := &costRow{topic: from.Topic, partition: from.Number}
	return row, func(record pipeline.Record, done *load.Inserted) bool {
		if err := decodeCost(record.Value, &row.Cost); err != nil {
			done.Undecodable++
			t.log.Error("a record is no cost", "topic", from.Topic, "partition", from.Number, "offset", record.Offset, "error", err)
			return false
		}
		row.offset, row.at = record.Offset, record.At
		return true
	}
}

// decodeCost reads a cost and checks that it bears its own id: what else would take the place of what.
func decodeCost(value []byte, c *cost.Cost) error {
	if err := cost.Decode(value, c); err != nil {
		return err
	}
	if id := cost.NewID(c.Tenant, c.Component, c.Subject, c.Part); c.ID != id {
		return fmt.Errorf("its id is %s, that of its facts %s", c.ID, id)
	}
	return nil
}

// costRow is what a row is made of.
type costRow struct {
	cost.Cost
	topic     string
	partition int32
	offset    int64
	at        event.Micros
}

var costFields = []field[costRow]{
	of("tenant", func(r *costRow) string { return r.Tenant }),
	of("component", func(r *costRow) string { return string(r.Component) }),
	of("subject", func(r *costRow) string { return r.Subject }),
	of("part", func(r *costRow) string { return r.Part }),
	of("cost_id", func(r *costRow) string { return r.ID.String() }),
	of("order_id", func(r *costRow) string { return r.OrderID }),
	of("site", func(r *costRow) string { return r.Site }),
	of("carrier", func(r *costRow) string { return r.Carrier }),
	of("item", func(r *costRow) string { return r.Item }),
	of("incurred_at", func(r *costRow) time.Time { return instant(r.IncurredAt) }),
	of("basis", func(r *costRow) string { return string(r.Basis) }),
	of("work_us", func(r *costRow) int64 { return r.WorkUS }),
	of("qty_milli", func(r *costRow) int64 { return r.QtyMilli }),
	of("amount_micro", func(r *costRow) *int64 { return r.AmountMicro }),
	of("currency", func(r *costRow) string { return r.Currency }),
	of("rates", func(r *costRow) string { return r.Rates }),
	of("withdrawn", func(r *costRow) bool { return r.Withdrawn }),
	of("topic", func(r *costRow) string { return r.topic }),
	of("partition", func(r *costRow) int32 { return r.partition }),
	of("offset", func(r *costRow) int64 { return r.offset }),
	of("record_time", func(r *costRow) time.Time { return instant(r.at) }),
}
