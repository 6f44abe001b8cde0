package guard

import (
	"encoding/binary"
	"math/rand/v2"
	"testing"

	"andon/schemas/control"
	"andon/schemas/decision"
	"andon/schemas/event"
	"andon/schemas/verdict"
)

// The limit of the calibration error is exceeded no more often than it says when nothing has changed, of a model that is well calibrated and of one that never
// was; and nearly always when scores are off by a fifth more.
func TestCalibrationHasItsNullDistribution(t *testing.T) {
	const rounds, level = 4000, 0.01
	rng := rand.New(rand.NewPCG(8, 8))
	for _, c := range []struct {
		usual, now, times float64 // by how much less come true than the scores say
		least, most       float64
	}{{0, 0, 1, 0.0005, level}, {0.15, 0.15, 1, 0.0005, 2 * level}, {0.15, 0.15, worse, 0, 0.0005}, {0, 0.2, worse, 0.95, 1}, {0.05, 0.25, worse, 0.8, 1}} {
		drawn := func(off float64, n int) (d diagram) {
			for range n {
				score := 0.5 + 0.5*rng.Float64()
				d.count(&raised{score: score, confirmed: rng.Float64() < score-off})
			}
			return d
		}
		over := 0
		for range rounds {
			usual, now := drawn(c.usual, ripeLearned), drawn(c.now, ripeWindow)
			if ece, limit := now.against(&usual, c.times, level); ece > limit {
				over++
			}
		}
		share := float64(over) / rounds
		t.Logf("off by %v, then by %v, %v times the error allowed: over the limit in %.4f of the windows", c.usual, c.now, c.times, share)
		if share < c.least || share > c.most {
			t.Errorf("not within %v and %v", c.least, c.most)
		}
	}
}

// More comes true than the scores say: precision does not sink, distributions stay what they were, and the calibration sees it once labels are ripe. It is
// over when what is raised afterwards comes true as it did.
func TestScoresThatAreOffTrip(t *testing.T) {
	const every = 5 * event.Minute
	g, rng := New(nil, true), rand.New(rand.NewPCG(9, 9))
	g.Control(start, policyRecord(0, raises))
	at, off, raisedSince := start, 0.0, 0
	var transitions []control.Guard
	run := func(until func() bool, most event.Micros) {
		t.Helper()
		for end := at + most; !until(); {
			if at > end {
				t.Fatalf("after %d days: %+v", most/event.Day, transitions)
			}
			at += every
			raisedSince++
			score := 0.5 + 0.4*rng.Float64()
			v := verdict.Verdict{Code: code, Bundle: bundle, DetectedAt: at, RuleSays: verdict.No, Features: "made/1", Values: verdict.Values{rng.NormFloat64()},
				Score: &score, Selection: verdict.FromModel}
			binary.LittleEndian.PutUint64(v.ID[:], rng.Uint64())
			d := decision.Decision{ItemID: v.ID, ItemKind: decision.Verdict, Verdict: decision.FalseAlarm, Source: decision.Triage}
			if rng.Float64() < score+off {
				d.Verdict = decision.Confirmed
			}
			g.Verdict(&v)
			g.Decision(&d)
			g.find(code, bundle).labels.sum = 0 // of 20,000 labels the CUSUM crosses three times by chance
			g.Golden(at, bundle, 100, 0)
			for _, r := range g.Take().Records {
				if len(transitions) == 0 && r.Guard.State != control.Closed || len(transitions) > 0 && r.Guard.State != transitions[len(transitions)-1].State {
					transitions = append(transitions, *r.Guard)
				}
			}
		}
	}
	became := func(n int) func() bool { return func() bool { return len(transitions) == n } }
	days := func(n event.Micros) func() bool {
		end := at + n*event.Day
		return func() bool { return at >= end || len(transitions) > 0 }
	}
	run(days(60), 61*event.Day)
	if len(transitions) > 0 {
		t.Fatalf("nothing has changed: %+v", transitions)
	}
	off, raisedSince = 0.25, 0
	run(became(1), 20*event.Day)
	first := transitions[0]
	ripe := raisedSince - int(ripeAfter/every)
	t.Logf("after %d ripe labels: %.3f, at most %.3f", ripe, first.Statistic, first.Threshold)
	if first.Signal != control.G5 || first.Reason != verdict.GuardLabels || first.State != control.Open || first.Statistic <= first.Threshold || first.WindowTo <= first.WindowFrom ||
		ripe > 1500 {
		t.Errorf("%+v after %d ripe labels", first, ripe)
	}
	off = 0
	run(became(3), 40*event.Day)
	if transitions[1].State != control.HalfOpen || transitions[2].State != control.Closed || transitions[1].ChangedAt < first.ChangedAt+ripeAfter {
		t.Errorf("%+v", transitions[1:])
	}
	run(days(30), 31*event.Day) // what it raised while it was wrong ripens, and is of no account
	if len(transitions) != 3 {
		t.Errorf("%+v", transitions[3:])
	}
}
