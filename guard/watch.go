package guard

import (
	"math"
	"strconv"

	"andon/schemas/control"
	"andon/schemas/event"
	"andon/schemas/verdict"
)

// GoldenEvery is how often golden rows are to be answered again; when they are not for three times that, the guard opens.
const GoldenEvery = 5 * event.Minute

const silence = 3 * GoldenEvery

// watch is all that is known of one model of one code.
type watch struct {
	code, bundle string
	policy       control.Policy
	active       bool // the policy asks this model
	out          *Output

	machine   machine
	set       string // the features' set
	names     func(set string) []string
	reference reference
	window    window
	unfit     int // judgements since the last window that fit into none
	values    []float64
	labels    labels
	computed  computed
	heard     event.Micros // the latest golden rows, or when it began
	calls     breaker

	calibration calibration
}

func newWatch(code, bundle string, names func(string) []string, out *Output) *watch {
	w := &watch{code: code, bundle: bundle, names: names, out: out}
	w.machine.last = control.Guard{Code: code, Bundle: bundle}
	w.machine.emit = func(g control.Guard, note string) {
		r := control.Record{Kind: control.KindGuard, Author: Author, Note: note, Guard: &g}
		r.Complete()
		out.Records = append(out.Records, r)
	}
	return w
}

// rule takes the policy of the code.
func (w *watch) rule(at event.Micros, p *control.Policy) {
	was, active := w.policy, p.Bundle == w.bundle && p.Mode != verdict.Off
	if active && !w.active {
		w.heard = at
	}
	if active && w.active && was.ThresholdBP != p.ThresholdBP {
		w.reference.forgetRates(at)
		w.window = window{}
	}
	w.policy, w.active = *p, active
}

// verdict takes a judgement about which the model was asked.
func (w *watch) verdict(v *verdict.Verdict) {
	if late := w.calls.count(v.DetectedAt, v.Score == nil); late > 0 {
		w.alert(sight{signal: control.G0, from: v.DetectedAt - breakerTime, to: v.DetectedAt, statistic: late, threshold: breakerShare,
			what: "judgements have no score, the latest for " + v.Reason})
	}
	hash := hashOf(v.ID)
	if !drawnBy(v, w.policy.SampleBP, hash) {
		return
	}
	r := w.row(v)
	if w.reference.columns != nil && len(r.values) != len(w.reference.columns) {
		if w.unfit++; w.unfit >= windowRows {
			w.machine.trip(v.DetectedAt, sight{signal: control.G3, from: v.DetectedAt, to: v.DetectedAt, statistic: float64(len(r.values) - 1),
				threshold: float64(len(w.reference.columns) - 1), what: "judgements come with another number of features: no window can be judged"})
			w.unfit = 0
		}
		return
	}
	w.set = v.Features
	if w.reference.columns == nil {
		if w.machine.state() == control.Closed && w.reference.draw(&r, hash) {
			w.window = window{}
		}
	}
	w.pass(v.DetectedAt)
	w.window.add(&r, w.reference.cell(r.at), w.reference.columns)
}

// drawnBy reports whether a judgement is one of the windows' sample: so likely is one that was recorded because it was raised as one that was not.
func drawnBy(v *verdict.Verdict, sampleBP int32, hash uint64) bool {
	return len(v.Values) > 0 && (sampleBP == 0 || v.Selection == verdict.Sampled || hash%verdict.Certain < uint64(sampleBP))
}

// modelRaises reports whether the model says so, whoever decides.
func modelRaises(v *verdict.Verdict) bool {
	return v.Selection == verdict.FromModel || v.Selection == verdict.FromBoth
}

// scoreOf is NaN when there is none.
func scoreOf(v *verdict.Verdict) float64 {
	if v.Score == nil {
		return math.NaN()
	}
	return *v.Score
}

// row is a judgement as windows see it, good until the next.
func (w *watch) row(v *verdict.Verdict) row {
	w.values = append(append(w.values[:0], v.Values...), scoreOf(v))
	raised := modelRaises(v)
	return row{at: v.DetectedAt, values: w.values, raised: raised, agreed: raised == (v.RuleSays == verdict.Raise),
		both: v.Score != nil && v.RuleSays != verdict.Abstains}
}

// pass closes the window when it is time, and lets the machine go on.
func (w *watch) pass(at event.Micros) {
	if w.window.full(at) {
		seen := w.reference.judge(&w.window, w.nameOf)
		if w.machine.state() == control.Closed && len(seen) == 0 {
			w.reference.learn(&w.window)
		}
		for _, s := range seen {
			if s.signal == control.G6 && (w.machine.recent[s.test][0] || w.machine.recent[s.test][1]) {
				w.alert(s)
			}
		}
		w.machine.window(&w.window, seen)
		w.window, w.unfit = window{}, 0
	}
	m := &w.machine
	if s, seen := w.calibration.ripen(at, m); seen {
		w.labels.tripped()
		m.trip(at, s)
	}
	m.goOn(at, (!m.labels || w.labels.cured() && w.calibration.cured()) && (!m.features || w.computed.cured()))
}

// tick opens a guard that hears nothing, and prolongs the record of one that does.
func (w *watch) tick(at event.Micros) {
	if !w.active {
		return
	}
	if w.heard == 0 {
		w.heard = at // until now there was no time
	}
	w.pass(at)
	if silent := at - w.heard; silent >= silence {
		w.machine.trip(at, sight{signal: control.G1, from: w.heard, to: at, statistic: float64(silent / event.Second), threshold: float64(silence / event.Second),
			what: "for so many seconds no golden rows were answered: nobody watches"})
	} else if w.machine.golden || w.machine.state() != control.Closed {
		w.machine.renew(at)
	}
}

func (w *watch) alert(s sight) {
	w.out.Alerts = append(w.out.Alerts, Alert{Code: w.code, Bundle: w.bundle, Signal: s.signal, From: s.from, To: s.to, Statistic: s.statistic,
		Threshold: s.threshold, Text: s.what})
}

// nameOf is the name of a column: that of the feature, where it is known.
func (w *watch) nameOf(column int) string {
	if names := w.names(w.set); column < len(names) {
		return names[column]
	}
	return "value " + strconv.Itoa(column) + " of " + w.set
}

// The breaker of G0: of at least breakerCalls judgements within breakerTime at least breakerShare without a score.
const (
	breakerTime  = 10 * event.Second
	breakerCalls = 20
	breakerShare = 0.5
)

// breaker counts judgements without a score, to tell of it once when there are many.
type breaker struct {
	from   event.Micros
	failed share
	told   bool
}

// count returns the share that failed when it is to be told; else 0.
func (b *breaker) count(at event.Micros, failed bool) float64 {
	if at-b.from >= breakerTime {
		b.told = b.told && b.bad()
		b.from, b.failed = at, share{}
	}
	b.failed.count(failed)
	if !b.bad() || b.told {
		return 0
	}
	b.told = true
	return float64(b.failed.k) / float64(b.failed.n)
}

func (b *breaker) bad() bool {
	return b.failed.n >= breakerCalls && float64(b.failed.k) >= breakerShare*float64(b.failed.n)
}
