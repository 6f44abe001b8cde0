package main

import (
	"context"
	"fmt"
	"log/slog"
	"os"
	"sync"
	"time"

	"andon/detectors"
	"andon/detectors/setting"
	"andon/pipeline"
	"andon/pipeline/kafka"
	"andon/schemas/beat"
	"andon/schemas/event"

	"github.com/prometheus/client_golang/prometheus"
)

// detection is the role detect in this process, with one kind of engine, beats of 20,000 as configured by default.
type detection struct {
	tally
	at     kafka.Config
	member *kafka.Member
	cancel context.CancelFunc
	source *fragile
	done   chan struct{} // closed when the loop has ended
	failed error         // why; read after done

	registry *prometheus.Registry

	mu      sync.Mutex
	engines []*counted
}

// withRules makes engines with all rules.
func withRules(s setting.Settings) func(event.Family) (pipeline.Engine, error) {
	return func(f event.Family) (pipeline.Engine, error) { return detectors.New(f, s) }
}

// without makes engines that only count.
func without(event.Family) (pipeline.Engine, error) { return &idle{}, nil }

// detect lays out the topics of a run and starts the loop.
func detect(ctx context.Context, at kafka.Config, s setting.Settings, engine func(event.Family) (pipeline.Engine, error)) (*detection, error) {
	return detectWith(ctx, at, s, engine, 0)
}

// detectWith is detect with another span to redo than the default.
func detectWith(ctx context.Context, at kafka.Config, s setting.Settings, engine func(event.Family) (pipeline.Engine, error), redo time.Duration) (*detection, error) {
	log := slog.New(slog.NewTextHandler(os.Stderr, &slog.HandlerOptions{Level: slog.LevelWarn}))
	if err := layOut(ctx, at); err != nil {
		return nil, err
	}
	m, err := kafka.Join(ctx, at, log)
	if err != nil {
		return nil, err
	}
	d := &detection{at: at, member: m, source: &fragile{Member: m}, registry: prometheus.NewRegistry(), done: make(chan struct{})}
	loop := pipeline.NewLoop(pipeline.Config{
		Engine: func(f event.Family) (pipeline.Engine, error) {
			e, err := engine(f)
			return d.count(f, e), err
		},
		Topic: func(l pipeline.Lane, side bool) string { return at.Topic(l.Family, side) },
		Logic: detectors.Logic(), Wall: s.Clock == setting.Wall, Now: time.Now, Log: log, Metrics: pipeline.NewMetrics(d.registry), Redo: redo,
	}, d.source, m, m)
	ctx, d.cancel = context.WithCancel(ctx)
	go func() {
		defer close(d.done)
		d.failed = loop.Run(ctx)
	}()
	return d, nil
}

func (d *detection) count(f event.Family, e pipeline.Engine) *counted {
	c := &counted{Engine: e, family: f, of: &d.tally}
	d.mu.Lock()
	defer d.mu.Unlock()
	d.engines = append(d.engines, c)
	return c
}

// wait returns when n events are folded for good, or the loop has ended; nothing folded for long is an error.
func (d *detection) wait(n int64) error {
	var p progress
	for tick := time.NewTicker(time.Millisecond); d.events.Load() < n; {
		select {
		case <-tick.C:
		case <-d.done:
			return nil // stop says why
		}
		if p.stalled(d.events.Load()) {
			return fmt.Errorf("no event was judged for %s: %d of %d are", stallLimit, d.events.Load(), n)
		}
	}
	return nil
}

// stallLimit is how long nothing may happen while something is waited for.
const stallLimit = 2 * time.Minute

// progress watches a number that should grow.
type progress struct {
	last int64
	at   time.Time
}

// stalled says whether the number has been the same for too long.
func (p *progress) stalled(n int64) bool {
	if n != p.last || p.at.IsZero() {
		p.last, p.at = n, time.Now()
	}
	return time.Since(p.at) > stallLimit
}

// stop ends the loop and hands the lanes over. Its engines stay as they are.
func (d *detection) stop() error {
	d.cancel()
	<-d.done
	defer d.member.Close()
	return first(d.failed, d.member.Leave(context.Background()))
}

// size is what all engines of the families held after their last beats.
func (d *detection) size(families ...event.Family) (s beat.Size) {
	d.mu.Lock()
	defer d.mu.Unlock()
	for _, e := range d.engines {
		for _, f := range families {
			if x := e.size.Load(); x != nil && e.family == f {
				s.Entities += x.Entities
				s.Open += x.Open
				s.Timers += x.Timers
				s.StateBytes += x.StateBytes
			}
		}
	}
	return s
}
