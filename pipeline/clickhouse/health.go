package clickhouse

import (
	"log/slog"
	"time"

	"andon/pipeline"
	"andon/pipeline/load"
	tables "andon/schemas/clickhouse"
	"andon/schemas/control"
)

// Health is the table model_health: a row of each transition of a guard in andon.control. A record there that is of none of its kinds was not
// written by Andon: it is told to log and left out.
func (db *DB) Health(log *slog.Logger) load.Ledger {
	read := decoded(log, "control record", decodeControl)
	return table[control.Record]{db, tables.Health, healthFields, func(from load.Partition, record pipeline.Record, r *control.Record, done *load.Inserted) bool {
		if !read(from, record, r, done) {
			return false
		}
		if r.Kind != control.KindGuard {
			done.Others++
			return false
		}
		return true
	}}
}

func decodeControl(value []byte, r *control.Record) error {
	if err := control.Decode(value, r); err != nil {
		return err
	}
	return r.Check()
}

type healthRow = row[control.Record]

var healthFields = placed(
	of("code", func(r *healthRow) string { return r.is.Guard.Code }),
	of("bundle", func(r *healthRow) string { return r.is.Guard.Bundle }),
	of("version", func(r *healthRow) int32 { return r.is.Version }),
	of("state", func(r *healthRow) string { return string(r.is.Guard.State) }),
	of("signal", func(r *healthRow) string { return string(r.is.Guard.Signal) }),
	of("reason", func(r *healthRow) string { return r.is.Guard.Reason }),
	of("changed_at", func(r *healthRow) time.Time { return instant(r.is.Guard.ChangedAt) }),
	of("window_from", func(r *healthRow) *time.Time { return orNull(r.is.Guard.WindowFrom) }),
	of("window_to", func(r *healthRow) *time.Time { return orNull(r.is.Guard.WindowTo) }),
	of("statistic", func(r *healthRow) float64 { return r.is.Guard.Statistic }),
	of("threshold", func(r *healthRow) float64 { return r.is.Guard.Threshold }),
	of("hold_until", func(r *healthRow) *time.Time { return orNull(r.is.Guard.HoldUntil) }),
	of("valid_until", func(r *healthRow) *time.Time { return orNull(r.is.Guard.ValidUntil) }),
	of("trips", func(r *healthRow) int32 { return r.is.Guard.Trips }),
	of("author", func(r *healthRow) string { return r.is.Author }),
	of("approved_by", func(r *healthRow) string { return r.is.ApprovedBy }),
	of("note", func(r *healthRow) string { return r.is.Note }),
)
