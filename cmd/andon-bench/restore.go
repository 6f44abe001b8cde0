package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"os"
	"time"

	"andon/cmd/andon-bench/figure"
)

// restoreCmd measures what snapshots cost, and what they are for.
type restoreCmd struct {
	Broker  string `default:"kfake" enum:"kfake,Kafka" help:"kfake (a process of its own, all in memory) or Kafka (4.3.1, one JVM, its log on disk)."`
	Orders  int    `default:"450000" help:"Orders of a simulated day; about 20 events and more than two entities each."`
	Events  int64  `default:"9000000" help:"Events folded before the crash; 6,500,000 hold a million entities."`
	Parcels int    `placeholder:"N" help:"Instead of simulated days so many parcels, each manifested, accepted and scanned, and with snapshots alone. Ten million need --broker Kafka, 14 GB of memory and 8 GB of disk."`
	Dir     string `placeholder:"DIR" help:"Where Kafka keeps its log; a temporary folder by default. It is removed at the end."`
	Profile string `placeholder:"PREFIX" help:"Write CPU profiles of the restarts to files that begin with this."`
}

// Help is shown by --help.
func (restoreCmd) Help() string {
	return `Detection with all rules folds simulated days as fast as it can, with snapshots and without, and ends as a crash would end it: no beat after
the last, no snapshot. A second process takes the lanes over, while more events wait. Measured are events a second until the crash, and from the
second's start until its first live beat and until it holds all lanes: reading snapshots, loading them, running the beats since again with their
digests compared.`
}

// The cases of the measurement restore, after the broker's name.
const (
	withSnapshots    = ", with snapshots"
	withoutSnapshots = ", without"
)

// restoreCase is a case, and the folding that may be to do again.
type restoreCase struct {
	name string
	redo time.Duration
}

// waiting is how many events come after those folded before the crash: what the first process folds while it is found to have done enough, which is less
// than three beats, and what the second judges live.
const waiting = 4 * beatItems

// Run measures the cases.
func (c restoreCmd) Run(ctx context.Context, b *bench) (err error) {
	dir, err := os.MkdirTemp(c.Dir, "andon-bench-")
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, os.RemoveAll(dir)) }()
	on, err := startBroker(ctx, c.Broker, dir)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, on.stop()) }()
	some, cases := days(b.Head.Seed, c.Orders, firstDay), []restoreCase{{withoutSnapshots, -1}, {withSnapshots, 0}}
	if c.Parcels > 0 {
		some, c.Events = openParcels(c.Parcels), int64(filled*c.Parcels)
		cases = []restoreCase{{", " + figure.Number(float64(c.Parcels), 0) + " parcels" + withSnapshots, 0}}
	}
	say("writing %d events, seed %d", c.Events+waiting, b.Head.Seed)
	if _, err := put(ctx, []broker{on}, some, c.Events+waiting); err != nil {
		return err
	}
	var fast float64
	for i, x := range cases {
		r := b.Begin("restore", on.name+x.name)
		if err := c.measure(ctx, on, fmt.Sprintf("restore%d.", i), x.redo, r); err != nil {
			return fmt.Errorf("%s: %w", r.Case, err)
		}
		if fast == 0 {
			fast = r.Values["events_per_s"]
		}
		if len(cases) > 1 {
			r.Values["without_percent"] = 100 * r.Values["events_per_s"] / fast
		}
		if err := b.record(r); err != nil {
			return err
		}
	}
	return nil
}

// measure lets one process fold and crash, and another take over.
func (c restoreCmd) measure(ctx context.Context, on broker, prefix string, redo time.Duration, r *figure.Row) error {
	life := []string{"life", "--addr", on.addr, "--prefix", prefix, "--redo=" + redo.String(), "--broker", fmt.Sprint(on.pid)}
	if err := lived(ctx, append(life, "--events", fmt.Sprint(c.Events)), r.Values); err != nil {
		return err
	}
	say("it folded %s events and crashed", figure.Number(r.Values["events"], 0))
	if c.Profile != "" {
		life = append(life, "--profile", profilePath(c.Profile, r.Case))
	}
	return lived(ctx, life, r.Values)
}

// lived waits for a life to end, and takes over what it measured.
func lived(ctx context.Context, args []string, values map[string]float64) error {
	p, err := startSelf(ctx, args...)
	if err != nil {
		return err
	}
	said, err := p.line()
	if err != nil {
		return err
	}
	measured := map[string]float64{}
	if err := json.Unmarshal([]byte(said), &measured); err != nil {
		return fmt.Errorf("%s said %q: %w", args[0], said, err)
	}
	maps.Copy(values, measured)
	return p.end()
}
