package clickhouse

import (
	"log/slog"
	"math"
	"time"

	"andon/pipeline/load"
	tables "andon/schemas/clickhouse"
	"andon/schemas/identity"
	"andon/schemas/verdict"
)

// Verdicts is the table verdicts: a row of each record of andon.verdicts. A record there that is no verdict was not written by Andon: it is told
// to log and left out.
func (db *DB) Verdicts(log *slog.Logger) load.Ledger {
	return table[verdict.Verdict]{db, tables.Verdicts, verdictFields, decoded(log, "verdict", decodeVerdict)}
}

func decodeVerdict(value []byte, v *verdict.Verdict) error {
	if err := verdict.Decode(value, v); err != nil {
		return err
	}
	return bears(v.ID, verdict.NewID(v.Tenant, v.Code, v.Subject, v.Episode, v.JudgedAt))
}

type verdictRow = row[verdict.Verdict]

var verdictFields = placed(
	of("tenant", func(r *verdictRow) string { return r.is.Tenant }),
	of("code", func(r *verdictRow) string { return r.is.Code }),
	of("subject", func(r *verdictRow) string { return r.is.Subject }),
	of("episode", func(r *verdictRow) string { return r.is.Episode }),
	of("judged_at", func(r *verdictRow) time.Time { return instant(r.is.JudgedAt) }),
	of("verdict_id", func(r *verdictRow) string { return r.is.ID.String() }),
	of("site", func(r *verdictRow) string { return r.is.Site }),
	of("detected_at", func(r *verdictRow) time.Time { return instant(r.is.DetectedAt) }),
	of("rule", func(r *verdictRow) string { return r.is.Rule }),
	of("rule_says", func(r *verdictRow) string { return string(r.is.RuleSays) }),
	of("rule_missing", func(r *verdictRow) string { return r.is.RuleMissing }),
	of("mode", func(r *verdictRow) string { return string(r.is.Mode) }),
	of("canary_bp", func(r *verdictRow) int32 { return r.is.CanaryBP }),
	of("bundle", func(r *verdictRow) string { return r.is.Bundle }),
	of("model", func(r *verdictRow) string { return r.is.Model }),
	of("score", func(r *verdictRow) *float64 { return r.is.Score }),
	of("reason", func(r *verdictRow) string { return r.is.Reason }),
	of("threshold_bp", func(r *verdictRow) int32 { return r.is.ThresholdBP }),
	of("decided_by", func(r *verdictRow) string { return string(r.is.DecidedBy) }),
	of("raised", func(r *verdictRow) bool { return r.is.Raised }),
	of("selection", func(r *verdictRow) string { return string(r.is.Selection) }),
	of("propensity_bp", func(r *verdictRow) int32 { return r.is.PropensityBP }),
	of("features", func(r *verdictRow) string { return r.is.Features }),
	lists("values", func(r *verdictRow) []*float64 { return numbers(r.is.Values) }),
	of("exception_id", func(r *verdictRow) string { return idOrEmpty(r.is.ExceptionID) }),
)

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
