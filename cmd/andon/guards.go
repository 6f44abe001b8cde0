package main

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"sync"
	"time"

	"andon/cmd/andon/config"
	"andon/detectors/setting"
	"andon/guard"
	"andon/pipeline"
	"andon/pipeline/kafka"
	"andon/pipeline/scorer"
	"andon/schemas/control"
	"andon/schemas/decision"
	"andon/schemas/event"
	judgement "andon/schemas/verdict"

	"github.com/prometheus/client_golang/prometheus"
)

// guards is the role guard: it watches the models that policies ask and writes whether they are to be believed. One process of a deployment has it at a
// time; the others wait.
type guards struct {
	cfg     config.Config
	models  *scorer.Registry
	log     *slog.Logger
	metrics *guardMetrics
	reach   *kafka.Reach
	rest    func(took time.Duration) time.Duration // from one lane that is run again to the next

	election *kafka.Election
	fold     *guard.Guards
	again    *again
	past     bool         // what is read was said before we were elected
	now      event.Micros // by the clock of what is judged
	golden   event.Micros // when golden rows were last replayed
}

func newGuards(cfg config.Config, models *scorer.Registry, log *slog.Logger, metrics prometheus.Registerer, reach *kafka.Reach) *guards {
	return &guards{cfg: cfg, models: models, log: log, metrics: newGuardMetrics(metrics), reach: reach, rest: againRest}
}

func (g *guards) role() role {
	return role{config.RoleGuard, g.run, func(err error) bool { return pipeline.KindOf(err) == pipeline.Refused }}
}

// run waits to be elected and watches for as long as that lasts, until ctx ends.
func (g *guards) run(ctx context.Context) error {
	at := kafkaConfig(g.cfg)
	at.Reach = g.reach
	var err error
	if g.election, err = kafka.Stand(ctx, at, kafka.Guard, g.log); err != nil {
		return err
	}
	defer g.election.Close()
	for {
		turn, stop, err := g.election.Turn(ctx)
		if err == nil {
			err = g.watch(turn, at)
			ended := turn.Err() != nil
			stop()
			if ctx.Err() == nil && ended {
				g.log.Info("another process may be the guard now")
				continue
			}
		}
		if ctx.Err() != nil {
			left, cancel := context.WithTimeout(context.WithoutCancel(ctx), leaveBudget)
			defer cancel()
			return g.election.Leave(left)
		}
		return err
	}
}

// watch reads what was said, and goes on with what is. All state comes of that: dying anywhere, whoever is elected next begins here. What a former guard
// had begun to write is written or given up before it is read: afterwards it writes no more.
func (g *guards) watch(ctx context.Context, at kafka.Config) error {
	former, err := g.election.Appender(ctx, at.Control(), g.log)
	if err != nil {
		return err
	}
	former.Close()
	told, err := kafka.OpenTold(ctx, at, g.log, at.Control(), at.Verdicts(), at.Decisions())
	if err != nil {
		return err
	}
	defer told.Close()
	g.fold, g.past, g.now, g.golden = guard.New(featureNames, g.wall()), true, 0, 0
	g.again = newAgain(g.cfg, at, g.log)
	g.fold.Follow(true)
	for s, err := range told.Past(ctx) {
		if err != nil {
			return err
		}
		if err := g.take(ctx, at, &s); err != nil {
			return err
		}
	}
	g.fold.Take() // what was to be told then
	g.past = false
	g.fold.Follow(false)
	g.log.Info("guards watch", "bundles", g.fold.Watched())
	defer g.metrics.state.Reset() // whoever guards next says it
	running, stop := context.WithCancel(ctx)
	var runs sync.WaitGroup
	runs.Go(func() { g.again.run(running, g.rest) })
	defer func() { stop(); runs.Wait() }()
	for ctx.Err() == nil {
		if err := g.turn(ctx, at, told); err != nil {
			return err
		}
	}
	return nil
}

// turn takes what was said and computed since the last one, and the time.
func (g *guards) turn(ctx context.Context, at kafka.Config, told *kafka.Told) error {
	list, err := told.Poll(ctx, time.Second)
	if err != nil {
		return err
	}
	for i := range list {
		if err := g.take(ctx, at, &list[i]); err != nil {
			return err
		}
	}
	for _, c := range g.again.take() {
		g.metrics.compared(&c, g.fold.Computed(c.at, c.code, c.bundle, c.values, c.anew))
	}
	if g.wall() {
		g.pass(ctx, event.At(time.Now()))
	}
	g.metrics.show(g.fold.States())
	return g.write(ctx, at)
}

func (g *guards) wall() bool { return g.cfg.Settings.Clock == setting.Wall }

// take folds one record and writes what comes of it. What is no record of Andon was told of by whoever reads it for a living.
func (g *guards) take(ctx context.Context, at kafka.Config, s *kafka.Saying) error {
	switch s.Topic {
	case at.Control():
		var r control.Record
		if control.Decode(s.Value, &r) == nil && r.Check() == nil {
			when := g.now
			if g.wall() {
				when = s.At
			}
			g.fold.Control(when, &r)
		}
	case at.Verdicts():
		var v judgement.Verdict
		if judgement.Decode(s.Value, &v) == nil {
			if v.DetectedAt <= 0 { // the lane had no time yet
				v.DetectedAt = v.JudgedAt
			}
			g.pass(ctx, v.DetectedAt)
			g.fold.Verdict(&v)
			if !g.past {
				g.again.keep(s.Partition, &v)
			}
		}
	case at.Decisions():
		var d decision.Decision
		if decision.Decode(s.Value, &d) == nil {
			g.fold.Decision(&d)
		}
	}
	if g.past {
		return nil
	}
	return g.write(ctx, at)
}

// pass lets time go on to an instant: golden rows are replayed and guards look at the time, when it is time for either.
func (g *guards) pass(ctx context.Context, now event.Micros) {
	if now <= g.now {
		return
	}
	ticks := now/event.Minute > g.now/event.Minute
	if g.now = now; g.past {
		return
	}
	if now-g.golden >= guard.GoldenEvery {
		g.golden = now
		for _, id := range g.fold.Watched() {
			if rows, wrong := g.replay(ctx, id); rows > 0 {
				g.fold.Golden(now, id, rows, wrong)
			}
		}
	}
	if ticks {
		g.fold.Tick(now)
	}
}

// write adds the records that came out to the topic of control. Dying before the end nothing stands there, and whoever guards next sees for itself what
// there was to see; dying after it all stands there, and is read again. Deposed meanwhile it fails, and nothing stands there either.
func (g *guards) write(ctx context.Context, at kafka.Config) error {
	out := g.fold.Take()
	for _, a := range out.Alerts {
		g.metrics.alerts.WithLabelValues(a.Code, a.Bundle, string(a.Signal)).Inc()
		g.log.Warn("a guard tells", "code", a.Code, "bundle", a.Bundle, "signal", string(a.Signal), "what", a.Text, "statistic", a.Statistic, "threshold", a.Threshold)
	}
	if len(out.Records) == 0 {
		return nil
	}
	err := g.append(ctx, at, out.Records)
	for try := 1; try < 3 && errors.Is(err, kafka.ErrAppending); try++ { // a person wrote at the same time
		err = g.append(ctx, at, out.Records)
	}
	if err != nil {
		return err
	}
	for i := range out.Records {
		r := &out.Records[i]
		g.metrics.written(r.Guard)
		g.log.Warn("a guard says", "object", r.Object, "version", r.Version, "says", saysGuard(r.Guard), "note", r.Note)
	}
	g.metrics.show(g.fold.States())
	return nil
}

// append writes records as the next versions of their objects.
func (g *guards) append(ctx context.Context, at kafka.Config, list []control.Record) error {
	a, err := g.election.Appender(ctx, at.Control(), g.log)
	if err != nil {
		return err
	}
	defer a.Close()
	state, err := readControl(a.Records(ctx), logged{g.log})
	if err != nil {
		return err
	}
	var records [][2][]byte
	for i := range list {
		r := &list[i]
		r.Version = state.latest[r.Object].Version + 1
		if err := r.Check(); err != nil {
			return fmt.Errorf("guard: its own record: %w", err)
		}
		state.add(*r, 0)
		records = append(records, [2][]byte{[]byte(r.Key()), control.Append(nil, r)})
	}
	return a.Append(ctx, records)
}
