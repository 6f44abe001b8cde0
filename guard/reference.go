package guard

import (
	"math"
	"slices"
	"sort"

	"andon/schemas/event"
	"andon/schemas/identity"
)

// reference is what is usual for one model: learned while its guard is closed, then never changed.
type reference struct {
	drawn   []drawn // judgements to place bins by; nil once they are placed
	keep    uint64  // those are drawn whose hash is below
	seen    int     // of which the sample is drawn
	begun   event.Micros
	columns []column // the features, then the score; nil while bins are not placed
	cells   []*part  // by cell of the week: one for each hour of it, for each hour of the day, or a single one; nil where nothing was seen

	values learning // of columns
	rates  learning // of what the model raises: begins anew with another threshold
	raised spread
	agreed spread
}

// column is what is usual for one column.
type column struct {
	edges     []float64 // bin i holds what is above edge i-1 and not above edge i
	low, high float64
	fewest    int // distinct values a window had at least
	missing   spread
	shape     spread
}

func (c *column) bin(v float64) int { return sort.SearchFloat64s(c.edges, v) }

// spread is how much more than by chance windows differ from what was expected of them: the mean of ratios that are 1 by chance.
type spread struct {
	sum float64
	n   int
}

func (s *spread) add(ratio float64) { s.sum, s.n = s.sum+ratio, s.n+1 }

// factor is what limits of squares are widened by.
func (s *spread) factor() float64 { return max(1, s.sum/max(1, float64(s.n))) }

// learning is how far something is learned.
type learning struct {
	since   event.Micros
	windows int
}

const week = 7 * event.Day

// leastWindows is on how many windows a reference stands at least.
const leastWindows = 50

// checking reports whether windows are compared with what was counted before them; done whether nothing is learned any more.
func (l *learning) checking() bool { return l.windows >= leastWindows/2 }

func (l *learning) done(at event.Micros) bool {
	return at-l.since >= 2*week && l.windows >= leastWindows
}

// A sample of at most drawnMax judgements says where bins lie, of at least drawnMin.
const (
	drawnMax = 8192
	drawnMin = 1000
	binsMost = 10
)

type drawn struct {
	hash   uint64
	values []float64
}

// draw takes a judgement into the sample, which is one of all there were. True: a week is over, and the bins are placed.
func (r *reference) draw(x *row, hash uint64) bool {
	if r.seen == 0 {
		r.begun, r.keep = x.at, math.MaxUint64
	}
	r.seen++
	if hash < r.keep {
		r.drawn = append(r.drawn, drawn{hash, slices.Clone(x.values)})
	}
	if len(r.drawn) >= drawnMax {
		r.keep /= 2
		r.drawn = slices.DeleteFunc(r.drawn, func(d drawn) bool { return d.hash >= r.keep })
	}
	if x.at-r.begun < week || r.seen < drawnMin {
		return false
	}
	r.place(x.at)
	return true
}

// place places the bins: so that each holds as much of the sample as another, as far as values can be told apart.
func (r *reference) place(at event.Micros) {
	r.columns = make([]column, len(r.drawn[0].values))
	for i := range r.columns {
		var values []float64
		for _, d := range r.drawn {
			if !math.IsNaN(d.values[i]) {
				values = append(values, d.values[i])
			}
		}
		slices.Sort(values)
		c := &r.columns[i]
		c.fewest = manyValues
		c.low, c.high = math.Inf(1), math.Inf(-1)
		if len(values) == 0 {
			continue
		}
		c.low, c.high = values[0], values[len(values)-1]
		for b := 1; b < binsMost; b++ {
			c.edges = append(c.edges, values[len(values)*b/binsMost])
		}
		c.edges = slices.Compact(c.edges)
	}
	// A cell for each hour of the week where each has its judgements, else coarser.
	weeks := max(1, float64(at-r.begun)/float64(week))
	cells := 1
	for _, n := range []int{24, 168} {
		if float64(r.seen) >= 50*float64(n)*weeks {
			cells = n
		}
	}
	r.cells, r.drawn = make([]*part, cells), nil
	r.values.since, r.rates.since = at, at
}

// cell is the part of the week an instant lies in. The hours of the week are counted from one midnight UTC.
func (r *reference) cell(at event.Micros) int {
	if len(r.cells) == 0 {
		return 0
	}
	return int(at / event.Hour % event.Micros(len(r.cells)))
}

// learn takes a window in, unless all is learned. What it says of windows differing among themselves is taken before.
func (r *reference) learn(w *window) {
	values, rates := !r.values.done(w.to), !r.rates.done(w.to)
	if r.columns == nil || !values && !rates {
		return
	}
	if values {
		if r.values.checking() {
			r.compare(w)
		}
		for i := range r.columns {
			c := &r.columns[i]
			if n, _ := w.total(i); n >= windowRows/5 {
				c.fewest = min(c.fewest, len(w.distinct[i]))
			}
		}
		r.values.windows++
	}
	if rates {
		if r.rates.checking() {
			r.raised.add(r.rate(w, raisedOf).ratio())
			r.agreed.add(r.rate(w, agreedOf).ratio())
		}
		r.rates.windows++
	}
	for _, p := range w.parts {
		known := r.cells[p.cell]
		if known == nil {
			known = newPart(p.cell, r.columns)
			r.cells[p.cell] = known
		}
		if values {
			for i := range p.columns {
				known.columns[i].add(&p.columns[i])
			}
		}
		if rates {
			known.raised.add(p.raised)
			known.agreed.add(p.agreed)
		}
	}
}

// compare notes how much a window differs from what was counted before it.
func (r *reference) compare(w *window) {
	for i := range r.columns {
		c := &r.columns[i]
		if s := r.shape(w, i); s.bins > 1 {
			c.shape.add(s.psi / typicalDivergence(s.bins, s.n, s.m))
		}
		c.missing.add(r.rate(w, missingOf(i)).ratio())
	}
}

// forgetRates begins to learn anew what the model raises.
func (r *reference) forgetRates(at event.Micros) {
	r.rates, r.raised, r.agreed = learning{since: at}, spread{}, spread{}
	for _, p := range r.cells {
		if p != nil {
			p.raised, p.agreed = share{}, share{}
		}
	}
}

// hashOf is a number drawn by a judgement's name.
func hashOf(id identity.ID) uint64 {
	var h uint64
	for _, b := range id[:8] {
		h = h<<8 | uint64(b)
	}
	return h
}
