package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"sync/atomic"
	"syscall"
	"time"

	"andon/pipeline"
	"andon/pipeline/kafka"
)

// lifeCmd is the hidden command that is one life of the detector in the measurement restore. It ends as a crash would end it, and tells what it measured.
type lifeCmd struct {
	Addr    string
	Prefix  string        // of the deployment's own topics
	Redo    time.Duration // as pipeline.Config.Redo
	Broker  int           // its process
	Events  int64         // to fold; 0: it takes over where another crashed, and ends once it holds all lanes and has beaten
	Profile string        // what the file's name begins with
}

// Run lives.
func (c lifeCmd) Run(ctx context.Context) error {
	end, err := profiled(c.Profile, "restart")
	if err != nil {
		return err
	}
	began, err := used(c.Broker, 0)
	if err != nil {
		return err
	}
	d, err := detectWith(ctx, topics(c.Addr, c.Prefix), logSettings(), withRules(logSettings()), c.Redo)
	if err != nil {
		return err
	}
	values := map[string]float64{}
	if c.Events > 0 {
		err = c.fold(d, values)
	} else {
		err = c.restore(d, began, values)
	}
	end()
	if err = first(d.crash(), err, ctx.Err()); err != nil {
		return err
	}
	for _, e := range d.engines {
		values["entities"] += float64(e.Engine.Size().Entities)
	}
	said, _ := json.Marshal(values) // numbers cannot fail to encode
	fmt.Println(string(said))
	return nil
}

// fold measures from the first event on.
func (c lifeCmd) fold(d *detection, values map[string]float64) error {
	before, err := used(c.Broker, 0)
	if err != nil {
		return err
	}
	if err := d.wait(c.Events); err != nil {
		return err
	}
	after, err := used(c.Broker, 0)
	n := float64(d.events.Load())
	values["events"], values["events_per_s"] = n, n/after.at.Sub(before.at).Seconds()
	after.since(before, n, values)
	values["snapshots"], values["snapshot_mb"] = d.metric("andon_snapshots_total"), d.metric("andon_snapshot_bytes_total")/1e6
	values["peak_mb"] = peakMB()
	return err
}

// restore measures from the start of the process on.
func (c lifeCmd) restore(d *detection, began usage, values map[string]float64) error {
	tick := time.NewTicker(20 * time.Millisecond)
	defer tick.Stop()
	limit := time.NewTimer(10 * stallLimit)
	defer limit.Stop()
	for values["restore_s"] == 0 || values["first_beat_s"] == 0 {
		select {
		case <-tick.C:
		case <-d.done:
			return errors.New("the loop ended while its lanes were restored")
		case <-limit.C:
			return errors.New("the lanes were not restored in time")
		}
		if values["first_beat_s"] == 0 && d.metric("andon_events_read_total") > 0 {
			values["first_beat_s"] = time.Since(began.at).Seconds()
		}
		if values["restore_s"] == 0 && d.samples("andon_entities") == lanes {
			now, err := used(c.Broker, 0)
			if err != nil {
				return err
			}
			took := now.at.Sub(began.at).Seconds()
			values["restore_s"], values["restore_peak_mb"] = took, peakMB()
			values["restore_busy_cores"], values["restore_broker_cores"] = (now.andon-began.andon)/took, (now.broker-began.broker)/took
			values["restore_gc_percent"] = 100 * (now.gc - began.gc) / max(now.andon-began.andon, 0.01)
		}
	}
	values["redone"] = d.metric("andon_restored_events_total")
	return nil
}

// lanes is how many there are: of three families.
const lanes = 3 * partitions

// peakMB is the most memory this process ever held, in millions of bytes.
func peakMB() float64 {
	var r syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &r); err != nil {
		return 0
	}
	return float64(r.Maxrss) * 1024 / 1e6
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
	d.each(name, func(v float64) { sum += v })
	return sum
}

// samples is how many values a metric of the loop has.
func (d *detection) samples(name string) (n int) {
	d.each(name, func(float64) { n++ })
	return n
}

func (d *detection) each(name string, value func(float64)) {
	families, err := d.registry.Gather()
	if err != nil {
		return
	}
	for _, f := range families {
		for _, m := range f.GetMetric() {
			if f.GetName() == name {
				value(m.GetCounter().GetValue() + m.GetGauge().GetValue())
			}
		}
	}
}
