package guard

import (
	"math"
	"strconv"

	"andon/schemas/control"
	"andon/schemas/event"
)

// alpha is how often a test sees something in a window where nothing is.
const alpha = 0.001

// What must differ besides, however many judgements show that it does.
const (
	floorDivergence = 0.05 // of distributions
	floorMissing    = 0.02 // share of values
	floorOutside    = 0.01 // likewise
	floorRaised     = 0.01 // share of judgements
	floorAgreed     = 0.05 // likewise
	fewerValues     = 4    // times fewer distinct values than any window had
	lessVariance    = 10   // times less variance of scores than is usual
)

// test is one question asked of each window; two of three windows must answer it with yes.
type test int

const (
	testMissing test = iota
	testRange
	testStuck
	testShape
	testScore
	testScoreStuck
	testRaised
	testAgreed
	tests
)

// sight is something a guard saw.
type sight struct {
	test      test // of a window
	signal    control.Signal
	from, to  event.Micros
	statistic float64
	threshold float64
	what      string // in words, for the note
}

// judge compares a window with what is usual, as far as that is learned. At most one sight per test: the worst.
func (r *reference) judge(w *window, names func(column int) string) (seen []sight) {
	if r.columns == nil {
		return nil
	}
	add := func(t test, g control.Signal, statistic, threshold float64, what string) {
		if !(statistic > threshold) {
			return
		}
		for i := range seen {
			if s := &seen[i]; s.test == t {
				if statistic/threshold > s.statistic/s.threshold {
					s.statistic, s.threshold, s.what = statistic, threshold, what
				}
				return
			}
		}
		seen = append(seen, sight{t, g, w.from, w.to, statistic, threshold, what})
	}
	score := len(r.columns) - 1
	if r.values.done(w.to) {
		for i := range r.columns {
			if i < score {
				r.judgeFeature(w, i, names(i), add)
			}
		}
		r.judgeScore(w, score, add)
	}
	if r.rates.done(w.to) {
		raised, agreed := r.rate(w, raisedOf), r.rate(w, agreedOf)
		add(testRaised, control.G4, raised.off(), raised.limit(alpha, &r.raised, max(floorRaised, raised.usual/4)), "the model raises "+raised.words())
		add(testAgreed, control.G6, agreed.off(), agreed.limit(alpha, &r.agreed, floorAgreed), "rule and model agree on "+agreed.words())
	}
	return seen
}

type adder func(t test, g control.Signal, statistic, threshold float64, what string)

func (r *reference) judgeFeature(w *window, i int, name string, add adder) {
	c, each := &r.columns[i], alpha/float64(len(r.columns)-1)
	missing := r.rate(w, missingOf(i))
	add(testMissing, control.G3, missing.off(), missing.limit(each, &c.missing, floorMissing), name+" is missing in "+missing.words())
	n, outside := w.total(i)
	if n < windowRows/5 {
		return
	}
	if outside >= 5 {
		add(testRange, control.G3, float64(outside)/float64(n), floorOutside, name+" is out of its range")
	}
	d := len(w.distinct[i])
	add(testStuck, control.G3, float64(c.fewest)/float64(d), fewerValues, name+" has "+strconv.Itoa(d)+" values, usually at least "+strconv.Itoa(c.fewest))
	s := r.shape(w, i)
	add(testShape, control.G3, s.psi, s.limit(each, &c.shape), name+" is distributed otherwise")
}

func (r *reference) judgeScore(w *window, i int, add adder) {
	if n, _ := w.total(i); n < windowRows/5 {
		return
	}
	s := r.shape(w, i)
	add(testScore, control.G4, s.psi, s.limit(alpha, &r.columns[i].shape), "scores are distributed otherwise")
	now, usual := r.variances(w, i)
	add(testScoreStuck, control.G4, usual/max(now, 1e-12), lessVariance, "scores hardly vary")
}

// total is how many values a column has in the window, and how many of them are out of its range.
func (w *window) total(i int) (n, outside int) {
	for _, p := range w.parts {
		n, outside = n+int(p.columns[i].n), outside+int(p.columns[i].outside)
	}
	return n, outside
}

// likeness is how a column of a window is distributed, beside what is usual at its hours.
type likeness struct {
	psi  float64
	bins int
	n, m float64 // values of the window, and what the reference is worth
}

func (s *likeness) limit(alpha float64, d *spread) float64 {
	if s.bins < 2 {
		return math.Inf(1)
	}
	return max(floorDivergence, d.factor()*limitDivergence(alpha, s.bins, s.n, s.m))
}

// shape compares the distribution of a column. Each hour of the week is held to itself, and weighs as much as it has values in the window.
func (r *reference) shape(w *window, i int) (s likeness) {
	observed := make([]int32, len(r.columns[i].edges)+1)
	expected := make([]float64, len(observed))
	noise := 0.0
	for _, p := range w.parts {
		known := r.cells[p.cell]
		if known == nil || known.columns[i].n == 0 || p.columns[i].n == 0 {
			continue
		}
		n, m := float64(p.columns[i].n), float64(known.columns[i].n)
		s.n += n
		noise += n * n / m
		for b, c := range p.columns[i].bins {
			observed[b] += c
			expected[b] += n * float64(known.columns[i].bins[b]) / m
		}
	}
	if s.n == 0 {
		return s
	}
	s.m = s.n * s.n / noise
	for b := range expected {
		expected[b] /= s.n
	}
	s.psi, s.bins = divergence(observed, expected, s.n, s.m)
	return s
}

// variances are those of a column in the window, and as is usual.
func (r *reference) variances(w *window, i int) (now, usual float64) {
	var a, b [3]float64 // of the window and expected: count, sum, squares
	for _, p := range w.parts {
		known := r.cells[p.cell]
		if known == nil || known.columns[i].n == 0 {
			continue
		}
		t, k := &p.columns[i], &known.columns[i]
		by := float64(t.n) / float64(k.n)
		a[0], a[1], a[2] = a[0]+float64(t.n), a[1]+t.sum, a[2]+t.squares
		b[0], b[1], b[2] = b[0]+float64(t.n), b[1]+by*k.sum, b[2]+by*k.squares
	}
	of := func(s [3]float64) float64 { return max(0, s[2]/s[0]-s[1]/s[0]*(s[1]/s[0])) }
	if a[0] == 0 {
		return 0, 0
	}
	return of(a), of(b)
}

// rate is a share of the window beside what is usual at its hours.
type rate struct{ now, usual, n, m float64 }

func raisedOf(p *part) share { return p.raised }
func agreedOf(p *part) share { return p.agreed }

func missingOf(i int) func(*part) share {
	return func(p *part) share {
		t := &p.columns[i]
		return share{t.missing, t.n + t.missing}
	}
}

func (r *reference) rate(w *window, of func(*part) share) (x rate) {
	noise := 0.0
	for _, p := range w.parts {
		known, s := r.cells[p.cell], of(p)
		if known == nil || of(known).n == 0 || s.n == 0 {
			continue
		}
		usual, n := of(known), float64(s.n)
		x.n += n
		x.now += float64(s.k)
		x.usual += n * float64(usual.k) / float64(usual.n)
		noise += n * n / float64(usual.n)
	}
	if x.n > 0 {
		x.now, x.usual, x.m = x.now/x.n, x.usual/x.n, x.n*x.n/noise
	}
	return x
}

// scatter is how far shares differ by chance: one value more counts as seen, so that what never was is not impossible.
func (x rate) scatter() float64 {
	p := (x.usual*x.m + x.now*x.n + 1) / (x.m + x.n + 2)
	return scatter(p, x.n, x.m)
}

func (x rate) off() float64 { return math.Abs(x.now - x.usual) }

func (x rate) limit(alpha float64, d *spread, floor float64) float64 {
	if x.n < windowRows/5 {
		return math.Inf(1)
	}
	return max(floor, math.Sqrt(d.factor())*upperNormal(alpha/2)*x.scatter())
}

// ratio is the squared difference in units of what chance makes of it.
func (x rate) ratio() float64 {
	if x.n == 0 {
		return 1
	}
	z := x.off() / x.scatter()
	return z * z
}

func (x rate) words() string { return percent(x.now) + ", usually " + percent(x.usual) }

func percent(p float64) string { return strconv.FormatFloat(100*p, 'f', 1, 64) + " %" }
