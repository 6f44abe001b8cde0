package main

import (
	"context"
	"log/slog"
	"math"
	"slices"
	"strconv"
	"strings"
	"time"

	"andon/detectors/feature"
	"andon/schemas/beat"
	"andon/schemas/control"
	judgement "andon/schemas/verdict"

	"github.com/prometheus/client_golang/prometheus"
)

// goldenBudget is how long golden rows of one bundle may take to be answered; then it is silence.
const goldenBudget = 10 * time.Second

// goldenChunk is how many rows are asked at once: as many as one call to a server takes.
const goldenChunk = 64

// goldenOff is by how much a score may differ from the golden one: both are rounded to 6 digits.
const goldenOff = 2e-6

// replay asks the live scorer the golden rows of a bundle, and says how many of them it answers otherwise; 0 rows when the bundle is not to be had here:
// that is silence.
func (g *guards) replay(ctx context.Context, id string) (rows, wrong int) {
	b := g.models.Bundle(id)
	if b == nil {
		g.models.Score(ctx, []beat.Request{{Bundle: id}}) // whoever asks for it makes it looked for
		return 0, 0
	}
	requests := make([]beat.Request, len(b.Golden))
	for i, r := range b.Golden {
		requests[i] = beat.Request{Bundle: id, Features: r.Features}
	}
	ctx, cancel := context.WithTimeout(ctx, goldenBudget)
	defer cancel()
	for chunk := range slices.Chunk(requests, goldenChunk) {
		for i, reply := range g.models.Score(ctx, chunk) {
			switch {
			case reply.Reason == judgement.Timeout || reply.Reason == judgement.BreakerOpen:
				return 0, 0 // no answer is no wrong one
			case reply.Reason != "" || !(math.Abs(reply.Score-b.Golden[rows+i].Score) <= goldenOff):
				wrong++
			}
		}
		rows += len(chunk)
	}
	return rows, wrong
}

// featureNames are the features of a set such as carrier/1; nil when this program knows another version.
func featureNames(id string) (names []string) {
	name, _, _ := strings.Cut(id, "/")
	set := feature.Of(name)
	if set == nil || set.ID() != id {
		return nil
	}
	for _, f := range set.Features {
		names = append(names, f.Name)
	}
	return names
}

// guardMetrics are those of the role guard.
type guardMetrics struct {
	state  *prometheus.GaugeVec   // code, bundle
	alerts *prometheus.CounterVec // code, bundle, signal
	trips  *prometheus.CounterVec // code, bundle, signal
	again  *prometheus.CounterVec // code, bundle, differs
}

func newGuardMetrics(r prometheus.Registerer) *guardMetrics {
	m := &guardMetrics{
		state: prometheus.NewGaugeVec(prometheus.GaugeOpts{Name: "andon_guard_state",
			Help: "Whether the model of a code is believed: 0 closed (it is), 1 half open (for a tenth of the entities), 2 open (the rule decides). Absent where nobody guards."}, []string{"code", "bundle"}),
		alerts: prometheus.NewCounterVec(prometheus.CounterOpts{Name: "andon_guard_alerts_total",
			Help: "Things a guard saw that open nothing."}, []string{"code", "bundle", "signal"}),
		trips: prometheus.NewCounterVec(prometheus.CounterOpts{Name: "andon_guard_trips_total",
			Help: "Times a guard opened, by what it saw."}, []string{"code", "bundle", "signal"}),
		again: prometheus.NewCounterVec(prometheus.CounterOpts{Name: "andon_guard_recomputed_total",
			Help: "Judgements whose features were computed again from the log. Those that differ for other reasons than rounding open the guard when they are more than 1 %."}, []string{"code", "bundle", "differs"}),
	}
	r.MustRegister(m.state, m.alerts, m.trips, m.again)
	return m
}

func (m *guardMetrics) show(states []control.Guard) {
	m.state.Reset() // of a model that is asked no more nobody says anything
	for _, s := range states {
		m.state.WithLabelValues(s.Code, s.Bundle).Set(map[control.State]float64{control.HalfOpen: 1, control.Open: 2}[s.State])
	}
}

func (m *guardMetrics) written(s *control.Guard) {
	if s.State == control.Open {
		m.trips.WithLabelValues(s.Code, s.Bundle, string(s.Signal)).Inc()
	}
}

// compared counts a judgement whose features were computed again.
func (m *guardMetrics) compared(c *compared, differs bool) {
	m.again.WithLabelValues(c.code, c.bundle, strconv.FormatBool(differs)).Inc()
}

// logged is a log as a writer of lines.
type logged struct{ *slog.Logger }

func (t logged) Write(line []byte) (int, error) {
	t.Warn("control records are read", "said", strings.TrimSpace(string(line)))
	return len(line), nil
}
