package guard

import (
	"math"
	"math/rand/v2"
	"testing"

	"andon/schemas/identity"
	"andon/schemas/verdict"
)

// Quantiles as tables give them.
func TestQuantiles(t *testing.T) {
	for _, c := range []struct {
		alpha float64
		k     float64
		want  float64
	}{
		{0.05, 3, 7.815}, {0.01, 3, 11.345}, {0.001, 3, 16.266}, {0.001, 9, 27.877}, {0.05, 9, 16.919}, {0.001, 19, 43.820}, {0.00001, 9, 39.341},
	} {
		if got := upperChi2(c.alpha, c.k); got < 0.99*c.want || got > 1.02*c.want {
			t.Errorf("chi-squared of %v degrees at %v: %v, want %v", c.k, c.alpha, got, c.want)
		}
	}
	for alpha, want := range map[float64]float64{0.1: 1.2816, 0.025: 1.9600, 0.001: 3.0902} {
		if got := upperNormal(alpha); math.Abs(got-want) > 1e-4 {
			t.Errorf("normal at %v: %v, want %v", alpha, got, want)
		}
	}
	if got := upperShare(30, 60); math.Abs(got-0.5818) > 1e-3 {
		t.Errorf("upper bound of 30 of 60: %v", got)
	}
}

// The limit of the divergence is exceeded as often as it says when nothing has changed: 10 even bins, 500 against 10,000.
func TestDivergenceHasItsNullDistribution(t *testing.T) {
	const bins, n, m, rounds, alpha = 10, 500, 10_000, 4000, 0.01
	r, over := rand.New(rand.NewPCG(5, 5)), 0
	expected := make([]float64, bins)
	for range rounds {
		clear(expected)
		observed := make([]int32, bins)
		for range m {
			expected[r.IntN(bins)] += 1.0 / m
		}
		for range n {
			observed[r.IntN(bins)]++
		}
		psi, k := divergence(observed, expected, n, m)
		if k != bins {
			t.Fatalf("%d bins", k)
		}
		if psi > limitDivergence(alpha, k, n, m) {
			over++
		}
	}
	if share := float64(over) / rounds; share < alpha/2 || share > 2*alpha {
		t.Errorf("over the limit of %v in %v of the windows", alpha, share)
	}
}

func TestThinBinsAreMerged(t *testing.T) {
	_, bins := divergence([]int32{250, 1, 0, 2, 247}, []float64{0.5, 0.002, 0.001, 0.003, 0.494}, 500, 10_000)
	if bins != 2 {
		t.Errorf("%d bins", bins)
	}
	if _, bins := divergence([]int32{500}, []float64{1}, 500, 10_000); bins != 1 {
		t.Errorf("%d bins of one", bins)
	}
}

// Of what is raised as many come into the sample as of what is not, so the share a model raises can be told from the sample.
func TestTheSampleIsOfAllJudgements(t *testing.T) {
	r, all, sampled := rand.New(rand.NewPCG(6, 6)), share{}, share{}
	for range 200_000 {
		raised := r.Float64() < 0.3
		all.count(raised)
		v := verdict.Verdict{Values: verdict.Values{1}, Selection: verdict.FromModel}
		for i := range v.ID {
			v.ID[i] = byte(r.Uint32())
		}
		if !raised {
			if v.Selection = verdict.Sampled; r.Float64() >= 0.05 {
				continue // not recorded
			}
		}
		if drawnBy(&v, 500, hashOf(v.ID)) {
			sampled.count(modelRaises(&v))
		}
	}
	if got := float64(sampled.k) / float64(sampled.n); math.Abs(got-0.3) > 0.02 {
		t.Errorf("%d of %d in the sample are raised, %d of %d of all", sampled.k, sampled.n, all.k, all.n)
	}
}

// A label is counted once, whatever is decided of the item afterwards, and however often it is raised.
func TestAnItemHasOneLabel(t *testing.T) {
	var r raisings
	w, id := newWatch(code, bundle, nil, new(Output)), identity.New("a")
	r.add(start, id, w, 0.7)
	r.add(start, identity.ID{}, w, 0.7)
	first := r.of(id)
	for i, confirmed := range []bool{true, false} {
		if first.watch.label(start, first, confirmed); w.labels.learned != (share{1, 1}) || len(w.calibration.waits) != 1 || first.confirmed != confirmed {
			t.Errorf("decision %d: %+v, %d wait", i, w.labels.learned, len(w.calibration.waits))
		}
	}
	if r.of(identity.ID{}) != nil {
		t.Error("nothing has no label")
	}
	r.add(start+2*generation, identity.New("b"), w, 0.7) // a new generation
	if r.add(start+2*generation, id, w, 0.9); r.of(id) != first {
		t.Error("raised again, it is counted again")
	}
	if r.add(start+4*generation, identity.New("c"), w, 0.7); r.of(identity.New("b")) == nil || r.of(id) != nil {
		t.Error("the older generation is gone too soon, or not at all")
	}
	if r.add(start+6*generation, id, w, 0.7); r.of(id) == first {
		t.Error("the generations grow for ever")
	}
}
