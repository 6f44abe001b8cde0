package guard

import (
	"math"
	"slices"

	"andon/schemas/event"
)

// A window has so many judgements and lasts so long, whichever comes last.
const (
	windowRows = 500
	windowTime = 15 * event.Minute
)

// row is one judgement as windows see it.
type row struct {
	at     event.Micros
	values []float64 // the features, then the score; NaN is missing
	raised bool      // the model would raise; of a score only
	agreed bool      // the rule says the same
	both   bool      // there is a score, and the rule did not abstain
}

// share is k of n.
type share struct{ k, n int32 }

func (s *share) count(is bool) {
	if s.n++; is {
		s.k++
	}
}

func (s *share) add(o share) { s.k, s.n = s.k+o.k, s.n+o.n }

// tally counts the values of one column.
type tally struct {
	n, missing, outside int32
	bins                []int32
	sum, squares        float64
}

func (t *tally) add(o *tally) {
	t.n, t.missing, t.outside = t.n+o.n, t.missing+o.missing, t.outside+o.outside
	t.sum, t.squares = t.sum+o.sum, t.squares+o.squares
	for i, c := range o.bins {
		t.bins[i] += c
	}
}

// part is what was counted of one cell of the week.
type part struct {
	cell    int
	columns []tally
	raised  share
	agreed  share
}

func newPart(cell int, columns []column) *part {
	p := &part{cell: cell, columns: make([]tally, len(columns))}
	for i := range columns {
		p.columns[i].bins = make([]int32, len(columns[i].edges)+1)
	}
	return p
}

// window is what was counted since the last one was closed, by cell of the week.
type window struct {
	from, to event.Micros
	rows     int
	parts    []*part
	distinct [][]float64 // of each column the values it had, at most manyValues
}

// manyValues is how many values of a column are told apart.
const manyValues = 20

// add counts a row; the columns say where the bins are, none while they are not placed.
func (w *window) add(r *row, cell int, columns []column) {
	if w.rows == 0 {
		w.from = r.at
		w.distinct = make([][]float64, len(columns))
	}
	w.rows, w.to = w.rows+1, max(w.to, r.at)
	if len(columns) == 0 {
		return
	}
	p := w.part(cell, columns)
	for i := range columns {
		t, c, v := &p.columns[i], &columns[i], r.values[i]
		if math.IsNaN(v) {
			t.missing++
			continue
		}
		t.n++
		t.sum += v
		t.squares += v * v
		if t.bins[c.bin(v)]++; v < c.low || v > c.high {
			t.outside++
		}
		if d := w.distinct[i]; len(d) < manyValues && !slices.Contains(d, v) {
			w.distinct[i] = append(d, v)
		}
	}
	if !math.IsNaN(r.values[len(columns)-1]) {
		p.raised.count(r.raised)
	}
	if r.both {
		p.agreed.count(r.agreed)
	}
}

func (w *window) part(cell int, columns []column) *part {
	for _, p := range slices.Backward(w.parts) {
		if p.cell == cell {
			return p
		}
	}
	p := newPart(cell, columns)
	w.parts = append(w.parts, p)
	return p
}

// full reports whether the window may be closed.
func (w *window) full(now event.Micros) bool { return w.rows >= windowRows && now-w.from >= windowTime }
