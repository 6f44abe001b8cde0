package clickhouse

import (
	"log/slog"
	"time"

	"andon/pipeline/load"
	tables "andon/schemas/clickhouse"
	"andon/schemas/cost"
)

// Costs is the table costs: a row of each record of andon.costs. A record there that is no cost was not written by Andon: it is told to log
// and left out.
func (db *DB) Costs(log *slog.Logger) load.Ledger {
	return table[cost.Cost]{db, tables.Costs, costFields, decoded(log, "cost", decodeCost)}
}

func decodeCost(value []byte, c *cost.Cost) error {
	if err := cost.Decode(value, c); err != nil {
		return err
	}
	return bears(c.ID, cost.NewID(c.Tenant, c.Component, c.Subject, c.Part))
}

type costRow = row[cost.Cost]

var costFields = placed(
	of("tenant", func(r *costRow) string { return r.is.Tenant }),
	of("component", func(r *costRow) string { return string(r.is.Component) }),
	of("subject", func(r *costRow) string { return r.is.Subject }),
	of("part", func(r *costRow) string { return r.is.Part }),
	of("cost_id", func(r *costRow) string { return r.is.ID.String() }),
	of("order_id", func(r *costRow) string { return r.is.OrderID }),
	of("site", func(r *costRow) string { return r.is.Site }),
	of("carrier", func(r *costRow) string { return r.is.Carrier }),
	of("item", func(r *costRow) string { return r.is.Item }),
	of("incurred_at", func(r *costRow) time.Time { return instant(r.is.IncurredAt) }),
	of("basis", func(r *costRow) string { return string(r.is.Basis) }),
	of("work_us", func(r *costRow) int64 { return r.is.WorkUS }),
	of("qty_milli", func(r *costRow) int64 { return r.is.QtyMilli }),
	of("amount_micro", func(r *costRow) *int64 { return r.is.AmountMicro }),
	of("currency", func(r *costRow) string { return r.is.Currency }),
	of("rates", func(r *costRow) string { return r.is.Rates }),
	of("withdrawn", func(r *costRow) bool { return r.is.Withdrawn }),
)
