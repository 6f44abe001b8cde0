package guard

import (
	"encoding/binary"
	"math"
	"math/rand/v2"
	"slices"

	"andon/schemas/control"
	"andon/schemas/decision"
	"andon/schemas/event"
	"andon/schemas/verdict"
)

const (
	code   = "CA-05"
	bundle = "carrier-lateness@1"
	raises = 5000 // basis points
	start  = event.Micros(1_767_571_200_000_000)
)

// names are the features of the world: hours of dwell with a daily cycle, counts, skewed and even numbers, some missing.
var names = []string{"dwell_h", "legs", "slack_h", "weight_g", "hub_load", "carrier_late", "week_late", "hops_left"}

// world is a made-up stream of judgements: its features are drawn from the hour, its labels from a probability of which its model knows the formula.
// A fault changes what the model and the log see, or what comes of it; what is true stays.
type world struct {
	g      *Guards
	rng    *rand.Rand
	at     event.Micros
	n      uint64
	before []float64 // the features of the judgement before

	spoil   func(w *world, f []float64) []float64 // what the model is fed
	drifted bool                                  // labels come of something else
	dead    bool                                  // the scorer gives no scores
	golden  int                                   // golden rows that are answered otherwise
	silent  bool                                  // nobody answers golden rows
	label   float64                               // share of what the model raises that is reviewed
	checked float64                               // share of the judgements whose features are computed again

	ticked  event.Micros
	events  int // since reset
	labels  int
	again   int
	windows int
	opened  event.Micros // the window under way
	out     []control.Record
	alerts  []Alert
}

func newWorld(seed uint64) *world {
	w := &world{g: New(func(string) []string { return names }, true), rng: rand.New(rand.NewPCG(seed, 1)), at: start, ticked: start, label: 0.01}
	w.g.Control(start, policyRecord(10_000, raises))
	return w
}

func policyRecord(sampleBP, thresholdBP int32) *control.Record {
	return &control.Record{Kind: control.KindPolicy, Policy: &control.Policy{Code: code, Mode: verdict.Live, Bundle: bundle, ThresholdBP: thresholdBP, SampleBP: sampleBP}}
}

// draw draws the features of a judgement at an instant.
func (w *world) draw(at event.Micros) []float64 {
	r := w.rng
	daily := math.Sin(2 * math.Pi * float64(at%event.Day) / float64(event.Day))
	f := []float64{
		math.Exp(0.8*r.NormFloat64() + 1 + 0.3*daily),
		float64(1 + r.IntN(6)),
		12*r.NormFloat64() + 6*daily,
		math.Round(math.Exp(r.NormFloat64() + 6)),
		r.Float64(),
		0.3 * r.ExpFloat64(),
		r.NormFloat64(),
		float64(r.IntN(4)),
	}
	for i := range f {
		if i != 1 && r.Float64() < 0.03 {
			f[i] = math.NaN()
		}
	}
	return f
}

// probability is that of the label, and the model's score of features that are right.
func probability(f []float64) float64 {
	at := func(i int, usual float64) float64 {
		if math.IsNaN(f[i]) {
			return usual
		}
		return f[i]
	}
	x := -5.2 + 1.3*math.Log(max(0.01, at(0, 2.7))) + 0.25*at(1, 3.5) - 0.08*at(2, 0) + 0.15*math.Log(max(1, at(3, 400))/400) +
		1.2*at(4, 0.5) + 1.5*at(5, 0.3) + 0.5*at(6, 0) + 0.3*at(7, 1.5)
	return 1 / (1 + math.Exp(-x))
}

// rateOf is how many judgements an hour has: by day more, by night and at the weekend less.
func rateOf(at event.Micros) float64 {
	r := 900 + 500*math.Sin(2*math.Pi*float64(at%event.Day)/float64(event.Day))
	if at/event.Day%7 >= 5 {
		r /= 2
	}
	return r
}

// step makes one judgement, and what belongs to the time until it.
func (w *world) step() {
	w.at += event.Micros(float64(event.Hour) / rateOf(w.at) * w.rng.ExpFloat64())
	w.tick()
	truth := w.draw(w.at)
	p := probability(truth)
	fed := slices.Clone(truth)
	if w.spoil != nil {
		fed = w.spoil(w, fed)
	}
	w.before = truth
	score := probability(fed)
	late := w.rng.Float64() < p
	if w.drifted {
		late = w.rng.Float64() < 0.3*(1-p)
	}
	w.n++
	w.events++
	v := verdict.Verdict{Code: code, Bundle: bundle, DetectedAt: w.at, RuleSays: verdict.No, Features: "made/1", Values: fed,
		Selection: verdict.Sampled, PropensityBP: 10_000}
	binary.LittleEndian.PutUint64(v.ID[:], w.rng.Uint64())
	binary.LittleEndian.PutUint64(v.ID[8:], w.n)
	if truth[0] > 8 {
		v.RuleSays, v.Selection = verdict.Raise, verdict.FromRule
	}
	switch raised := score*10_000 >= raises; {
	case w.dead:
		v.Reason = verdict.Timeout
	default:
		v.Score = &score
		if raised && v.Selection == verdict.FromRule {
			v.Selection = verdict.FromBoth
		} else if raised {
			v.Selection = verdict.FromModel
		}
	}
	w.g.Verdict(&v)
	if from := w.watch().window.from; from != w.opened {
		w.opened = from
		w.windows++
	}
	if modelRaises(&v) && w.rng.Float64() < w.label {
		d := decision.Decision{ItemID: v.ID, ItemKind: decision.Verdict, Verdict: decision.FalseAlarm, Source: decision.Simulate}
		if late {
			d.Verdict = decision.Confirmed
		}
		w.labels++
		w.g.Decision(&d)
	}
	if w.rng.Float64() < w.checked {
		w.again++
		w.g.Computed(w.at, code, bundle, fed, truth)
	}
	w.take()
}

// tick lets the shell's clock run up to now: a tick a minute, golden rows every five.
func (w *world) tick() {
	for ; w.ticked+event.Minute <= w.at; w.take() {
		w.ticked += event.Minute
		if w.ticked%GoldenEvery == 0 && !w.silent {
			w.g.Golden(w.ticked, bundle, 100, w.golden)
		}
		w.g.Tick(w.ticked)
	}
}

// take notes the records, and gives them back as the topic does.
func (w *world) take() {
	out := w.g.Take()
	w.out = append(w.out, out.Records...)
	w.alerts = append(w.alerts, out.Alerts...)
	for i := range out.Records {
		w.g.Control(w.at, &out.Records[i])
	}
}

func (w *world) run(until event.Micros) {
	for w.at < until {
		w.step()
	}
}

// opened is the number of records that opened the guard.
func opened(list []control.Record) (n int) {
	for _, r := range list {
		if r.Guard.State == control.Open {
			n++
		}
	}
	return n
}

func (w *world) state() control.State { return w.g.find(code, bundle).machine.state() }

// goesOn is another world whose guard has learned what that of w has, from a seed of its own.
func (w *world) goesOn(seed uint64) *world {
	on := newWorld(seed)
	on.at, on.ticked = w.at, w.at-w.at%event.Minute
	on.g = New(on.g.names, true)
	on.g.Control(on.at, policyRecord(10_000, raises))
	to, from := on.watch(), w.watch()
	to.reference, to.labels.learned = from.reference, from.labels.learned
	return on
}

func (w *world) watch() *watch { return w.g.find(code, bundle) }

// until runs on until the guard is in a state, at most so many events; it says how many it took, 0 when it did not come to it.
func (w *world) until(state control.State, most int) (events int) {
	from := w.events
	for w.events-from < most {
		if w.step(); w.state() == state {
			return w.events - from
		}
	}
	return 0
}
