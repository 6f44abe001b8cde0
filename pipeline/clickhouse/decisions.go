package clickhouse

import (
	"context"
	"log/slog"
	"time"

	"andon/pipeline"
	"andon/pipeline/load"
	tables "andon/schemas/clickhouse"
	"andon/schemas/decision"
	"andon/schemas/event"
)

// Decisions is the table decisions as the loader of andon.decisions sees it. A record there that is no decision was not written by Andon: it is
// told to log and left out.
func (db *DB) Decisions(log *slog.Logger) load.Table { return decisions{db, log} }

type decisions struct {
	db  *DB
	log *slog.Logger
}

// Insert makes a row of each record.
func (t decisions) Insert(ctx context.Context, token string, from load.Partition, records []pipeline.Record) (load.Inserted, error) {
	row, read := t.reading(from)
	return newBlock(t.db, tables.Decisions, token, decisionFields).insert(ctx, records, row, read)
}

// Offsets implements load.Table.
func (t decisions) Offsets(ctx context.Context, at load.Partition, from, to int64) ([]int64, error) {
	return t.db.offsets(ctx, tables.Decisions, at, from, to)
}

// Count implements load.Table.
func (t decisions) Count(ctx context.Context, ranges []load.Closed) (map[load.Partition]int, error) {
	return t.db.count(ctx, tables.Decisions, ranges)
}

// reading returns what makes a row of a record, or counts what the record is instead.
func (t decisions) reading(from load.Partition) (*decisionRow, func(pipeline.Record, *load.Inserted) bool) {
	row := &decisionRow{topic: from.Topic, partition: from.Number}
	return row, func(record pipeline.Record, done *load.Inserted) bool {
		err := decision.Decode(record.Value, &row.Decision)
		if err == nil {
			err = row.Check()
		}
		if err != nil {
			done.Undecodable++
			t.log.Error("a record is no decision", "topic", from.Topic, "partition", from.Number, "offset", record.Offset, "error", err)
			return false
		}
		row.offset, row.at = record.Offset, record.At
		return true
	}
}

// decisionRow is what a row is made of.
type decisionRow struct {
	decision.Decision
	topic     string
	partition int32
	offset    int64
	at        event.Micros
}

var decisionFields = []field[decisionRow]{
	of("tenant", func(r *decisionRow) string { return r.Tenant }),
	of("item_id", func(r *decisionRow) string { return r.ItemID.String() }),
	of("decision_id", func(r *decisionRow) string { return r.ID.String() }),
	of("item_kind", func(r *decisionRow) string { return string(r.ItemKind) }),
	of("code", func(r *decisionRow) string { return r.Code }),
	of("subject", func(r *decisionRow) string { return r.Subject }),
	of("verdict", func(r *decisionRow) string { return string(r.Verdict) }),
	of("cause", func(r *decisionRow) string { return r.Cause }),
	of("reviewer", func(r *decisionRow) string { return r.Reviewer }),
	of("decided_at", func(r *decisionRow) time.Time { return instant(r.DecidedAt) }),
	of("source", func(r *decisionRow) string { return string(r.Source) }),
	of("selection", func(r *decisionRow) string { return string(r.Selection) }),
	of("propensity_bp", func(r *decisionRow) int32 { return r.PropensityBP }),
	of("revision_seen", func(r *decisionRow) int32 { return r.RevisionSeen }),
	of("idempotency_key", func(r *decisionRow) string { return r.IdempotencyKey }),
	of("note", func(r *decisionRow) string { return r.Note }),
	of("topic", func(r *decisionRow) string { return r.topic }),
	of("partition", func(r *decisionRow) int32 { return r.partition }),
	of("offset", func(r *decisionRow) int64 { return r.offset }),
	of("record_time", func(r *decisionRow) time.Time { return instant(r.at) }),
}
