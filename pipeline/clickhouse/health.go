package clickhouse

import (
	"context"
	"log/slog"
	"time"

	"andon/pipeline"
	"andon/pipeline/load"
	tables "andon/schemas/clickhouse"
	"andon/schemas/control"
	"andon/schemas/event"
)

// Health is the table model_health as the loader of andon.control sees it: its guard records. A record there that is none of its kinds was not
// written by Andon: it is told to log and left out.
func (db *DB) Health(log *slog.Logger) load.Table { return health{db, log} }

type health struct {
	db  *DB
	log *slog.Logger
}

// Insert makes a row of each transition of a guard.
func (t health) Insert(ctx context.Context, token string, from load.Partition, records []pipeline.Record) (load.Inserted, error) {
	row, read := t.reading(from)
	return newBlock(t.db, tables.Health, token, healthFields).insert(ctx, records, row, read)
}

// Offsets implements load.Table.
func (t health) Offsets(ctx context.Context, at load.Partition, from, to int64) ([]int64, error) {
	return t.db.offsets(ctx, tables.Health, at, from, to)
}

// Count implements load.Table.
func (t health) Count(ctx context.Context, ranges []load.Closed) (map[load.Partition]int, error) {
	return t.db.count(ctx, tables.Health, ranges)
}

// reading returns what makes a row of a record, or counts what the record is instead.
func (t health) reading(from load.Partition) (*healthRow, func(pipeline.Record, *load.Inserted) bool) {
	row := &healthRow{topic: from.Topic, partition: from.Number}
	return row, func(record pipeline.Record, done *load.Inserted) bool {
		err := control.Decode(record.Value, &row.Record)
		if err == nil {
			err = row.Check()
		}
		if err != nil {
			done.Undecodable++
			t.log.Error("a record is no control record", "topic", from.Topic, "partition", from.Number, "offset", record.Offset, "error", err)
			return false
		}
		if row.Kind != control.KindGuard {
			done.Others++
			return false
		}
		row.offset, row.at = record.Offset, record.At
		return true
	}
}

// healthRow is what a row is made of.
type healthRow struct {
	control.Record
	topic     string
	partition int32
	offset    int64
	at        event.Micros
}

var healthFields = []field[healthRow]{
	of("code", func(r *healthRow) string { return r.Guard.Code }),
	of("bundle", func(r *healthRow) string { return r.Guard.Bundle }),
	of("version", func(r *healthRow) int32 { return r.Version }),
	of("state", func(r *healthRow) string { return string(r.Guard.State) }),
	of("signal", func(r *healthRow) string { return string(r.Guard.Signal) }),
	of("reason", func(r *healthRow) string { return r.Guard.Reason }),
	of("changed_at", func(r *healthRow) time.Time { return instant(r.Guard.ChangedAt) }),
	of("window_from", func(r *healthRow) *time.Time { return orNull(r.Guard.WindowFrom) }),
	of("window_to", func(r *healthRow) *time.Time { return orNull(r.Guard.WindowTo) }),
	of("statistic", func(r *healthRow) float64 { return r.Guard.Statistic }),
	of("threshold", func(r *healthRow) float64 { return r.Guard.Threshold }),
	of("hold_until", func(r *healthRow) *time.Time { return orNull(r.Guard.HoldUntil) }),
	of("valid_until", func(r *healthRow) *time.Time { return orNull(r.Guard.ValidUntil) }),
	of("trips", func(r *healthRow) int32 { return r.Guard.Trips }),
	of("author", func(r *healthRow) string { return r.Author }),
	of("approved_by", func(r *healthRow) string { return r.ApprovedBy }),
	of("note", func(r *healthRow) string { return r.Note }),
	of("topic", func(r *healthRow) string { return r.topic }),
	of("partition", func(r *healthRow) int32 { return r.partition }),
	of("offset", func(r *healthRow) int64 { return r.offset }),
	of("record_time", func(r *healthRow) time.Time { return instant(r.at) }),
}
