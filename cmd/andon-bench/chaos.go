package main

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"

	"andon/cmd/andon-bench/figure"
	"andon/internal/embedded"
	"andon/internal/killpoint"
)

// chaosCmd kills processes.
type chaosCmd struct {
	Kills     int64  `default:"50" help:"Kills wanted at each point, over all runs."`
	Events    int64  `default:"10000000" help:"Events wanted, over all runs."`
	Pauses    int    `default:"100" help:"Pauses wanted, each of a process that loses its lanes, over all runs."`
	Outages   int    `default:"3" help:"Runs wanted in which ClickHouse is away and forgets tokens, over all runs."`
	Runs      int    `placeholder:"N" help:"End after so many runs, whatever is still wanted."`
	Again     string `enum:",kills,pause,outage" default:"" placeholder:"FORM" help:"Run --seed of this form once (kills, pause, outage), and leave the figures alone."`
	Orders    int    `default:"11000" help:"Orders of the simulated day of a run; about 21 events each."`
	Processes int    `default:"3" help:"Processes that share the lanes."`
	Andon     string `default:"bin/andon-chaos" help:"The program, built with -tags chaos (make chaos builds it)."`
	Dir       string `placeholder:"DIR" help:"Where engines keep their data; a temporary folder by default. It is removed at the end."`
	Keep      bool   `help:"Leave the data and the logs there."`
}

// Help is shown by --help.
func (chaosCmd) Help() string {
	return `Real Kafka and ClickHouse, and processes of andon that end themselves with SIGKILL at named moments of their talk with both: a request is about
to go, has gone, is answered. A run is a simulated day; its seed is the day, and the order of the kills. In the end every revision of every
exception and every cost must stand on the topics as a run in memory that nothing disturbs gives them, and every record must be a row, once.

Meanwhile the shipped models decide the codes they are for, by policies and guards that change as the day goes on. Every judgement must be there once;
what models decided is held against the journal, by andon verify.

Other runs pause a process (SIGSTOP) before it writes a beat in which only timers fire, let another take its lanes over, and wake it again; and
take ClickHouse away for an hour of the simulated day, with tables that remember the token of a single block.

Each run adds a line to docs/figures/chaos.jsonl; what is there with models in charge counts, so the command can be ended and begun again. A run that finds
something wrong ends it and says how that seed is run again.`
}

// chaos is one run of the command.
type chaos struct {
	chaosCmd
	*bench
	dir   string
	kafka *embedded.Kafka
	store *store
}

// Run runs until all that is wanted is there.
func (c chaosCmd) Run(ctx context.Context, b *bench) (err error) {
	if _, err := os.Stat(c.Andon); err != nil {
		return fmt.Errorf("no program to kill (--andon): %w: run make chaos", err)
	}
	dir, err := os.MkdirTemp(c.Dir, "andon-chaos-")
	if err != nil {
		return err
	}
	if c.Keep {
		say("data and logs: %s", dir)
	} else {
		defer func() { err = errors.Join(err, os.RemoveAll(dir)) }()
	}
	x := &chaos{chaosCmd: c, bench: b, dir: dir}
	if err = x.unpack(); err == nil {
		err = x.start(ctx)
	}
	if err == nil {
		err = x.runs(ctx)
	}
	err = errors.Join(err, x.stop())
	if b.Dir == docsFigures {
		err = errors.Join(err, tablesCmd{}.Run(b))
	}
	return err
}

func (c *chaos) start(ctx context.Context) (err error) {
	if c.kafka, err = embedded.StartKafka(ctx, filepath.Join(c.dir, "kafka")); err != nil {
		return err
	}
	c.store, err = startStore(ctx, filepath.Join(c.dir, "clickhouse"))
	return err
}

func (c *chaos) stop() error {
	var errs []error
	if c.store != nil {
		errs = append(errs, c.store.close())
	}
	if c.kafka != nil {
		errs = append(errs, c.kafka.Stop())
	}
	return errors.Join(errs...)
}

// runs runs one after the other. A violation ends it: the seed is in the error and in the figures.
func (c *chaos) runs(ctx context.Context) error {
	if c.Again != "" {
		return c.run(ctx, c.Again, c.Head.Seed, nil)
	}
	for n := 0; c.Runs == 0 || n < c.Runs; n++ {
		rows, err := figure.Read(c.Book.Dir, figure.Chaos)
		if err != nil {
			return err
		}
		all, sum := figure.AddUp(rows), figure.AddUp(figure.InCharge(rows))
		form := c.wanted(sum)
		if form == "" {
			say("all that is wanted is there: %.0f kills, %.0f events", sum.Killed(), sum.Events)
			return nil
		}
		if err := c.run(ctx, form, max(c.Head.Seed, all.Seed+1), sum.Kills); err != nil {
			return err
		}
	}
	return nil
}

// wanted is the form that lacks most, or none.
func (c *chaos) wanted(s figure.Sum) string {
	for _, p := range killpoint.Points {
		if s.Kills[p.Name] < c.Kills {
			return figure.Killed
		}
	}
	switch {
	case s.Events < float64(c.Events):
		return figure.Killed
	case s.Pauses < float64(c.Pauses):
		return figure.Paused
	case s.Runs[figure.Away] < c.Outages:
		return figure.Away
	}
	return ""
}

// run runs one seed of a form and writes what came of it.
func (c *chaos) run(ctx context.Context, form string, seed uint64, killed map[string]int64) error {
	r := c.Begin(figure.Chaos, form)
	r.Seed = seed
	x := &chaosRun{chaos: c, seed: seed, row: r, random: rand.New(rand.NewPCG(seed, 0)), killed: killed}
	defer x.end()
	err := x.lay(ctx, form)
	if err == nil {
		err = map[string]func(context.Context) error{figure.Killed: x.kill, figure.Paused: x.pause, figure.Away: x.away}[form](ctx)
	}
	if err != nil {
		return fmt.Errorf("%s, seed %d: %w: again by: andon-bench --seed %d chaos --again %s --orders %d --processes %d", form, seed, err, seed, form, c.Orders, c.Processes)
	}
	if say("%s, seed %d: %s", form, seed, told(r.Values)); c.Again == "" {
		err = c.Write(r)
	}
	if len(x.wrong) > 0 {
		return fmt.Errorf("%s, seed %d: %d things are wrong: %s: again by: andon-bench --seed %d chaos --again %s --orders %d --processes %d", form, seed,
			len(x.wrong), strings.Join(x.wrong[:min(len(x.wrong), 5)], "; "), seed, form, c.Orders, c.Processes)
	}
	return err
}
