package main

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"sync"
	"time"

	"andon/cmd/andon/config"
	"andon/detectors"
	"andon/detectors/setting"
	"andon/pipeline"
	"andon/pipeline/kafka"
	"andon/schemas/event"

	"github.com/prometheus/client_golang/prometheus"
)

// leaveBudget is how long a stopping detector takes at most to hand its lanes over.
const leaveBudget = 5 * time.Second

// detector is the role detect: events to exceptions.
type detector struct {
	cfg     config.Config
	log     *slog.Logger
	metrics *pipeline.Metrics
	live    *liveness
	reach   *kafka.Reach
	models  pipeline.Scorer
}

func newDetector(cfg config.Config, log *slog.Logger, metrics prometheus.Registerer, reach *kafka.Reach, models pipeline.Scorer) *detector {
	return &detector{cfg, log, pipeline.NewMetrics(metrics), &liveness{log: log}, reach, models}
}

func (d *detector) role() role {
	return role{config.RoleDetect, d.run, func(err error) bool { return pipeline.KindOf(err) == pipeline.Refused }}
}

// run joins the group and turns until ctx ends: then the beat under way is finished and the lanes are handed over.
func (d *detector) run(ctx context.Context) error {
	d.live.reset()
	defer d.live.reset()
	at := kafkaConfig(d.cfg)
	at.Reach = d.reach
	member, err := kafka.Join(ctx, at, d.log)
	if err != nil {
		return err
	}
	defer member.Close()
	controls, err := kafka.OpenControls(ctx, at, d.log)
	if err != nil {
		return err
	}
	defer controls.Close()
	ctx, stop := context.WithCancel(ctx)
	defer stop()
	followed := make(chan error, 1)
	go func() {
		defer stop() // without knowing what to go by, no beat may follow
		followed <- controls.Follow(ctx)
	}()
	loop := pipeline.NewLoop(pipeline.Config{
		Engine:     func(f event.Family) (pipeline.Engine, error) { return detectors.New(f, d.cfg.Settings) },
		Scorer:     d.models,
		Controls:   controls,
		Topic:      func(l pipeline.Lane, side bool) string { return at.Topic(l.Family, side) },
		Logic:      detectors.Logic(),
		Wall:       d.cfg.Settings.Clock == setting.Wall,
		Now:        time.Now,
		Log:        d.log,
		Metrics:    d.metrics,
		Linger:     time.Duration(d.cfg.Beat.LingerMS) * time.Millisecond,
		RecordsMax: d.cfg.Beat.RecordsMax,
	}, watched{member, d.live}, member, member)
	if err := loop.Run(ctx); err != nil {
		return err
	}
	if err := <-followed; err != nil {
		return err
	}
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), leaveBudget)
	defer cancel()
	return member.Leave(ctx)
}

// kafkaConfig is what the adapter is told.
func kafkaConfig(c config.Config) kafka.Config {
	k := kafka.Config{
		Brokers: c.Kafka.Brokers, Instance: c.Instance, InputPrefix: c.Kafka.InputPrefix, OwnPrefix: c.Kafka.OwnPrefix,
		Partitioner: map[event.Family]kafka.Partitioner{},
		TLS:         kafkaTLS(c.Kafka.TLS), SASL: kafkaUser(c.Kafka.SASL),
	}
	for _, f := range event.Families {
		k.Partitioner[f] = kafka.Partitioner(c.Kafka.Partitioner[f.String()])
	}
	return k
}

// liveness knows which lanes a detector was given and which of them beat.
type liveness struct {
	log      *slog.Logger
	mu       sync.Mutex
	assigned bool
	lanes    int // of the assignment
	waiting  map[pipeline.Lane]bool
}

func (l *liveness) reset() {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.assigned, l.waiting = false, map[pipeline.Lane]bool{}
}

// ready says why the detector does not do all its work yet; nil when it does.
func (l *liveness) ready() error {
	l.mu.Lock()
	defer l.mu.Unlock()
	if !l.assigned {
		return errors.New("detect: no lanes assigned yet")
	}
	for lane := range l.waiting {
		return fmt.Errorf("detect: %d lanes are being restored, %s among them", len(l.waiting), lane)
	}
	return nil
}

// watched is a source whose changes of lanes are noted.
type watched struct {
	pipeline.Source
	live *liveness
}

// Poll implements pipeline.Source.
func (w watched) Poll(ctx context.Context, wait time.Duration, limit int) (pipeline.Polled, error) {
	p, err := w.Source.Poll(ctx, wait, limit)
	w.live.mu.Lock()
	defer w.live.mu.Unlock()
	for _, c := range p.Changes {
		if !c.Revoked { // then it is complete
			w.live.assigned, w.live.lanes = true, len(c.Lanes)
		}
		for _, lane := range c.Lanes {
			if c.Revoked {
				delete(w.live.waiting, lane)
			} else {
				w.live.waiting[lane] = true
			}
		}
	}
	return p, err
}

// Release implements pipeline.Source.
func (w watched) Release(ready []pipeline.Lane) {
	w.Source.Release(ready)
	w.live.mu.Lock()
	defer w.live.mu.Unlock()
	for _, lane := range ready {
		delete(w.live.waiting, lane)
	}
	if len(ready) > 0 && len(w.live.waiting) == 0 {
		w.live.log.Info("all lanes beat", "lanes", w.live.lanes)
	}
}
