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

// fill lays a row into a lane of a group.
func (f *forest) fill(cells [][lanes]float64, lane int, row []float64) {
	for i, c := range f.columns {
		v := row[c.feature]
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
		cells[i][lane] = v
	}
}

// sumBlock takes each tree over all rows before the next one. Lanes without a row walk what an earlier call left there.
func (f *forest) sumBlock(rows []float64, s *scratch) {
	width, n := len(f.columns), len(rows)/f.features
	cells := s.cells[:(n+lanes-1)/lanes*width]
	for r := range n {
		f.fill(cells[r/lanes*width:][:width], r%lanes, rows[r*f.features:][:f.features])
		s.sums[r] = f.base
	}
	var ends [lanes]uint32
	for _, t := range f.trees {
		for g := 0; g*width < len(cells); g++ {
			group := cells[g*width:][:width]
			if t.stride {
				f.walkRows(t, group, &ends)
			} else {
				for lane := range ends {
					ends[lane] = f.walk(t, group, lane)
				}
			}
			f.add((*[lanes]float64)(s.sums[g*lanes:]), &ends)
		}
	}
}

// add adds the values of leaves to sums.
func (f *forest) add(sums *[lanes]float64, ends *[lanes]uint32) {
	if f.single {
		for i, end := range ends {
			sums[i] = float64(float32(sums[i]) + float32(f.values[end]))
		}
		return
	}
	for i, end := range ends {
		sums[i] += f.values[end]
	}
}

// sumRow walks eight trees at a time down a single row, and adds their leaves in the trees' order.
func (f *forest) sumRow(row []float64, cells [][lanes]float64) float64 {
	f.fill(cells, 0, row)
	sum := f.base
	var ends [lanes]uint32
	for trees := f.trees; len(trees) > 0; {
		n := lanes
		if steps, ok := steady(trees); ok {
			f.walkTrees((*[lanes]tree)(trees), steps, cells, &ends)
		} else {
			n = 1
			ends[0] = f.walk(trees[0], cells, 0)
		}
		for _, end := range ends[:n] {
			if f.single {
				sum = float64(float32(sum) + float32(f.values[end]))
			} else {
				sum += f.values[end]
			}
		}
		trees = trees[n:]
	}
	return sum
}

// steady tells whether the next eight trees can be walked side by side, and the steps that the deepest of them needs.
func steady(trees []tree) (steps uint32, ok bool) {
	if len(trees) < lanes {
		return 0, false
	}
	for _, t := range trees[:lanes] {
		if !t.stride {
			return 0, false
		}
		steps = max(steps, t.depth)
	}
	return steps, true
}

// walk goes down one tree with one row, to the leaf.
func (f *forest) walk(t tree, cells [][lanes]float64, lane int) uint32 {
	for i := t.root; ; {
		n := &f.nodes[i]
		if n.next == i {
			return i
		}
		v := cells[n.column&^categorical][lane]
		if n.column&categorical == 0 {
			i = n.next + over(v, n.over)
		} else {
			i = n.next + within(v, f.sets[int(n.over)])
		}
	}
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
