package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"runtime"
	"sync/atomic"
	"time"

	"andon/cmd/andon-bench/figure"
	"andon/pipeline"
	"andon/pipeline/kafka"
)

// restoreCmd measures what snapshots cost, and what they are for.
type restoreCmd struct {
	Broker string `default:"kfake" enum:"kfake,Kafka" help:"kfake (a process of its own) or Kafka (4.3.1, one JVM)."`
	Orders int    `default:"450000" help:"Orders of a simulated day; about 20 events and more than two entities each."`
	Events int64  `default:"9000000" help:"Events folded before the crash; 6,500,000 hold a million entities."`
}

// Help is shown by --help.
func (restoreCmd) Help() string {
	return `Detection with all rules folds simulated days as fast as it can, with snapshots and without, and ends as a crash would end it: no beat after
the last, no snapshot. A second process takes the lanes over. Measured are events a second until the crash, and from the second's start until it
holds all lanes and beats: reading snapshots, loading them, running the beats since again with their digests compared.`
}

// The cases of the measurement restore, after the broker's name.
const (
	withSnapshots    = ", with snapshots"
	withoutSnapshots = ", without"
)

// Run measures both cases.
func (c restoreCmd) Run(ctx context.Context, b *bench) (err error) {
	dir, err := os.MkdirTemp("", "andon-bench-")
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, os.RemoveAll(dir)) }()
	on, err := startBroker(ctx, c.Broker, dir)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, on.stop()) }()
	say("writing %d events, seed %d", c.Events, b.Head.Seed)
	written, err := write(ctx, []broker{on}, c.Orders, b.Head.Seed, c.Events)
	if err != nil {
		return err
	}
	var fast float64
	for i, test := range []struct {
		name string
		redo time.Duration
	}{{withoutSnapshots, -1}, {withSnapshots, 0}} {
		r := b.Begin("restore", on.name+test.name)
		if err := c.measure(ctx, on, topics(on.addr, fmt.Sprintf("restore%d.", i)), test.redo, written.events, r); err != nil {
			return fmt.Errorf("%s: %w", r.Case, err)
		}
		if fast == 0 {
			fast = r.Values["events_per_s"]
		}
		r.Values["without_percent"] = 100 * r.Values["events_per_s"] / fast
		if err := b.record(r); err != nil {
			return err
		}
	}
	return nil
}

func (c restoreCmd) measure(ctx context.Context, on broker, at kafka.Config, redo time.Duration, events int64, r *figure.Row) error {
	d, err := detectWith(ctx, at, logSettings(), withRules(logSettings()), redo)
	if err != nil {
		return err
	}
	before, err := used(on.pid, 0)
	if err != nil {
		return errors.Join(err, d.stop())
	}
	stalled := d.wait(events)
	after, err := used(on.pid, 0)
	if err := first(d.crash(), stalled, err, ctx.Err()); err != nil {
		return err
	}
	n := float64(d.events.Load())
	r.Values["events"], r.Values["events_per_s"] = n, n/after.at.Sub(before.at).Seconds()
	after.since(before, n, r.Values)
	r.Values["snapshots"], r.Values["snapshot_mb"] = d.metric("andon_snapshots_total"), d.metric("andon_snapshot_bytes_total")/1e6
	d = nil
	runtime.GC()

	began := time.Now()
	d, err = detectWith(ctx, at, logSettings(), withRules(logSettings()), redo)
	if err != nil {
		return err
	}
	err = d.beats()
	r.Values["restore_s"], r.Values["redone"] = time.Since(began).Seconds(), d.metric("andon_restored_events_total")
	if err = first(d.crash(), err, ctx.Err()); err != nil {
		return err
	}
	for _, e := range d.engines {
		r.Values["entities"] += float64(e.Engine.Size().Entities)
	}
	return nil
}

// errCrash ends a loop as a kill would: at once, between two beats, without a word.
var errCrash = pipeline.Fail(pipeline.Lost, errors.New("crash"))

// fragile is a member whose process can be made to end.
type fragile struct {
	*kafka.Member
	broken atomic.Bool
}

// Poll fails once the process is to end.
func (f *fragile) Poll(ctx context.Context, wait time.Duration, limit int) (pipeline.Polled, error) {
	if f.broken.Load() {
		return pipeline.Polled{}, errCrash
	}
	return f.Member.Poll(ctx, wait, limit)
}

// crash ends the loop; its group is not told, but need not wait either.
func (d *detection) crash() error {
	d.source.broken.Store(true)
	<-d.done
	defer d.member.Close()
	defer d.cancel()
	if !errors.Is(d.failed, errCrash) {
		return d.failed
	}
	return d.member.Leave(context.Background())
}

// metric is a metric of the loop, summed over its labels.
func (d *detection) metric(name string) (sum float64) {
	families, err := d.registry.Gather()
	if err != nil {
		return 0
	}
	for _, f := range families {
		for _, m := range f.GetMetric() {
			if f.GetName() == name {
				sum += m.GetCounter().GetValue() + m.GetGauge().GetValue()
			}
		}
	}
	return sum
}

// beats waits until all lanes are restored.
func (d *detection) beats() error {
	lanes := func() float64 {
		families, _ := d.registry.Gather()
		for _, f := range families {
			if f.GetName() == "andon_entities" {
				return float64(len(f.GetMetric()))
			}
		}
		return 0
	}
	limit := time.NewTimer(10 * stallLimit)
	defer limit.Stop()
	tick := time.NewTicker(5 * time.Millisecond)
	defer tick.Stop()
	for lanes() < 3*partitions {
		select {
		case <-tick.C:
		case <-d.done:
			return errors.New("the loop ended while its lanes were restored")
		case <-limit.C:
			return errors.New("the lanes were not restored in time")
		}
	}
	return nil
}
