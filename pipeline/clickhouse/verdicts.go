package clickhouse

import (
	"context"
	"fmt"
	"log/slog"
	"math"
	"time"

	"andon/pipeline"
	"andon/pipeline/load"
	tables "andon/schemas/clickhouse"
	"andon/schemas/event"
	"andon/schemas/identity"
	"andon/schemas/verdict"
)

// Verdicts is the table verdicts as the loader of andon.verdicts sees it. A record there that is no verdict was not written by Andon: it is told
// to log and left out.
func (db *DB) Verdicts(log *slog.Logger) load.Table { return verdicts{db, log} }

type verdicts struct {
	db  *DB
	log *slog.Logger
}

// Insert makes a row of each record.
func (t verdicts) Insert(ctx context.Context, token string, from load.Partition, records []pipeline.Record) (load.Inserted, error) {
	row, read := t.reading(from)
	return newBlock(t.db, tables.Verdicts, token, verdictFields).insert(ctx, records, row, read)
}

// Offsets implements load.Table.
func (t verdicts) Offsets(ctx context.Context, at load.Partition, from, to int64) ([]int64, error) {
	return t.db.offsets(ctx, tables.Verdicts, at, from, to)
}

// Count implements load.Table.
func (t verdicts) Count(ctx context.Context, ranges []load.Closed) (map[load.Partition]int, error) {
	return t.db.count(ctx, tables.Verdicts, ranges)
}

// reading returns what makes a row of a record, or counts what the record is instead.
func (t verdicts) reading(from load.Partition) (*verdictRow, func(pipeline.Record, *load.Inserted) bool) {
	row := &verdictRow{topic: from.Topic, partition: from.Number}
	return row, func(record pipeline.Record, done *load.Inserted) bool {
		if err := decodeVerdict(record.Value, &row.Verdict); err != nil {
			done.Undecodable++
			t.log.Error("a record is no verdict", "topic", from.Topic, "partition", from.Number, "offset", record.Offset, "error", err)
			return false
		}
		row.offset, row.at = record.Offset, record.At
		return true
	}
}

// decodeVerdict reads a verdict and checks that it bears its own id: what else would take the place of what.
func decodeVerdict(value []byte, v *verdict.Verdict) error {
	if err := verdict.Decode(value, v); err != nil {
		return err
	}
	if id := verdict.NewID(v.Tenant, v.Code, v.Subject, v.Episode, v.JudgedAt); v.ID != id {
		return fmt.Errorf("its id is %s, that of its facts %s", v.ID, id)
	}
	return nil
}

// verdictRow is what a row is made of.
type verdictRow struct {
	verdict.Verdict
	topic     string
	partition int32
	offset    int64
	at        event.Micros
}

var verdictFields = []field[verdictRow]{
	of("tenant", func(r *verdictRow) string { return r.Tenant }),
	of("code", func(r *verdictRow) string { return r.Code }),
	of("subject", func(r *verdictRow) string { return r.Subject }),
	of("episode", func(r *verdictRow) string { return r.Episode }),
	of("judged_at", func(r *verdictRow) time.Time { return instant(r.JudgedAt) }),
	of("verdict_id", func(r *verdictRow) string { return r.ID.String() }),
	of("site", func(r *verdictRow) string { return r.Site }),
	of("detected_at", func(r *verdictRow) time.Time { return instant(r.DetectedAt) }),
	of("rule", func(r *verdictRow) string { return r.Rule }),
	of("rule_says", func(r *verdictRow) string { return string(r.RuleSays) }),
	of("rule_missing", func(r *verdictRow) string { return r.RuleMissing }),
	of("mode", func(r *verdictRow) string { return string(r.Mode) }),
	of("canary_bp", func(r *verdictRow) int32 { return r.CanaryBP }),
	of("bundle", func(r *verdictRow) string { return r.Bundle }),
	of("model", func(r *verdictRow) string { return r.Model }),
	of("score", func(r *verdictRow) *float64 { return r.Score }),
	of("reason", func(r *verdictRow) string { return r.Reason }),
	of("threshold_bp", func(r *verdictRow) int32 { return r.ThresholdBP }),
	of("decided_by", func(r *verdictRow) string { return string(r.DecidedBy) }),
	of("raised", func(r *verdictRow) bool { return r.Raised }),
	of("selection", func(r *verdictRow) string { return string(r.Selection) }),
	of("propensity_bp", func(r *verdictRow) int32 { return r.PropensityBP }),
	of("features", func(r *verdictRow) string { return r.Features }),
	lists("values", func(r *verdictRow) []*float64 { return numbers(r.Values) }),
	of("exception_id", func(r *verdictRow) string { return idOrEmpty(r.ExceptionID) }),
	of("topic", func(r *verdictRow) string { return r.topic }),
	of("partition", func(r *verdictRow) int32 { return r.partition }),
	of("offset", func(r *verdictRow) int64 { return r.offset }),
	of("record_time", func(r *verdictRow) time.Time { return instant(r.at) }),
}

// numbers are the values with NULL for those that are missing. The row's next record has values of its own.
func numbers(values verdict.Values) []*float64 {
	list := make([]*float64, len(values))
	for i := range values {
		if !math.IsNaN(values[i]) {
			list[i] = &values[i]
		}
	}
	return list
}

// idOrEmpty is an id, or nothing when absent.
func idOrEmpty(id identity.ID) string {
	if id == (identity.ID{}) {
		return ""
	}
	return id.String()
}
