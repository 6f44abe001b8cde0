package tree

import (
	"math"
	"sync"
)

const (
	lanes  = 8                       // rows, or trees, walked side by side
	groups = 8                       // of rows that stay near the processor while each tree passes over them
	tiny   = float64(float32(1e-35)) // LightGBM's zero is anything up to it
)

// scratch is what one call works in: for each group of rows its columns, each with the values of the group's rows.
type scratch struct {
	cells [][lanes]float64
	sums  [groups * lanes]float64
}

var scratches = sync.Pool{New: func() any { return new(scratch) }}

// sum adds up the trees' leaves for each row.
func (f *forest) sum(rows, out []float64) {
	s := scratches.Get().(*scratch)
	defer scratches.Put(s)
	if need := groups * len(f.columns); cap(s.cells) < need {
		s.cells = make([][lanes]float64, need)
	}
	for len(out) > 0 {
		n := min(len(out), groups*lanes)
		if n < lanes/2 {
			n = 1
			out[0] = f.sumRow(rows[:f.features], s.cells[:len(f.columns)])
		} else {
			f.sumBlock(rows[:n*f.features], s)
			copy(out[:n], s.sums[:])
		}
		rows, out = rows[n*f.features:], out[n:]
	}
}

// fill lays up to eight rows into a group's columns.
func (f *forest) fill(cells [][lanes]float64, rows []float64) {
	for i, c := range f.columns {
		cell := &cells[i]
		for lane, at := 0, c.feature; at < len(rows); lane, at = lane+1, at+f.features {
			v := rows[at]
			if f.single {
				v = float64(float32(v))
			} else if math.Abs(v) <= tiny {
				v = 0
			}
			if c.zeroMissing && v == 0 {
				v = math.NaN()
			}
			if c.negative {
				v = -v
			}
			cell[lane%lanes] = v
		}
	}
}

// sumBlock takes each tree over all rows before the next one. Lanes without a row walk what an earlier call left there.
func (f *forest) sumBlock(rows []float64, s *scratch) {
	width, n := len(f.columns), len(rows)/f.features
	cells := s.cells[:(n+lanes-1)/lanes*width]
	for g := 0; g*width < len(cells); g++ {
		f.fill(cells[g*width:][:width], rows[g*lanes*f.features:min((g+1)*lanes, n)*f.features])
	}
	for r := range n {
		s.sums[r] = f.base
	}
	var ends [lanes]uint32
	for _, t := range f.trees {
		for g := 0; g*width < len(cells); g++ {
			group := cells[g*width:][:width]
			f.walkRows(t, group, &ends)
			sums := (*[lanes]float64)(s.sums[g*lanes:])
			for lane, end := range ends {
				sums[lane] = f.add(sums[lane], f.walk(end, group, lane))
			}
		}
	}
}

// sumRow walks eight trees at a time down a single row, and adds their leaves in the trees' order.
func (f *forest) sumRow(row []float64, cells [][lanes]float64) float64 {
	f.fill(cells, row)
	sum := f.base
	var ends [lanes]uint32
	trees := f.trees
	for ; len(trees) >= lanes; trees = trees[lanes:] {
		f.walkTrees((*[lanes]tree)(trees), cells, &ends)
		for _, end := range ends {
			sum = f.add(sum, f.walk(end, cells, 0))
		}
	}
	for _, t := range trees {
		sum = f.add(sum, f.walk(t.root, cells, 0))
	}
	return sum
}

// add adds the value of a leaf to a sum.
func (f *forest) add(sum float64, leaf uint32) float64 {
	if f.single {
		return float64(float32(sum) + float32(f.values[leaf]))
	}
	return sum + f.values[leaf]
}

// walk goes down from a node to the leaf.
func (f *forest) walk(i uint32, cells [][lanes]float64, lane int) uint32 {
	if f.nodes[i].next == i { // most are there already: this much is inlined
		return i
	}
	return f.walkOn(i, cells, lane)
}

func (f *forest) walkOn(i uint32, cells [][lanes]float64, lane int) uint32 {
	for n := &f.nodes[i]; n.next != i; n = &f.nodes[i] {
		v := cells[n.column&^categorical][lane]
		if n.column&categorical == 0 {
			i = n.next + over(v, n.over)
		} else {
			i = n.next + within(v, f.sets[int(n.over)])
		}
	}
	return i
}

// over is 1 when v is over the bound, else 0, also when it is missing. It compiles to a comparison without a jump.
func over(v, bound float64) uint32 {
	var one uint32
	if v > bound {
		one = 1
	}
	return one
}

// within is 1 when a category, cut to an integer, is in the set. Missing, negative and very large ones never are.
func within(v float64, set []uint32) uint32 {
	if !(v > -1 && v < 1<<31) {
		return 0
	}
	if word := int(v) >> 5; word < len(set) {
		return set[word] >> (uint(int(v)) & 31) & 1
	}
	return 0
}
