package clickhouse

import (
	"log/slog"
	"time"

	"andon/pipeline/load"
	tables "andon/schemas/clickhouse"
	"andon/schemas/decision"
)

// Decisions is the table decisions: a row of each record of andon.decisions. A record there that is no decision was not written by Andon: it is
// told to log and left out.
func (db *DB) Decisions(log *slog.Logger) load.Ledger {
	return table[decision.Decision]{db, tables.Decisions, decisionFields, decoded(log, "decision", decodeDecision)}
}

func decodeDecision(value []byte, d *decision.Decision) error {
	if err := decision.Decode(value, d); err != nil {
		return err
	}
	return d.Check()
}

type decisionRow = row[decision.Decision]

var decisionFields = placed(
	of("tenant", func(r *decisionRow) string { return r.is.Tenant }),
	of("item_id", func(r *decisionRow) string { return r.is.ItemID.String() }),
	of("decision_id", func(r *decisionRow) string { return r.is.ID.String() }),
	of("item_kind", func(r *decisionRow) string { return string(r.is.ItemKind) }),
	of("code", func(r *decisionRow) string { return r.is.Code }),
	of("subject", func(r *decisionRow) string { return r.is.Subject }),
	of("verdict", func(r *decisionRow) string { return string(r.is.Verdict) }),
	of("cause", func(r *decisionRow) string { return r.is.Cause }),
	of("reviewer", func(r *decisionRow) string { return r.is.Reviewer }),
	of("decided_at", func(r *decisionRow) time.Time { return instant(r.is.DecidedAt) }),
	of("source", func(r *decisionRow) string { return string(r.is.Source) }),
	of("selection", func(r *decisionRow) string { return string(r.is.Selection) }),
	of("propensity_bp", func(r *decisionRow) int32 { return r.is.PropensityBP }),
	of("revision_seen", func(r *decisionRow) int32 { return r.is.RevisionSeen }),
	of("idempotency_key", func(r *decisionRow) string { return r.is.IdempotencyKey }),
	of("note", func(r *decisionRow) string { return r.is.Note }),
)
