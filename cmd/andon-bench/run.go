package main

import (
	"context"
	"fmt"
	"log/slog"
	"os"
	"runtime"
	"runtime/pprof"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"andon/pipeline"
	"andon/pipeline/kafka"
	"andon/schemas/beat"
	"andon/schemas/event"

	"github.com/prometheus/client_golang/prometheus"
)

const partitions = 8

// run folds the whole day with one kind of engine and measures the events from..to.
type run struct {
	addr, name, prefix string
	engine             func(event.Family) (pipeline.Engine, error)
	from, to           int64
	profile            string

	mu           sync.Mutex
	engines      []*counted
	total, found atomic.Int64

	took          time.Duration
	before, after beat.Size
	heap          uint64
	pause         time.Duration
	raised        int64
	filled        time.Duration
}

func (r *run) do(ctx context.Context, settings string) error {
	log := slog.New(slog.DiscardHandler)
	c := config(r.addr, r.prefix)
	if err := layOut(ctx, c); err != nil {
		return err
	}
	m, err := kafka.Join(ctx, c, log)
	if err != nil {
		return err
	}
	defer m.Close()
	loop := pipeline.NewLoop(pipeline.Config{
		Engine:   r.counted,
		Topic:    func(l pipeline.Lane, side bool) string { return c.Topic(l.Family, side) },
		Settings: settings, Now: time.Now, Log: log, Metrics: pipeline.NewMetrics(prometheus.NewRegistry()),
	}, m, m, m)
	ctx, stop := context.WithCancel(ctx)
	var failed error
	var wg sync.WaitGroup
	wg.Go(func() { failed = loop.Run(ctx); stop() })
	began := time.Now()
	r.wait(ctx, r.from)
	r.filled = time.Since(began)
	r.before, r.raised = r.size(), r.found.Load()
	var gc runtime.MemStats
	runtime.ReadMemStats(&gc)
	r.pause = -time.Duration(gc.PauseTotalNs)
	end, err := r.profiled()
	if err != nil {
		stop()
		return err
	}
	at, start := r.total.Load(), time.Now()
	r.wait(ctx, r.to)
	end()
	r.took = time.Duration(float64(time.Since(start)) * float64(r.to-r.from) / float64(r.to-at))
	r.raised = r.found.Load() - r.raised
	r.after = r.size()
	runtime.ReadMemStats(&gc)
	r.pause += time.Duration(gc.PauseTotalNs)
	stop()
	wg.Wait()
	runtime.GC()
	runtime.ReadMemStats(&gc)
	r.heap = gc.HeapAlloc
	runtime.KeepAlive(r.engines)
	return first(failed, m.Leave(context.Background()))
}

// profiled begins the CPU profile of the measured part, if one is asked for; end ends it.
func (r *run) profiled() (end func(), err error) {
	if r.profile == "" {
		return func() {}, nil
	}
	f, err := os.Create(r.profile + strings.TrimSuffix(r.prefix, "."))
	if err != nil {
		return nil, err
	}
	return func() { pprof.StopCPUProfile(); _ = f.Close() }, pprof.StartCPUProfile(f)
}

// wait returns when n events are folded for good.
func (r *run) wait(ctx context.Context, n int64) {
	tick := time.NewTicker(2 * time.Millisecond)
	defer tick.Stop()
	for r.total.Load() < n && ctx.Err() == nil {
		select {
		case <-tick.C:
		case <-ctx.Done():
		}
	}
}

func (r *run) counted(f event.Family) (pipeline.Engine, error) {
	e, err := r.engine(f)
	c := &counted{Engine: e, total: &r.total, found: &r.found}
	r.mu.Lock()
	defer r.mu.Unlock()
	r.engines = append(r.engines, c)
	return c, err
}

// size is what all engines held after their last beats.
func (r *run) size() (s beat.Size) {
	r.mu.Lock()
	defer r.mu.Unlock()
	for _, e := range r.engines {
		x := e.size.Load()
		if x == nil {
			continue
		}
		s.Entities += x.Entities
		s.Open += x.Open
		s.Timers += x.Timers
		s.StateBytes += x.StateBytes
	}
	return s
}

// report prints the run's figures and returns its events per second.
func (r *run) report() float64 {
	rate := float64(r.to-r.from) / r.took.Seconds()
	fmt.Printf("%-26s %9.0f events/s   %6.2f us an event   (%d events in %.2f s; %.2f s for those before)\n",
		r.name, rate, 1e6/rate, r.to-r.from, r.took.Seconds(), r.filled.Seconds())
	if r.before.Entities > 0 {
		fmt.Printf("%26s %d to %d entities, %d exception records, %d timers, %d bytes of facts an entity, heap %d MB after a collection, pauses %s\n", "",
			r.before.Entities, r.after.Entities, r.raised, r.after.Timers, r.after.StateBytes/int64(r.after.Entities), r.heap>>20, r.pause.Round(time.Millisecond))
	}
	return rate
}
