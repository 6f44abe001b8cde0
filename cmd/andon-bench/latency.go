package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"time"

	"andon/cmd/andon-bench/figure"
	"andon/detectors/setting"
	"andon/pipeline"
	"andon/pipeline/kafka"
	"andon/pipeline/load"
	"andon/schemas/event"

	"github.com/twmb/franz-go/pkg/kgo"
)

// latencyCmd measures how long people wait.
type latencyCmd struct {
	Broker  string  `default:"both" enum:"kfake,Kafka,both" help:"kfake (a process of its own), Kafka (4.3.1) or both."`
	Rate    float64 `placeholder:"EVENTS" help:"Events a second; by default --load of what the last andon-bench line gave on the broker."`
	Load    float64 `default:"0.7" help:"Part of what the line takes."`
	Seconds int     `default:"20" help:"Seconds measured."`
	Warm    int     `default:"8" help:"Seconds before those."`
	Probes  int     `default:"100" help:"Short picks a second that are followed through the line."`
}

// Help is shown by --help.
func (latencyCmd) Help() string {
	return `Live timestamps, clock: wall. A producer in a process of its own keeps the pace; among its events are short picks whose event time is the
instant they were handed to its client. Timed from there to the exception record at a read-committed consumer, and to the end of the insert that
has its row. Cases: detection alone, at 70 % of "detect with all rules"; detection with all loaders, at 70 % of "detect and load".`
}

// Run measures each case on each broker.
func (c latencyCmd) Run(ctx context.Context, b *bench) error {
	for _, name := range []string{kfake, realKafka} {
		if c.Broker != "both" && c.Broker != name {
			continue
		}
		for _, of := range []string{figure.Detect, figure.Whole} {
			if err := c.measure(ctx, b, name, of); err != nil {
				return fmt.Errorf("%s%s: %w", name, of, err)
			}
		}
	}
	return nil
}

// rate is how many events a second the producer keeps up.
func (c latencyCmd) rate(b *bench, of string) (float64, error) {
	if c.Rate > 0 {
		return c.Rate, nil
	}
	return b.share(of, c.Load)
}

// share is a part of the events a second that a case of line last gave.
func (b *bench) share(of string, part float64) (float64, error) {
	rows, err := figure.Read(b.Dir, "line")
	if err != nil {
		return 0, err
	}
	for _, r := range slices.Backward(rows) {
		if r.Case == of && r.Values["events_per_s"] > 0 {
			return part * r.Values["events_per_s"], nil
		}
	}
	return 0, fmt.Errorf("%s has no figure of %q to take a part of: run andon-bench line first, or give --rate", b.Dir, of)
}

// measure makes one case on engines of its own.
func (c latencyCmd) measure(ctx context.Context, b *bench, name, of string) (err error) {
	rate, err := c.rate(b, name+of)
	if err != nil {
		return err
	}
	dir, err := os.MkdirTemp("", "andon-bench-")
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, os.RemoveAll(dir)) }()
	on, err := startBroker(ctx, name, dir)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, on.stop()) }()
	m := &live{latencyCmd: c, bench: b, on: on, at: liveTopics(on.addr), probes: newProbes(), name: name + of, offered: rate}
	if of == figure.Whole {
		if m.store, err = startStore(ctx, filepath.Join(dir, "clickhouse")); err != nil {
			return err
		}
		defer func() { err = errors.Join(err, m.store.close()) }()
	}
	return m.measure(ctx)
}

// liveTopics are the topics of a live run.
func liveTopics(addr string) kafka.Config {
	return kafka.Config{Brokers: []string{addr}, Instance: "live", InputPrefix: "live.", OwnPrefix: "live.own."}
}

// live is one case of the measurement.
type live struct {
	latencyCmd
	*bench
	name    string
	on      broker
	store   *store // nil: detection alone
	at      kafka.Config
	offered float64
	probes  *probes
}

// made is what a producer says at its end.
type made struct {
	Events    int64   `json:"events"`
	Probes    int     `json:"probes"`     // completed after the warm-up
	BehindMS  float64 `json:"behind_ms"`  // it was behind its pace at most
	CPUs      float64 `json:"cpu_s"`      // it used
	EventHash uint64  `json:"event_hash"` // sums over all events: xxHash64 of the event id,
	Content   uint64  `json:"content"`    // and of the value
}

// measure runs detection, and the loaders where there is a store, beside the producer.
func (m *live) measure(ctx context.Context) error {
	settings := setting.Default()
	p, err := startSelf(ctx, "produce", "--addr", m.on.addr, "--rate", fmt.Sprint(m.offered), "--seconds", fmt.Sprint(m.Seconds), "--warm", fmt.Sprint(m.Warm),
		"--probes", fmt.Sprint(m.Probes), "--seed", fmt.Sprint(m.Head.Seed))
	if err != nil {
		return err
	}
	say("%s: making up %.0f events/s", m.name, m.offered)
	if _, err := p.line(); err != nil { // it is ready
		return err
	}
	d, err := detect(ctx, m.at, settings, withRules(settings))
	if err != nil {
		return errors.Join(err, p.end())
	}
	rows, err := m.load(ctx)
	if err != nil {
		return errors.Join(err, d.stop(), p.end())
	}
	watched, cancel := context.WithCancel(ctx)
	defer cancel()
	watching, err := m.watch(watched)
	if err != nil {
		return errors.Join(err, d.stop(), p.end())
	}
	r, made, err := m.produce(p, d)
	if err == nil {
		err = m.probes.await(ctx, made.Probes, m.store != nil)
	}
	cancel()
	failed := d.stop()
	if rows != nil {
		failed = first(failed, rows.stop())
	}
	<-watching
	if err = first(failed, err); err != nil {
		return err
	}
	m.probes.put(r.Values)
	return m.record(r)
}

// produce lets the producer go and measures from the end of its warm-up to its end.
func (m *live) produce(p *child, d *detection) (r *figure.Row, made made, err error) {
	if _, err := fmt.Fprintln(p.in, "go"); err != nil {
		return nil, made, fmt.Errorf("the producer is gone: %w", err)
	}
	if _, err := p.line(); err != nil { // it is warm
		return nil, made, err
	}
	r = m.Begin("latency", m.name)
	pid := 0
	if m.store != nil {
		pid = m.store.PID()
	}
	start := d.events.Load()
	before, err := used(m.on.pid, pid)
	if err != nil {
		return r, made, err
	}
	said, err := p.line()
	if err != nil {
		return r, made, err
	}
	after, err := used(m.on.pid, pid)
	if err != nil {
		return r, made, err
	}
	if err := json.Unmarshal([]byte(said), &made); err != nil {
		return r, made, fmt.Errorf("the producer says %q: %w", said, err)
	}
	took, events := after.at.Sub(before.at).Seconds(), float64(d.events.Load()-start)
	r.Values["events_per_s"], r.Values["offered_events_per_s"] = events/took, m.offered
	after.since(before, max(events, 1), r.Values)
	r.Values["producer_cpu_us"], r.Values["producer_behind_ms"] = 1e6*made.CPUs/float64(max(made.Events, 1)), made.BehindMS
	r.Values["busy_cores"] += made.CPUs / (took + float64(m.Warm))
	r.Values["lag_events"] = float64(made.Events - d.events.Load())
	r.Values["entities"] = float64(d.size(event.Families[:]...).Entities)
	return r, made, p.end()
}

// load starts the loaders if there is a store.
func (m *live) load(ctx context.Context) (*loading, error) {
	if m.store == nil {
		return nil, nil
	}
	db, err := m.store.database(ctx, "live")
	if err != nil {
		return nil, err
	}
	return loadInto(ctx, m.at, db, func(from load.Partition, records []pipeline.Record) {
		at := event.At(time.Now())
		for i := range records {
			switch from.Topic {
			case m.at.Exceptions():
				m.probes.exception(&m.probes.row, records[i].Value, at)
			case m.at.Input(event.PickPack):
				m.probes.event(records[i].Key, records[i].Value, at)
			}
		}
	})
}

// watch reads the exceptions as a consumer would, until ctx ends.
func (m *live) watch(ctx context.Context) (done chan struct{}, err error) {
	cl, err := kgo.NewClient(kgo.SeedBrokers(m.on.addr), kgo.ConsumeTopics(m.at.Exceptions()), kgo.FetchIsolationLevel(kgo.ReadCommitted()),
		kgo.ConsumeResetOffset(kgo.NewOffset().AtStart()))
	if err != nil {
		return nil, err
	}
	done = make(chan struct{})
	go func() {
		defer close(done)
		defer cl.Close()
		for ctx.Err() == nil {
			fetches := cl.PollFetches(ctx)
			at := event.At(time.Now())
			fetches.EachRecord(func(r *kgo.Record) { m.probes.exception(&m.probes.seen, r.Value, at) })
		}
	}()
	return done, nil
}
