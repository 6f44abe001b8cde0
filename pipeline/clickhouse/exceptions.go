package clickhouse

import (
	"context"
	"fmt"
	"log/slog"
	"time"

	"andon/pipeline"
	"andon/pipeline/load"
	tables "andon/schemas/clickhouse"
	"andon/schemas/event"
	"andon/schemas/exception"
)

// Exceptions is the table exceptions as the loader of andon.exceptions sees it. A record there that is no exception was not written by Andon:
// it is told to log and left out.
func (db *DB) Exceptions(log *slog.Logger) load.Table { return exceptions{db, log} }

type exceptions struct {
	db  *DB
	log *slog.Logger
}

// Insert makes a row of each revision. A tombstone is none: its lane forgot an exception that ended long before.
func (t exceptions) Insert(ctx context.Context, token string, from load.Partition, records []pipeline.Record) (load.Inserted, error) {
	row, read := t.reading(from)
	return newBlock(t.db, tables.Exceptions, token, exceptionFields).insert(ctx, records, row, read)
}

// reading returns what makes a row of a record, or counts what the record is instead.
func (t exceptions) reading(from load.Partition) (*exceptionRow, func(pipeline.Record, *load.Inserted) bool) {
	row := &exceptionRow{topic: from.Topic, partition: from.Number}
	return row, func(record pipeline.Record, done *load.Inserted) bool {
		if record.Value == nil && !record.Unreadable {
			done.Tombstones++
			return false
		}
		if err := decodeException(record.Value, &row.Exception); err != nil {
			done.Undecodable++
			t.log.Error("a record is no exception", "topic", from.Topic, "partition", from.Number, "offset", record.Offset, "error", err)
			return false
		}
		row.offset, row.at = record.Offset, record.At
		return true
	}
}

// decodeException reads an exception and checks that it bears its own id: what else would replace what.
func decodeException(value []byte, x *exception.Exception) error {
	if err := exception.Decode(value, x); err != nil {
		return err
	}
	if id := exception.NewID(x.Tenant, x.Code, x.Subject, x.Episode); x.ID != id {
		return fmt.Errorf("its id is %s, that of its facts %s", x.ID, id)
	}
	return nil
}

// exceptionRow is what a row is made of.
type exceptionRow struct {
	exception.Exception
	topic     string
	partition int32
	offset    int64
	at        event.Micros
}

var exceptionFields = []field[exceptionRow]{
	of("tenant", func(r *exceptionRow) string { return r.Tenant }),
	of("code", func(r *exceptionRow) string { return r.Code }),
	of("subject", func(r *exceptionRow) string { return r.Subject }),
	of("episode", func(r *exceptionRow) string { return r.Episode }),
	of("exception_id", func(r *exceptionRow) string { return r.ID.String() }),
	of("revision", func(r *exceptionRow) int32 { return r.Revision }),
	of("state", func(r *exceptionRow) string { return string(r.State) }),
	of("change", func(r *exceptionRow) string { return string(r.Change) }),
	of("severity", func(r *exceptionRow) string { return string(r.Severity) }),
	of("decided_by", func(r *exceptionRow) string { return r.DecidedBy }),
	of("fallback", func(r *exceptionRow) string { return r.Fallback }),
	of("model", func(r *exceptionRow) string { return r.Model }),
	of("rule", func(r *exceptionRow) string { return r.Rule }),
	of("site", func(r *exceptionRow) string { return r.Site }),
	of("item", func(r *exceptionRow) string { return r.Item }),
	of("line", func(r *exceptionRow) string { return r.Line }),
	of("opened_at", func(r *exceptionRow) time.Time { return instant(r.OpenedAt) }),
	of("cleared_at", func(r *exceptionRow) *time.Time { return orNull(r.ClearedAt) }),
	of("detected_at", func(r *exceptionRow) time.Time { return instant(r.DetectedAt) }),
	of("late_data", func(r *exceptionRow) bool { return r.LateData }),
	of("logic_change", func(r *exceptionRow) bool { return r.LogicChange }),
	of("unit", func(r *exceptionRow) string { return string(r.Unit) }),
	of("expected", func(r *exceptionRow) *int64 { return r.Expected }),
	of("observed", func(r *exceptionRow) *int64 { return r.Observed }),
	of("delta", func(r *exceptionRow) *int64 { return r.Delta }),
	of("cost_at_risk_minor", func(r *exceptionRow) *int64 { return r.CostAtRiskMinor }),
	of("currency", func(r *exceptionRow) string { return r.Currency }),
	of("probability_bp", func(r *exceptionRow) int32 { return r.ProbabilityBP }),
	of("avoidable_bp", func(r *exceptionRow) int32 { return r.AvoidableBP }),
	of("urgency_bp", func(r *exceptionRow) int32 { return r.UrgencyBP }),
	of("priority_score", func(r *exceptionRow) *int64 { return r.PriorityScore }),
	of("priority", func(r *exceptionRow) string { return string(r.Priority) }),
	of("deadline", func(r *exceptionRow) time.Time { return instant(r.Deadline) }),
	of("act_by", func(r *exceptionRow) time.Time { return instant(r.ActBy) }),
	lists("reasons", func(r *exceptionRow) []string { return r.Reasons }),
	lists("evidence", func(r *exceptionRow) []uint64 { return r.Evidence }),
	of("topic", func(r *exceptionRow) string { return r.topic }),
	of("partition", func(r *exceptionRow) int32 { return r.partition }),
	of("offset", func(r *exceptionRow) int64 { return r.offset }),
	of("record_time", func(r *exceptionRow) time.Time { return instant(r.at) }),
}
