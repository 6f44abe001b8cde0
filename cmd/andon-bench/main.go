// Command andon-bench measures Andon: how many events a second the line takes, how memory and time grow with open entities, how fast rows come
// into ClickHouse, how long after an event people see the exception, and whether all of it holds for half an hour with outages. Each case adds a
// line to docs/figures; `andon-bench tables` makes the tables of the docs from them.
package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"os"
	"os/signal"
	"runtime/debug"
	"strings"
	"syscall"
	"time"

	"andon/cmd/andon-bench/figure"

	"github.com/alecthomas/kong"
)

const description = `Measures Andon on engines it brings itself (make engines), and adds a JSON line for each case to docs/figures.

Say nothing else runs on the machine: broker, ClickHouse, producer and Andon share its cores, and ratios within one run say more than figures
across runs. Progress is told on stderr; figures go to the files alone. The tables of the docs are made of the last run of each measurement:
andon-bench tables.

Without a size all commands measure what the docs show. For a quick look: andon-bench line --fill 300000 --measured 200000 --broker kfake.`

// docsFigures is where the figures of the docs are, the default of --out.
const docsFigures = "docs/figures"

// asBench in the environment makes a test binary this program.
const asBench = "ANDON_BENCH_AS_PROGRAM"

// cli is the command line.
type cli struct {
	All       allCmd       `cmd:"" default:"1" help:"line, growth, load, latency, then the tables: what make bench runs (a quarter of an hour)."`
	Line      lineCmd      `cmd:"" help:"Events a second: ceiling, with all rules, with ClickHouse loaded; on kfake and Kafka side by side."`
	Growth    growthCmd    `cmd:"" help:"Time per event and memory with ten thousand to ten million open parcels, the core alone."`
	Model     modelCmd     `cmd:"" help:"Carrier events a second with a model asked at every scan, beside the rules alone; the core and the model."`
	Load      loadCmd      `cmd:"" help:"Rows a second into the tables that grow with what happens, each alone and all together."`
	Restore   restoreCmd   `cmd:"" help:"What snapshots cost, and how long a restart takes with them and without."`
	Latency   latencyCmd   `cmd:"" help:"From an event to its exception and to the row, at 70 % load."`
	Endurance enduranceCmd `cmd:"" help:"The program itself for 30 minutes at 70 % load, ClickHouse away for 5 of them and Kafka restarted."`
	Chaos     chaosCmd     `cmd:"" help:"Processes killed and paused at named moments, until there are enough of them; make chaos runs it (hours)."`
	Tables    tablesCmd    `cmd:"" help:"Make the tables of the docs from the figures."`

	Broker  brokerCmd  `cmd:"" hidden:""`
	Produce produceCmd `cmd:"" hidden:""`
	Live    liveCmd    `cmd:"" hidden:""`
	Life    lifeCmd    `cmd:"" hidden:""`

	Out  string `default:"docs/figures" placeholder:"DIR" help:"Where figures are kept."`
	Seed uint64 `default:"1" help:"Of what is simulated."`
	Step string `placeholder:"TEXT" help:"What was changed since the run before, for the table of steps."`
}

func main() {
	if os.Getenv("GOGC") == "" {
		debug.SetGCPercent(200) // as andon run does
	}
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	err := run(ctx, os.Args[1:])
	stop()
	if err != nil {
		fmt.Fprintln(os.Stderr, "andon-bench:", strings.ReplaceAll(err.Error(), "\n", "; "))
		os.Exit(1)
	}
}

// run is the program.
func run(ctx context.Context, args []string) error {
	var c cli
	parser, err := kong.New(&c, kong.Name("andon-bench"), kong.Description(description), kong.UsageOnError(),
		kong.BindTo(ctx, (*context.Context)(nil)), kong.ConfigureHelp(kong.HelpOptions{Compact: true, WrapUpperBound: 120}))
	if err != nil {
		panic(err) // the structs are wrong
	}
	chosen, err := parser.Parse(args)
	if err != nil {
		return err
	}
	bench := &bench{Book: figure.Open(c.Out, strings.Join(append([]string{"andon-bench"}, args...), " "), c.Step, c.Seed), began: time.Now()}
	return chosen.Run(bench)
}

// bench is one run of the program: where its figures go.
type bench struct {
	*figure.Book
	began time.Time
}

// record writes a row and tells it.
func (b *bench) record(r *figure.Row) error {
	if err := b.Write(r); err != nil {
		return err
	}
	say("%s: %s: %s", r.Figure, r.Case, told(r.Values))
	return nil
}

// allCmd runs the measurements of make bench.
type allCmd struct {
	Line    lineCmd    `embed:"" prefix:"line-"`
	Growth  growthCmd  `embed:"" prefix:"growth-"`
	Load    loadCmd    `embed:"" prefix:"load-"`
	Latency latencyCmd `embed:"" prefix:"latency-"`
}

// Run runs each, and goes on when one fails: the others' figures are worth having.
func (c allCmd) Run(ctx context.Context, b *bench) error {
	var failed []error
	for _, m := range []struct {
		name string
		run  func(context.Context, *bench) error
	}{{"line", c.Line.Run}, {"growth", c.Growth.Run}, {"load", c.Load.Run}, {"latency", c.Latency.Run}} {
		if ctx.Err() != nil {
			break
		}
		say("== %s, after %s", m.name, time.Since(b.began).Round(time.Second))
		if err := m.run(ctx, b); err != nil {
			say("%s failed: %v", m.name, err)
			failed = append(failed, fmt.Errorf("%s: %w", m.name, err))
		}
	}
	if b.Dir == docsFigures { // a look at other figures leaves the docs alone
		failed = append(failed, tablesCmd{}.Run(b))
	}
	failed = append(failed, ctx.Err())
	say("took %s", time.Since(b.began).Round(time.Second))
	return errors.Join(failed...)
}

// tablesCmd makes the tables.
type tablesCmd struct{}

// Run rewrites the pages of the working directory's checkout.
func (tablesCmd) Run(b *bench) error {
	changed, err := figure.FillPages(b.Dir, ".")
	for _, page := range changed {
		say("tables of %s made anew", page)
	}
	return err
}

// say tells progress.
func say(format string, args ...any) { fmt.Fprintf(os.Stderr, format+"\n", args...) }

// first is the first error that is not the end we asked for.
func first(errs ...error) error {
	for i, err := range errs {
		if errors.Is(err, context.Canceled) {
			errs[i] = nil
		}
	}
	return cmp.Or(errs...)
}
