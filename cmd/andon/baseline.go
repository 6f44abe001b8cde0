package main

import (
	"context"
	"fmt"
	"iter"
	"os"

	"andon/replay/baseline"
	"andon/replay/history"
	"andon/replay/ndjson"
)

// baselineCmd is `andon baseline`.
type baselineCmd struct {
	File  string `arg:"" help:"Events, one a line, as andon import takes them; a file that ends in .gz is inflated."`
	Least int    `default:"50" help:"Leave out entries made of fewer samples."`
}

// Help is shown by --help.
func (baselineCmd) Help() string {
	return `Works out from a file of past events what is usual: gaps between scans, times to delivery, durations of picks, how often
suppliers and items are short. It prints the tables as they go under settings: in the configuration, each entry with the
size of its sample. The class of a service (express, ground, economy) goes by its median time: look at it. Weights of items and
cartons are master data: add them under weights and cartons.

  andon simulate --out day.ndjson && andon baseline day.ndjson`
}

// Run prints the tables.
func (c baselineCmd) Run(ctx context.Context) error {
	var failed error
	tables, err := baseline.Of(pastEvents(ctx, c.File, &failed), c.Least)
	if err == nil {
		err = failed
	}
	if err != nil {
		return err
	}
	text, err := baseline.Text(tables)
	if err != nil {
		return err
	}
	if _, err := os.Stdout.Write(text); err != nil {
		return fmt.Errorf("write the tables: %w", err)
	}
	return nil
}

// pastEvents are the events of a file that can be taken; failed says why they stopped before its end.
func pastEvents(ctx context.Context, path string, failed *error) iter.Seq[history.Record] {
	return func(yield func(history.Record) bool) {
		for l, err := range ndjson.Read(path) {
			if err == nil {
				err = ctx.Err()
			}
			if err != nil {
				*failed = err
				return
			}
			if l.Taken() && !yield(l.Record) {
				return
			}
		}
	}
}
