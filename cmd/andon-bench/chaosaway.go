package main

import (
	"context"
	"fmt"

	"andon/internal/killpoint"
	"andon/replay/history"
	tables "andon/schemas/clickhouse"
	"andon/schemas/event"
)

// Hours of the simulated day in which ClickHouse is away.
var awayAt = []event.Micros{9, 13, 18}

// away runs a day with ClickHouse away for some hours of it. The tables remember the token of one block, so a block whose answer was lost
// is written twice: it must be one row all the same when it is read.
func (x *chaosRun) away(ctx context.Context) error {
	records := x.day()
	want, err := x.expected(ctx, records)
	if err != nil {
		return err
	}
	if _, err := x.up(ctx, "process-a", killpoint.Order{}); err != nil {
		return err
	}
	for _, table := range tables.Loaded { // a process that comes up refuses such tables
		if err := x.store.conn.Exec(ctx, fmt.Sprintf("ALTER TABLE %s.%s MODIFY SETTING non_replicated_deduplication_window = 1", x.cfg.ClickHouse.Database, table)); err != nil {
			return err
		}
	}
	loaded := uint64(0)
	for _, hour := range awayAt {
		begins := firstDay + hour*event.Hour
		var before, within []history.Record
		before, records = until(records, begins)
		within, records = until(records, begins+event.Hour)
		if err := x.write(ctx, before); err != nil {
			return err
		}
		if err := await(ctx, "rows to come in", func() bool { // so that the next outage interrupts them
			s, err := x.sum(ctx, tables.Events, "")
			more := err == nil && s.n > loaded
			loaded = max(loaded, s.n)
			return more
		}); err != nil {
			return err
		}
		x.store.Kill() // while those before are loaded
		if err := x.write(ctx, within); err != nil {
			return err
		}
		if err := x.judged(ctx); err != nil {
			return err
		}
		if err := x.store.Restart(ctx); err != nil {
			return err
		}
		if err := x.charge.change(ctx); err != nil {
			return err
		}
	}
	if err := x.write(ctx, records); err != nil {
		return err
	}
	if err := x.settle(ctx); err != nil {
		return err
	}
	x.row.Values["clickhouse_away_simulated_h"] = float64(len(awayAt))
	return x.check(ctx, want)
}

// until splits records that come in arrival order.
func until(records []history.Record, at event.Micros) (before, after []history.Record) {
	n := 0
	for n < len(records) && records[n].At < at {
		n++
	}
	return records[:n], records[n:]
}
