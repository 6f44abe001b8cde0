package main

import (
	"context"
	"fmt"
	"log/slog"
	"runtime"
	"time"

	"andon/detectors"
	"andon/detectors/setting"
	"andon/pipeline/scorer"
	"andon/replay/train"
	"andon/schemas/beat"
	"andon/schemas/control"
	"andon/schemas/event"
	"andon/schemas/verdict"

	"github.com/prometheus/client_golang/prometheus"
	"golang.org/x/sync/errgroup"
)

// modelCmd measures what a model at every scan costs.
type modelCmd struct {
	Dir     string `default:"models" placeholder:"DIR" help:"Where bundles are."`
	Bundle  string `default:"carrier-lateness@1" placeholder:"NAME@VERSION" help:"The model that is asked."`
	Parcels int    `default:"300000" help:"Open parcels of each lane; each is scanned three times in the measurement."`
	Profile string `placeholder:"PREFIX" help:"Write CPU profiles to files that begin with this."`
}

// Help is shown by --help.
func (modelCmd) Help() string {
	return `A lane on each core, without Kafka: open parcels are scanned in beats of 20,000. First the rules alone judge each scan, predicted lateness
and dwell among them; then a model is asked about each scan as well, in shadow, and then it decides. Step, the model and Settle are timed.`
}

// Run measures the three cases.
func (c modelCmd) Run(ctx context.Context, b *bench) error {
	models := scorer.New(c.Dir, train.Sets, slog.Default(), prometheus.NewRegistry())
	defer models.Close()
	if err := models.Load(ctx); err != nil {
		return err
	}
	if models.Bundle(c.Bundle) == nil {
		return fmt.Errorf("there is no bundle %s in %s: name another with --bundle and --dir, or train it (make train)", c.Bundle, c.Dir)
	}
	alone := 0.0
	for _, mode := range []verdict.Mode{verdict.Off, verdict.Shadow, verdict.Live} {
		r := b.Begin("model", map[verdict.Mode]string{verdict.Off: "rules alone", verdict.Shadow: "a model at every scan, in shadow", verdict.Live: "a model at every scan decides"}[mode])
		if err := c.measure(ctx, mode, models, b.Head.Seed, r.Values); err != nil {
			return err
		}
		if mode == verdict.Off {
			alone = r.Values["events_per_s"]
		}
		r.Values["of_rules_alone_percent"] = 100 * r.Values["events_per_s"] / alone
		if err := b.record(r); err != nil {
			return err
		}
	}
	return nil
}

// measure scans the parcels of all lanes, each on a core of its own.
func (c modelCmd) measure(ctx context.Context, mode verdict.Mode, models *scorer.Registry, seed uint64, values map[string]float64) error {
	lanes := make([]*growth, runtime.GOMAXPROCS(0))
	for i := range lanes {
		g, err := newGrowth(c.Parcels, seed+uint64(i))
		if err != nil {
			return err
		}
		if g.engine, err = usual(); err != nil {
			return err
		}
		g.models = models
		policy := control.Policy{Code: "CA-05", Mode: mode, ThresholdBP: 5000, ClearBP: 4000}
		if mode != verdict.Off {
			policy.Bundle = c.Bundle
		}
		g.engine.Step(beat.Batch{Control: []control.Record{{Object: "policy/CA-05", Version: 1, Kind: control.KindPolicy, Policy: &policy}}})
		g.engine.Settle(nil)
		g.engine.Keep()
		g.fill()
		lanes[i], g.asked = g, 0
	}
	end, err := profiled(c.Profile, string(mode))
	if err != nil {
		return err
	}
	start := time.Now()
	var group errgroup.Group
	for _, g := range lanes {
		group.Go(func() error { g.measure(c.Parcels); return ctx.Err() })
	}
	err = group.Wait()
	took := time.Since(start)
	end()
	events, asked := float64(len(lanes)*c.Parcels*further), 0.0
	for _, g := range lanes {
		asked += float64(g.asked)
	}
	values["events"], values["asked"], values["events_per_s"] = events, asked, events/took.Seconds()
	values["core_us"] = 1e6 * took.Seconds() * float64(len(lanes)) / events
	return err
}

// usual is an engine that knows how long parcels usually take.
func usual() (*detectors.Engine, error) {
	s := setting.Default()
	s.Clock = setting.Log
	s.Reference.Gaps = []setting.Gap{{N: 1000, Q90S: 43_200, Q99S: 86_400}}
	s.Reference.Transit = []setting.Transit{{N: 1000, Q50S: 100_000, Q80S: 150_000}}
	return detectors.New(event.Carrier, s)
}
