package main

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"slices"
	"strings"
	"text/tabwriter"

	"andon/cmd/andon/config"
	"andon/pipeline/clickhouse"
	"andon/pipeline/kafka"
	"andon/pipeline/load"
	tables "andon/schemas/clickhouse"
)

// reconcileCmd is `andon reconcile`.
type reconcileCmd struct {
	configured
	Table  []string `placeholder:"TABLE,..." help:"Only these tables: events, exceptions, verdicts, costs, decisions, model_health."`
	Since  when     `placeholder:"TIME" help:"Only records written from then on: an instant in UTC (2026-03-02T08:15:00Z), or so long ago (90m, 24h)."`
	Repair bool     `help:"Load what is missing or changed."`
}

// Help is shown by --help.
func (reconcileCmd) Help() string {
	return `Reads each topic again, as far as the loader has committed it, and compares every row in ClickHouse with its record: by count and by the
sum of a hash of all columns over 65536 offsets at a time, and row by row where these differ. It may run while all else runs.

  andon reconcile --config andon.yaml
  andon reconcile --config andon.yaml --table exceptions,costs --since 25h
  andon reconcile --config andon.yaml --repair

A line for each partition:
  records   are to be rows: ticks, tombstones and what cannot be read are not, and of andon.control only those of guards are
  rows      offsets that have a row
  missing   records without a row                                  repaired with --repair
  changed   rows that say something else than this build makes of
            the record                                             repaired with --repair
  extra     rows without a record: never deleted, look at them by topic, partition and offset
  doubled   further copies of a row: no fault, FINAL and the current views show one
  not compared: records older than the table keeps rows, and rows whose record the topic has forgotten since
A partition of which the loader has no committed offset has no line: it is named in the end, and the exit code is 1.

Exit codes: 0 the tables hold what the topics hold (with --repair: now), 1 they differ or it went wrong, 2 the command line or the configuration is wrong.`
}

// Run compares, and repairs if it is to.
func (c reconcileCmd) Run(ctx context.Context) error {
	cfg, err := c.read()
	if err != nil {
		return err
	}
	for _, table := range c.Table {
		if !slices.Contains(tables.Loaded[:], table) {
			return usageError{fmt.Errorf("--table: there is no table %s: %s", table, strings.Join(tables.Loaded[:], ", "))}
		}
	}
	db, conn, err := openDatabase(ctx, cfg.ClickHouse)
	if err != nil {
		return err
	}
	defer conn.Close()
	if err := db.Check(ctx); err != nil {
		return err
	}
	all, err := c.compare(ctx, cfg, db)
	if err != nil {
		return fmt.Errorf("reconcile: %w", oneLine(err))
	}
	switch {
	case all.Broken() == 0:
		return nil
	case c.Repair || all.Missing+all.Changed == 0:
		return fmt.Errorf("%d rows have no record: nothing deletes them; andon reconcile --help says more", all.Extra)
	}
	return fmt.Errorf("%d rows are missing, %d are changed, %d have no record: run it again with --repair", all.Missing, all.Changed, all.Extra)
}

// compare prints a line for each partition and returns the sum of what it found.
func (c reconcileCmd) compare(ctx context.Context, cfg config.Config, db *clickhouse.DB) (all load.Difference, err error) {
	at, quiet, unknown := kafkaConfig(cfg), slog.New(slog.DiscardHandler), []string(nil)
	out := tabwriter.NewWriter(os.Stdout, 0, 0, 2, ' ', tabwriter.AlignRight)
	defer func() { err = errors.Join(err, out.Flush()) }()
	fmt.Fprintln(out, "table\ttopic\tpartition\tfrom\tto\trecords\trows\tmissing\tchanged\textra\tdoubled\trepaired\tnot compared\t")
	for _, l := range loaders(cfg, quiet, nil) {
		if len(c.Table) > 0 && !slices.Contains(c.Table, l.table) {
			continue
		}
		rules := load.Rules{Compacted: l.table == tables.Exceptions, Repair: c.Repair}
		if rules.KeptSince, err = db.KeptSince(ctx, l.table); err != nil {
			return all, err
		}
		ranges, err := kafka.ClosedRanges(ctx, at, l.group, l.topics, c.Since.Micros, quiet)
		if err != nil {
			return all, err
		}
		for _, r := range ranges {
			if r.To == load.NoPosition {
				unknown = append(unknown, fmt.Sprintf("%s partition %d", r.Topic, r.Number))
				continue
			}
			d, err := load.Reconcile(ctx, r, kafka.ClosedRecords(ctx, at, r, quiet), db.Ledgers(families(at))[l.table], rules)
			fmt.Fprintf(out, "%s\t%s\t%d\t%d\t%d\t%d\t%d\t%d\t%d\t%d\t%d\t%d\t%d\t\n", l.table, r.Topic, r.Number, r.From, r.To,
				d.Records, d.Rows, d.Missing, d.Changed, d.Extra, d.Doubled, d.Repaired, d.Expired+d.Outlived)
			if all.Add(d); err != nil {
				return all, fmt.Errorf("%s, %s partition %d: %w", l.table, r.Topic, r.Number, err)
			}
		}
	}
	if len(unknown) > 0 {
		return all, fmt.Errorf("not compared, for the loader has no committed offset: %s: run andon topics apply", strings.Join(unknown, ", "))
	}
	return all, nil
}
