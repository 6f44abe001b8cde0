// Command andon watches fulfilment events as they stream past, says what is going wrong and puts it where people ask.
package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/signal"
	"strings"
	"syscall"

	"github.com/alecthomas/kong"
)

// version is set by the build.
var version = "devel"

// Exit codes, as `andon --help` states them.
const (
	exitOK      = 0
	exitFailure = 1 // it was tried and went wrong
	exitUsage   = 2 // the command line or the configuration is wrong; nothing was tried
)

const description = `Andon watches fulfilment events (ASN and receiving, carrier, pick and pack) in Kafka, finds what is going wrong, and puts
exceptions, each exactly once, into ClickHouse.

A first look: andon demo. On engines of your own: write a configuration (deploy/andon.example.yaml), then andon config check,
andon topics apply, andon migrate, andon run. With events of your own: andon check, andon import.

Exit codes: 0 all is well, 1 it went wrong, 2 the command line or the configuration is wrong, 3 verify and explain: not all could be
checked.`

// cli is the command line; each command stands in a file of its own.
type cli struct {
	Demo       demoCmd       `cmd:"" help:"See it run: a simulated day through the whole line, on engines it brings itself."`
	Run        runCmd        `cmd:"" help:"Detect and load, until it is told to stop."`
	Config     configCmd     `cmd:"" help:"Check a configuration and what it names."`
	Topics     topicsCmd     `cmd:"" help:"Lay out the topics in Kafka."`
	Migrate    migrateCmd    `cmd:"" help:"Create or update the tables in ClickHouse."`
	Simulate   simulateCmd   `cmd:"" help:"Make up a day of fulfilment, with its hidden truth, into Kafka or a file."`
	Check      checkFileCmd  `cmd:"" help:"Look through a file of your own events: what is wrong, line by line."`
	Import     importCmd     `cmd:"" help:"Put a file of your own events, or a public data set, into Kafka."`
	Replay     replayCmd     `cmd:"" help:"Run a public data set through the core in memory and count the exceptions."`
	Baseline   baselineCmd   `cmd:"" help:"Work out of a file of past events what is usual, for settings.reference."`
	Verify     verifyCmd     `cmd:"" help:"Run the journal again and compare: was anything changed that was decided?"`
	Explain    explainCmd    `cmd:"" help:"Tell how one exception came about, and prove it."`
	Deadletter deadletterCmd `cmd:"" help:"See what was put aside, and why, and send it again."`
	Dataset    datasetCmd    `cmd:"" help:"Make tables of judgements to train models on."`
	Model      modelCmd      `cmd:"" help:"Pack, check and look at models."`
	Control    controlCmd    `cmd:"" help:"See and change what lanes work by: policies, models, guards, settings."`
	Decide     decideCmd     `cmd:"" help:"Write down what was decided about exceptions and judgements: the source of labels."`
	Reconcile  reconcileCmd  `cmd:"" help:"Compare the tables in ClickHouse with the topics, and repair them."`
	Version    versionCmd    `cmd:"" help:"Print version, build and rules."`
}

// usageError is a mistake of the caller: a wrong flag or configuration.
type usageError struct{ error }

func (u usageError) Unwrap() error { return u.error }

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), syscall.SIGINT, syscall.SIGTERM)
	context.AfterFunc(ctx, stop) // a second signal ends the process at once
	code := run(ctx, os.Args[1:])
	stop()
	os.Exit(code)
}

// commandLine is the parser of the command line.
func commandLine(ctx context.Context) *kong.Kong {
	parser, err := kong.New(&cli{}, kong.Name("andon"), kong.Description(description), kong.UsageOnError(),
		kong.BindTo(ctx, (*context.Context)(nil)), kong.ConfigureHelp(kong.HelpOptions{Compact: true, WrapUpperBound: 100}))
	if err != nil {
		panic(err) // the structs above are wrong
	}
	return parser
}

// run is the program: it prints what went wrong, a line for each thing that did, and returns the exit code.
func run(ctx context.Context, args []string) int {
	chosen, err := commandLine(ctx).Parse(args)
	if err == nil {
		err = chosen.Run()
	} else {
		err = usageError{err}
	}
	if err == nil {
		return exitOK
	}
	for line := range strings.Lines(err.Error()) {
		fmt.Fprintln(os.Stderr, "andon:", strings.TrimSpace(line))
	}
	if _, ok := errors.AsType[usageError](err); ok {
		return exitUsage
	}
	if _, ok := errors.AsType[uncheckedError](err); ok {
		return exitUnchecked
	}
	return exitFailure
}
