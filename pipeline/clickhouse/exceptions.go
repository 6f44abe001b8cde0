package clickhouse

import (
	"log/slog"
	"time"

	"andon/pipeline"
	"andon/pipeline/load"
	tables "andon/schemas/clickhouse"
	"andon/schemas/exception"
)

// Exceptions is the table exceptions: a row of each revision in andon.exceptions. A tombstone is none: its lane forgot an exception that ended long
// before. A record there that is no exception was not written by Andon: it is told to log and left out.
func (db *DB) Exceptions(log *slog.Logger) load.Ledger {
	read := decoded(log, "exception", decodeException)
	return table[exception.Exception]{db, tables.Exceptions, exceptionFields, func(from load.Partition, record pipeline.Record, x *exception.Exception, done *load.Inserted) bool {
		if record.Value == nil && !record.Unreadable {
			done.Tombstones++
			return false
		}
		return read(from, record, x, done)
	}}
}

func decodeException(value []byte, x *exception.Exception) error {
	if err := exception.Decode(value, x); err != nil {
		return err
	}
	return bears(x.ID, exception.NewID(x.Tenant, x.Code, x.Subject, x.Episode))
}

type exceptionRow = row[exception.Exception]

var exceptionFields = placed(
	of("tenant", func(r *exceptionRow) string { return r.is.Tenant }),
	of("code", func(r *exceptionRow) string { return r.is.Code }),
	of("subject", func(r *exceptionRow) string { return r.is.Subject }),
	of("episode", func(r *exceptionRow) string { return r.is.Episode }),
	of("exception_id", func(r *exceptionRow) string { return r.is.ID.String() }),
	of("revision", func(r *exceptionRow) int32 { return r.is.Revision }),
	of("state", func(r *exceptionRow) string { return string(r.is.State) }),
	of("change", func(r *exceptionRow) string { return string(r.is.Change) }),
	of("severity", func(r *exceptionRow) string { return string(r.is.Severity) }),
	of("decided_by", func(r *exceptionRow) string { return r.is.DecidedBy }),
	of("fallback", func(r *exceptionRow) string { return r.is.Fallback }),
	of("model", func(r *exceptionRow) string { return r.is.Model }),
	of("rule", func(r *exceptionRow) string { return r.is.Rule }),
	of("site", func(r *exceptionRow) string { return r.is.Site }),
	of("item", func(r *exceptionRow) string { return r.is.Item }),
	of("line", func(r *exceptionRow) string { return r.is.Line }),
	of("opened_at", func(r *exceptionRow) time.Time { return instant(r.is.OpenedAt) }),
	of("cleared_at", func(r *exceptionRow) *time.Time { return orNull(r.is.ClearedAt) }),
	of("detected_at", func(r *exceptionRow) time.Time { return instant(r.is.DetectedAt) }),
	of("late_data", func(r *exceptionRow) bool { return r.is.LateData }),
	of("logic_change", func(r *exceptionRow) bool { return r.is.LogicChange }),
	of("unit", func(r *exceptionRow) string { return string(r.is.Unit) }),
	of("expected", func(r *exceptionRow) *int64 { return r.is.Expected }),
	of("observed", func(r *exceptionRow) *int64 { return r.is.Observed }),
	of("delta", func(r *exceptionRow) *int64 { return r.is.Delta }),
	of("cost_at_risk_minor", func(r *exceptionRow) *int64 { return r.is.CostAtRiskMinor }),
	of("currency", func(r *exceptionRow) string { return r.is.Currency }),
	of("probability_bp", func(r *exceptionRow) int32 { return r.is.ProbabilityBP }),
	of("avoidable_bp", func(r *exceptionRow) int32 { return r.is.AvoidableBP }),
	of("urgency_bp", func(r *exceptionRow) int32 { return r.is.UrgencyBP }),
	of("priority_score", func(r *exceptionRow) *int64 { return r.is.PriorityScore }),
	of("priority", func(r *exceptionRow) string { return string(r.is.Priority) }),
	of("deadline", func(r *exceptionRow) time.Time { return instant(r.is.Deadline) }),
	of("act_by", func(r *exceptionRow) time.Time { return instant(r.is.ActBy) }),
	lists("reasons", func(r *exceptionRow) []string { return r.is.Reasons }),
	lists("evidence", func(r *exceptionRow) []uint64 { return r.is.Evidence }),
)
