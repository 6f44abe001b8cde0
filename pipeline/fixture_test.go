package pipeline_test

import (
	"context"
	"fmt"
	"log/slog"
	"sync/atomic"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"andon/detectors"
	"andon/detectors/setting"
	"andon/pipeline"
	"andon/pipeline/mem"
	"andon/schemas/beat"
	"andon/schemas/event"
)

const start event.Micros = 1_700_000_000_000_000

var carrier0 = pipeline.Lane{Family: event.Carrier}

// world is a log, and the loops that run on it one after another.
type world struct {
	*mem.Log
	settings setting.Settings
	now      time.Time
	pace     time.Duration // how much later it is each time one looks
	registry *prometheus.Registry
	metrics  *pipeline.Metrics
	log      slog.Handler
	logic    string       // that it says it has
	engines  atomic.Int32 // made so far: one per lane restored
	wrap     func(pipeline.Engine) pipeline.Engine
	options  mem.Options
	config   pipeline.Config
}

func newWorld(lanes ...pipeline.Lane) *world {
	if len(lanes) == 0 {
		lanes = []pipeline.Lane{carrier0}
	}
	w := &world{Log: mem.New(lanes...), settings: setting.Settings{Clock: setting.Log}, now: start.UTC()}
	w.registry = prometheus.NewRegistry()
	w.metrics = pipeline.NewMetrics(w.registry)
	return w
}

// tester is what both kinds of tests offer.
type tester interface {
	Helper()
	Context() context.Context
	Fatal(...any)
	Fatalf(string, ...any)
}

// unsettled is an engine of other logic: it differs by its settings, for want of other rules, and does not say so.
type unsettled struct{ pipeline.Engine }

func (unsettled) Settings() string { return "the same" }

// run runs a new loop, with lanes restored from the log, until nothing is left to do.
func (w *world) run(t tester) error {
	c := w.config
	c.Engine = func(f event.Family) (pipeline.Engine, error) {
		w.engines.Add(1)
		e, err := detectors.New(f, w.settings)
		switch {
		case w.logic != "" && w.wrap == nil:
			return unsettled{e}, err
		case w.wrap != nil:
			return w.wrap(e), err
		}
		return e, err
	}
	c.Topic = func(l pipeline.Lane, side bool) string {
		return fmt.Sprintf("%s.side=%t", l.Family, side)
	}
	if c.Logic = detectors.Logic(); w.logic != "" {
		c.Logic = w.logic
	}
	c.Wall = w.settings.Clock == setting.Wall
	var looks atomic.Int64
	c.Now = func() time.Time { return w.now.Add(w.pace * time.Duration(looks.Add(1))) }
	c.Log = slog.New(slog.DiscardHandler)
	if w.log != nil {
		c.Log = slog.New(w.log)
	}
	c.Metrics = w.metrics
	return w.Run(t.Context(), c, w.options)
}

func (w *world) mustRun(t tester) {
	t.Helper()
	if err := w.run(t); err != nil {
		t.Fatal(err)
	}
}

// send appends an event with the key of its subject, stamped by the broker at its event time.
func (w *world) send(l pipeline.Lane, e event.Event) {
	var key []byte
	if k := e.Key(l.Family); k != "" {
		key = []byte(k)
	}
	w.Append(l, false, key, event.Append(nil, &e), e.Time)
}

func tick(at event.Micros) event.Event { return event.Event{Type: event.ClockTick, Time: at} }

// manifest promises parcel n by a time.
func manifest(n int, at, promise event.Micros) event.Event {
	return event.Event{ID: fmt.Sprintf("m%d", n), Type: event.ShipmentManifested, Time: at, Carrier: "c", TrackingNo: fmt.Sprint(n), PromiseDeliverBy: promise}
}

func scan(n int, at event.Micros, status event.Status) event.Event {
	return event.Event{ID: fmt.Sprintf("s%d-%s-%d", n, status, at), Type: event.CarrierScan, Time: at, Carrier: "c", TrackingNo: fmt.Sprint(n), Status: status}
}

// poisoned is an engine that refuses events by id, in Step or in Settle, and panics in the timers of a subject.
type poisoned struct {
	pipeline.Engine
	step, settle, timer string
	batch               beat.Batch
}

func (p *poisoned) Step(b beat.Batch) beat.Stepped {
	p.batch = b
	st := p.Engine.Step(b)
	for i := range b.Items[:st.Items] {
		if !b.Items[i].Skip && p.step != "" && b.Items[i].Event.ID == p.step {
			st.Rejected = append(st.Rejected, beat.Rejected{Index: i, Reason: event.RulePanic, Detail: "stack"})
		}
	}
	return st
}

func (p *poisoned) Settle(r []beat.Reply) beat.Settled {
	out := p.Engine.Settle(r)
	for i := range p.batch.Items {
		if !p.batch.Items[i].Skip && p.settle != "" && p.batch.Items[i].Event.ID == p.settle {
			out.Poisoned = append(out.Poisoned, beat.Rejected{Index: i, Reason: event.RulePanic, Detail: "stack"})
		}
	}
	for _, x := range out.Exceptions {
		if x.Subject == p.timer && len(p.batch.Disarm)+len(out.Disarm) == 0 {
			out.Disarm = append(out.Disarm, beat.Disarmed{Timer: beat.Timer{Tenant: x.Tenant, Subject: x.Subject, Due: x.OpenedAt}, Detail: "stack"})
		}
	}
	return out
}
