package guard

import (
	"fmt"
	"math"
	"strings"
	"testing"

	"andon/schemas/control"
	"andon/schemas/event"
	"andon/schemas/verdict"
)

// fault is something that goes wrong unseen, and which signals are to see it.
type fault struct {
	name    string
	spoil   func(w *world, f []float64) []float64
	drifted bool
	sees    string // the signals that must trip
	study   string // what the study the design stands on found, in its windows of 500 events
}

var faults = []fault{
	{"a feature is missing", func(_ *world, f []float64) []float64 { f[0] = math.NaN(); return f }, false, "G2 G3",
		"missing rate and feature PSI in every window; labels 45"},
	{"hours sent as minutes", func(_ *world, f []float64) []float64 { f[0] *= 60; return f }, false, "G2 G3 G4 G5", "score and feature PSI in every window; labels 107"},
	{"two columns swapped", func(_ *world, f []float64) []float64 { f[0], f[3] = f[3], f[0]; return f }, false, "G2 G3 G4 G5", "score and feature PSI in every window; labels 23"},
	{"a feature is stuck", func(_ *world, f []float64) []float64 { f[5] = 0.2; return f }, false, "G2 G3", "feature PSI in every window; labels 742"},
	{"a feature of another entity", func(w *world, f []float64) []float64 { f[0] = w.before[0]; return f }, false, "G2 G5", "nothing but labels: 1,167"},
	{"all features of another entity", func(w *world, f []float64) []float64 { return append(f[:0], w.before...) }, false, "G2 G5", "nothing but labels: 17"},
	{"concept drift", nil, true, "G5", "nothing but labels: 17"},
}

// alone runs a fault with one kind of input: whether and when that trips, as events, windows, labels or samples.
func (f *fault) alone(seed uint64, only control.Signal, most int) (events, counted int, seen control.Signal) {
	w := learned().goesOn(seed)
	w.label, w.checked = 0, 0
	switch only {
	case control.G5:
		w.label = 1
	case control.G2:
		w.checked = 0.01
	default:
	}
	if only != control.G3 {
		w.watch().reference = reference{}
	}
	w.step()
	w.spoil, w.drifted, w.events, w.labels, w.again, w.windows = f.spoil, f.drifted, 0, 0, 0, 0
	if events = w.until(control.Open, most); events == 0 {
		return 0, 0, ""
	}
	counted = map[control.Signal]int{control.G5: w.labels, control.G2: w.again}[only]
	if only == control.G3 {
		counted = w.windows
	}
	return events, counted, w.watch().machine.last.Signal
}

// recovers runs a fault with everything, mends it when it is seen, and returns by which signal and after how many events it opened, and how many hours
// after that it was closed again.
func (f *fault) recovers(t *testing.T, seed uint64) (by control.Signal, events int, hours float64) {
	w := learned().goesOn(seed)
	w.label, w.checked = 1, 0.01
	w.step()
	w.spoil, w.drifted = f.spoil, f.drifted
	if events = w.until(control.Open, 60_000); events == 0 {
		t.Errorf("%s: nothing trips", f.name)
		return
	}
	by, opened := w.watch().machine.last.Signal, w.at
	w.spoil, w.drifted = nil, false
	if w.until(control.HalfOpen, 50_000) == 0 || w.until(control.Closed, 50_000) == 0 {
		t.Errorf("%s: it stays %s", f.name, w.state())
	}
	return by, events, float64(w.at-opened) / float64(event.Hour)
}

// Each fault is seen by the signals made for it, in time, and is over once it is mended. The table is that of docs/models.md.
func TestFaultsTrip(t *testing.T) {
	var table strings.Builder
	for i, f := range faults {
		seed := uint64(10 + i)
		cell := func(only control.Signal, most int, format string) string {
			events, counted, seen := f.alone(seed, only, most)
			must := strings.Contains(f.sees, string(only)) || only == control.G3 && strings.Contains(f.sees, "G4")
			if must != (events > 0) && (must || only != control.G5) {
				t.Errorf("%s, %s alone: seen after %d events", f.name, only, events)
			}
			limit := map[control.Signal]int{control.G2: 1000, control.G3: 3, control.G5: 1500}[only]
			if must && counted > limit {
				t.Errorf("%s, %s alone: seen after %d, at most %d", f.name, only, counted, limit)
			}
			if events == 0 {
				return "-"
			}
			return fmt.Sprintf(format, counted, events, seen)
		}
		g2 := cell(control.G2, 20_000, "%[1]d samples (%[2]d events)")
		g3 := cell(control.G3, 6_000, "%[3]s: %[1]d windows (%[2]d events)")
		g5 := cell(control.G5, 60_000, "%[1]d labels (%[2]d events)")
		by, events, hours := f.recovers(t, seed)
		fmt.Fprintf(&table, "| %s | %s | %s | %s | %s after %d events, closed after %.1f h | %s |\n", f.name, g2, g3, g5, by, events, hours, f.study)
	}
	t.Logf("\n%s", table.String())
}

// A scorer that gives no scores is told of after 20 judgements, once, and trips nothing: each judgement went by the rule already.
func TestNoScoresAreTold(t *testing.T) {
	g := New(nil, true)
	g.Control(start, policyRecord(0, raises))
	score, at := 0.1, start
	for i := range 4000 {
		at += event.Second / 10
		v := verdict.Verdict{Code: code, Bundle: bundle, DetectedAt: at, Score: &score}
		if dead := i >= 1000 && i < 3000; dead && i%3 > 0 {
			v.Score, v.Reason = nil, verdict.Timeout
		}
		g.Verdict(&v)
		out := g.Take()
		if len(out.Records) > 0 || len(out.Alerts) != map[bool]int{true: 1}[i == 1000+breakerCalls-1] {
			t.Fatalf("judgement %d: %+v", i, out)
		}
	}
}

// Golden rows that are answered otherwise open the guard at once; it goes on once they are answered well, the time is up and windows are clean.
func TestGoldenRowsTripAtOnce(t *testing.T) {
	w := learned().goesOn(31)
	w.run(w.at + event.Hour)
	w.golden = 1
	from := w.at
	if w.until(control.Open, 10_000) == 0 || w.at-from > GoldenEvery+event.Minute {
		t.Fatalf("after %s: %s", w.at-from, w.state())
	}
	g := w.watch().machine.last
	if g.Signal != control.G1 || g.Reason != "guard_golden" || g.Trips != 1 || g.HoldUntil-g.ChangedAt != holdFirst || g.ValidUntil != 0 {
		t.Errorf("%+v", g)
	}
	w.run(w.at + 6*event.Hour)
	if w.state() != control.Open {
		t.Errorf("%s though golden rows fail", w.state())
	}
	w.golden = 0
	if w.until(control.HalfOpen, 10_000) == 0 || w.until(control.Closed, 10_000) == 0 {
		t.Fatalf("it stays %s", w.state())
	}
	if last := w.out[len(w.out)-1]; last.Guard.State != control.Closed || last.Guard.Reason != "" || last.Guard.ValidUntil != w.watch().machine.last.ChangedAt+lease {
		t.Errorf("%+v", last.Guard)
	}
	// The second time within a week it waits for a person, and twice as long.
	w.golden = 3
	w.until(control.Open, 10_000)
	w.golden = 0
	if g := w.watch().machine.last; g.HoldUntil-g.ChangedAt != 2*holdFirst || g.Trips != 2 {
		t.Errorf("%+v", g)
	}
	w.run(w.at + 2*event.Day)
	if w.state() != control.Open {
		t.Fatalf("it went on without a person: %s", w.state())
	}
	closed := w.watch().machine.last
	closed.State, closed.Signal, closed.ChangedAt = control.HalfOpen, "", w.at
	w.g.Control(w.at, &control.Record{Kind: control.KindGuard, Author: "ada", Guard: &closed})
	if w.until(control.Closed, 10_000) == 0 {
		t.Errorf("a person said half open, it is %s", w.state())
	}
}

// A guard that hears no golden rows opens: nobody watches.
func TestSilenceOpens(t *testing.T) {
	w := learned().goesOn(32)
	w.run(w.at + event.Hour)
	w.silent = true
	from := w.at
	if w.until(control.Open, 10_000) == 0 || w.at-from > silence+GoldenEvery {
		t.Fatalf("after %s: %s", w.at-from, w.state())
	}
	w.silent = false
	if w.until(control.Closed, 20_000) == 0 {
		t.Errorf("it stays %s", w.state())
	}
}

// Whoever starts goes by the records that stand: it knows the state, how long it holds and how often it opened, and writes nothing about the past.
func TestAStartGoesByWhatWasWritten(t *testing.T) {
	w := learned().goesOn(33)
	w.run(w.at + event.Hour)
	w.golden = 1
	w.until(control.Open, 10_000)
	g := New(nil, true)
	g.Follow(true)
	g.Control(start, policyRecord(10_000, raises))
	for i := range w.out {
		g.Control(w.at, &w.out[i])
	}
	g.Golden(w.at, bundle, 100, 1)
	g.Follow(false)
	before, after := w.watch().machine, g.find(code, bundle).machine
	if before.last != after.last || before.hold != after.hold || before.tripped != after.tripped || after.state() != control.Open {
		t.Errorf("before %+v, after %+v", before.last, after.last)
	}
	if out := g.Take(); len(out.Records)+len(out.Alerts) > 0 {
		t.Errorf("%+v", out)
	}
	closed := after.last
	closed.State, closed.Reason, closed.ChangedAt = control.Closed, "", w.at+event.Hour
	g.Control(w.at, &control.Record{Kind: control.KindGuard, Author: "ada", Guard: &closed})
	if g.Golden(w.at+event.Hour, bundle, 100, 1); g.States()[0].State != control.Open || g.States()[0].Trips != 2 {
		t.Errorf("%+v", g.States())
	}
	if m := g.find(code, bundle).machine; !m.person || m.hold != 2*holdFirst {
		t.Errorf("the second time within a week it holds for %s, and waits for a person: %t", m.hold, m.person)
	}
}
