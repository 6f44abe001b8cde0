package main

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"

	"andon/replay/examples"
	"andon/replay/simulate"
	"andon/schemas/event"
)

// datasetHistoryCmd is `andon dataset history`.
type datasetHistoryCmd struct {
	Simulate int      `xor:"from" required:"" placeholder:"DAYS" help:"So many simulated days, a week apart, each a world of its own."`
	Dataset  dataset  `xor:"from" required:"" placeholder:"NAME=DIR" help:"Public data set and the folder of its files."`
	Orders   int      `default:"2000" help:"Orders of each simulated day."`
	Seed     uint64   `default:"1" help:"Of the first simulated day; the days after it count on."`
	Learn    int      `default:"30" help:"Percent of a public history from which is learned what is usual; only what happened after that is judged."`
	Code     []string `default:"CA-05,PA-03,pick_short_risk" help:"Contested codes and risks to judge."`
	Out      string   `required:"" type:"existingdir" placeholder:"DIR" help:"Gets verdicts.ndjson and decisions.ndjson."`
}

// Help is shown by --help.
func (datasetHistoryCmd) Help() string {
	return `Runs a history through the core in memory with every contested judgement on record, and decides about each judgement by what came of it in
the end: of simulated days by their hidden truth, of public sets by the rules that see the outcome (CA-04 for CA-05, PI-01 for pick_short_risk).

  andon dataset history --simulate 12 --out work
  andon dataset history --dataset olist=../shared/data/olist --code CA-05 --out work
  andon dataset export --code CA-05 --verdicts work/verdicts.ndjson --decisions work/decisions.ndjson --out ca05.parquet`
}

// Run judges and writes.
func (c datasetHistoryCmd) Run(ctx context.Context) error {
	// Dying here leaves a part of the files; the next run makes them anew.
	verdicts, err := os.Create(filepath.Join(c.Out, "verdicts.ndjson"))
	if err != nil {
		return err
	}
	decisions, err := os.Create(filepath.Join(c.Out, "decisions.ndjson"))
	if err != nil {
		return errors.Join(err, verdicts.Close())
	}
	judged, decided := 0, 0
	toVerdicts, toDecisions := bufio.NewWriterSize(verdicts, 1<<20), bufio.NewWriterSize(decisions, 1<<20)
	err = c.pasts(ctx, func(p *examples.Past) error {
		judged, decided = judged+len(p.Verdicts), decided+len(p.Decisions)
		return p.Write(toVerdicts, toDecisions)
	})
	if err := errors.Join(err, toVerdicts.Flush(), toDecisions.Flush(), verdicts.Close(), decisions.Close()); err != nil {
		return err
	}
	fmt.Printf("%s: %s verdicts, %s decisions\n", c.Out, thousands(judged), thousands(decided))
	return nil
}

// firstDay is when the first simulated day begins: a Monday.
const firstDay = "2026-01-05T00:00:00Z"

// pasts judges one history after the other.
func (c datasetHistoryCmd) pasts(ctx context.Context, take func(*examples.Past) error) error {
	if c.Simulate == 0 {
		set, err := c.Dataset.open()
		if err != nil {
			return err
		}
		if c.Learn < 1 || c.Learn > 99 {
			return usageError{errors.New("--learn: a share of the history, 1 to 99 percent")}
		}
		past, err := examples.Public(ctx, set, examples.At(set, c.Learn), c.Code...)
		if err != nil {
			return err
		}
		return take(past)
	}
	start, err := event.ParseTime(firstDay)
	if err != nil {
		return err
	}
	for n := range c.Simulate {
		day := simulate.Config{Seed: c.Seed + uint64(n), Orders: c.Orders, Start: start + event.Micros(n)*8*event.Day} // weekday by weekday
		past, err := examples.Simulated(ctx, day, c.Code...)
		if err == nil {
			err = take(past)
		}
		if err != nil {
			return err
		}
	}
	return nil
}
