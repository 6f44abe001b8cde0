package main

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"iter"
	"os"

	"andon/cmd/andon/config"
	"andon/detectors/setting"
	"andon/replay/history"
	"andon/replay/simulate"
	"andon/schemas/event"
)

// simulateCmd is `andon simulate`.
type simulateCmd struct {
	Seed   uint64 `default:"1" help:"Another seed is another day; the same seed is the same day, byte for byte."`
	Orders int    `default:"20000" help:"Orders of the day; about 21 events each."`
	Start  string `default:"2025-03-03T00:00:00Z" help:"The day's first instant, RFC 3339 in UTC."`
	Config string `xor:"to" required:"" placeholder:"FILE" help:"Write to the empty input topics of this configuration."`
	Out    string `xor:"to" required:"" placeholder:"FILE" help:"Write to this file instead, a record a line."`
	Truth  string `placeholder:"FILE" help:"Write what really went wrong to this file, a label a line."`
}

// Help is shown by --help.
func (simulateCmd) Help() string {
	return `Makes up a day of a warehouse: receipts, orders, picks, packing, parcels. Suppliers pack too few, bins are empty, trailers
are missed; --truth tells which of it the events hide. To topics it writes clock.tick records too, and needs
settings.clock: log; a file holds events only.`
}

// Run writes the day.
func (c simulateCmd) Run(ctx context.Context) error {
	start, err := event.ParseTime(c.Start)
	if err != nil || c.Orders < 1 {
		return usageError{errors.New("--orders must be positive and --start an RFC 3339 instant in UTC between 1990 and 2100")}
	}
	day := simulate.Config{Seed: c.Seed, Orders: c.Orders, Start: start}
	records, labels := simulate.Day(day)
	if c.Truth != "" {
		if err := writeLines(ctx, c.Truth, labels, func(l simulate.Label) any { return l }); err != nil {
			return err
		}
	}
	if c.Out != "" {
		return writeLines(ctx, c.Out, records, fileRecord)
	}
	cfg, err := readConfig(c.Config)
	if err != nil {
		return err
	}
	if cfg.Settings.Clock != setting.Log {
		return usageError{fmt.Errorf("settings.clock is %s in %s: the day is not today's, its time is told by ticks; set settings.clock: log", cfg.Settings.Clock, c.Config)}
	}
	return simulated(day).tell(ctx, cfg.Kafka, "simulate")
}

// simulated is a day as a history to be written.
func simulated(c simulate.Config) past {
	records, _ := simulate.Day(c)
	return past{events: records, total: c.Events(), step: history.SimulateStep, lateness: history.SimulateLateness}
}

// fileRecord is a record as a line of a file.
func fileRecord(r history.Record) any {
	return struct {
		Topic string          `json:"topic"`
		Key   string          `json:"key"`
		At    event.Micros    `json:"at"` // broker timestamp
		Value json.RawMessage `json:"value"`
	}{config.Default().Kafka.InputPrefix + r.Family.String(), r.Key, r.At, r.Value}
}

// writeLines writes each item as a line of JSON to a new or emptied file. Dying here leaves a part of it.
func writeLines[T any](ctx context.Context, path string, items iter.Seq[T], line func(T) any) error {
	f, err := os.Create(path)
	if err != nil {
		return err
	}
	out := bufio.NewWriterSize(f, 1<<20)
	lines := json.NewEncoder(out)
	for item := range items {
		if err = errors.Join(lines.Encode(line(item)), ctx.Err()); err != nil {
			break
		}
	}
	if err = errors.Join(err, out.Flush(), f.Close()); err != nil {
		return fmt.Errorf("write %s: %w", path, err)
	}
	return nil
}
