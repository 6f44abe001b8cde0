package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"runtime/pprof"
	"strings"

	"andon/cmd/andon-bench/figure"
	"andon/detectors/setting"
	"andon/pipeline"
	"andon/schemas/event"
)

// lineCmd measures events a second.
type lineCmd struct {
	Broker   string `default:"both" enum:"kfake,Kafka,both" help:"kfake (a process of its own), Kafka (4.3.1, one JVM) or both, each with all cases."`
	Orders   int    `default:"450000" help:"Orders of a simulated day; about 20 events and more than two entities each."`
	Fill     int64  `default:"6500000" help:"Events before those measured: they fill the lanes with a million entities."`
	Measured int64  `default:"10000000" help:"Events measured."`
	Whole    int64  `default:"1500000" help:"Events of the case with ClickHouse, from the first on; 0 leaves it out."`
	Profile  string `placeholder:"PREFIX" help:"Write CPU profiles of the measured events, of this process and of kfake, to files that begin with this."`
}

// Help is shown by --help.
func (lineCmd) Help() string {
	return `Two simulated days are written to the input topics: the orders of the second are picked while the parcels of the first travel. Cases:

  consume, decode, commit    the loop with an engine that only counts: the ceiling
  detect with all rules      the same with the engine; CPU and memory of it
  detect and load            detection and the loaders together from an empty start: what the whole line takes on these cores

Beats of at most 20,000 records, each committed in a transaction with its outputs; clock: log.`
}

// Run measures each case on each broker.
func (c lineCmd) Run(ctx context.Context, b *bench) (err error) {
	dir, err := os.MkdirTemp("", "andon-bench-")
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, os.RemoveAll(dir)) }()
	l := &line{lineCmd: c, bench: b, dir: dir, settings: logSettings()}
	for _, name := range []string{kfake, realKafka} {
		if c.Broker != "both" && c.Broker != name {
			continue
		}
		x, failed := startBroker(ctx, name, dir)
		if failed != nil {
			return failed
		}
		defer func() { err = errors.Join(err, x.stop()) }()
		l.brokers = append(l.brokers, x)
	}
	say("writing %d events, seed %d", c.Fill+c.Measured, b.Head.Seed)
	if l.backlog, err = write(ctx, l.brokers, c.Orders, b.Head.Seed, c.Fill+c.Measured); err != nil {
		return err
	}
	for _, x := range l.brokers {
		if err := l.measure(ctx, x); err != nil {
			return fmt.Errorf("%s: %w", x.name, err)
		}
	}
	return nil
}

// logSettings are the settings of simulated time, all else by default.
func logSettings() setting.Settings {
	s := setting.Default()
	s.Clock = setting.Log
	return s
}

// line is one run of the measurement.
type line struct {
	lineCmd
	*bench
	dir      string
	settings setting.Settings
	brokers  []broker
	backlog  backlog
	runs     int
}

// measure makes all cases on one broker.
func (l *line) measure(ctx context.Context, on broker) error {
	ceiling, err := l.span(ctx, on, figure.Ceiling, without)
	if err != nil {
		return err
	}
	if err := l.record(ceiling); err != nil {
		return err
	}
	detect, err := l.span(ctx, on, figure.Detect, withRules(l.settings))
	if err != nil {
		return err
	}
	detect.Values["ceiling_percent"] = 100 * detect.Values["events_per_s"] / ceiling.Values["events_per_s"]
	if err := l.record(detect); err != nil || l.Whole == 0 {
		return err
	}
	return l.whole(ctx, on)
}

// span folds the whole backlog with one kind of engine and measures its last events.
func (l *line) span(ctx context.Context, on broker, what string, engine func(event.Family) (pipeline.Engine, error)) (*figure.Row, error) {
	heap := settledHeap()
	l.runs++
	d, err := detect(ctx, topics(on.addr, fmt.Sprintf("run%d.", l.runs)), l.settings, engine)
	if err != nil {
		return nil, err
	}
	if err := d.wait(l.Fill); err != nil {
		return nil, first(d.stop(), err)
	}
	entities := d.size(event.Families[:]...).Entities
	r := l.Begin("line", on.name+what)
	end, err := l.profiled(on, r.Case)
	if err != nil {
		return nil, errors.Join(err, d.stop())
	}
	counts := [...]int64{d.events.Load(), d.exceptions.Load(), d.costs.Load()}
	before, err := used(on.pid, 0)
	stalled := d.wait(l.backlog.events)
	after, err2 := used(on.pid, 0)
	err3 := end()
	events := float64(d.events.Load() - counts[0])
	r.Values["events"], r.Values["event_bytes"] = events, float64(l.backlog.bytes)/float64(l.backlog.events)
	r.Values["exceptions"], r.Values["costs"] = float64(d.exceptions.Load()-counts[1]), float64(d.costs.Load()-counts[2])
	r.Values["events_per_s"] = events / after.at.Sub(before.at).Seconds()
	r.Values["time_us"] = 1e6 / r.Values["events_per_s"]
	after.since(before, events, r.Values)
	err = first(d.stop(), stalled, err, err2, err3, ctx.Err())
	if size := d.size(event.Families[:]...); size.Entities > 0 {
		parcels := d.size(event.Carrier)
		r.Values["entities_before"], r.Values["entities_after"] = float64(entities), float64(size.Entities)
		r.Values["parcel_facts_bytes"] = float64(parcels.StateBytes) / float64(max(parcels.Entities, 1))
		r.Values["heap_entity_bytes"] = (settledHeap() - heap) / float64(size.Entities)
		r.Values["open_exceptions"], r.Values["timers"] = float64(size.Open), float64(size.Timers)
	}
	runtime.KeepAlive(d.engines)
	return r, err
}

// whole runs detection and all loaders together over the first events. Detection pauses when it has them, so that the loaders, which are slower,
// have all cores for what is left: the rate is what the line would keep up with.
func (l *line) whole(ctx context.Context, on broker) (err error) {
	s, err := startStore(ctx, filepath.Join(l.dir, "clickhouse-"+on.name))
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, s.close()) }()
	db, err := s.database(ctx, "whole")
	if err != nil {
		return err
	}
	l.runs++
	at := topics(on.addr, fmt.Sprintf("run%d.", l.runs))
	if err := layOut(ctx, at); err != nil {
		return err
	}
	r := l.Begin("line", on.name+figure.Whole)
	before, err := used(on.pid, s.PID())
	if err != nil {
		return err
	}
	rows, err := loadInto(ctx, at, db, nil)
	if err != nil {
		return err
	}
	d, err := detect(ctx, at, l.settings, withRules(l.settings))
	if err != nil {
		return errors.Join(err, rows.stop())
	}
	stalled := d.wait(l.Whole)
	failed := first(d.stop(), stalled)
	stalled = rows.wait(map[string]int64{"events": d.events.Load(), "exceptions": d.exceptions.Load(), "costs": d.costs.Load()})
	after, err := used(on.pid, s.PID())
	if err = first(failed, rows.stop(), stalled, err, ctx.Err()); err != nil {
		return err
	}
	events := float64(d.events.Load())
	r.Values["events"], r.Values["rows"] = events, float64(rows.rows())
	r.Values["events_per_s"] = events / after.at.Sub(before.at).Seconds()
	r.Values["time_us"] = 1e6 / r.Values["events_per_s"]
	after.since(before, events, r.Values)
	return l.record(r)
}

// settledHeap is the heap after a collection, in bytes.
func settledHeap() float64 {
	runtime.GC()
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return float64(m.HeapAlloc)
}

// profiled begins CPU profiles of this process and of the broker, if they are asked for; end ends them.
func (l *line) profiled(on broker, of string) (end func() error, err error) {
	if l.Profile == "" {
		return func() error { return nil }, nil
	}
	ours, err := profiled(l.Profile, of)
	if err != nil {
		return nil, err
	}
	theirs, err := on.profile(profilePath(l.Profile, of+" broker"))
	return func() error { ours(); return theirs() }, err
}

// profiled begins a CPU profile of this process, if one is asked for; end ends it.
func profiled(prefix, of string) (end func(), err error) {
	if prefix == "" {
		return func() {}, nil
	}
	f, err := os.Create(profilePath(prefix, of))
	if err != nil {
		return nil, err
	}
	return func() { pprof.StopCPUProfile(); _ = f.Close() }, pprof.StartCPUProfile(f)
}

// profilePath names a profile after what it is of.
func profilePath(prefix, of string) string {
	return prefix + "-" + strings.Join(strings.FieldsFunc(of, func(r rune) bool { return r == ' ' || r == ',' }), "-")
}
