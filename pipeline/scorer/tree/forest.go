package tree

import (
	"fmt"
	"math"
	"math/bits"
)

// spare steps go beyond the depth of a balanced tree: trees grown by leaf are twice as deep and more, with few rows down there. Measured; one
// less costs 4 % on trees of 31 leaves, one more nothing.
const spare = 3

// split is a node of a tree as a parser read it: a row goes left when its feature is at most cut, or, with a set, when it is a category of it.
type split struct {
	feature     int
	cut         float64
	missingLeft bool     // where a row goes whose feature is missing; with a set: right
	zeroMissing bool     // zero counts as missing
	set         []uint32 // of categories, one bit each; nil: a numeric split
	left, right int      // a split, or ^leaf
}

// node is a step of the forest: on to nodes[next], or to the one after it when the column is over the bound. A missing value never is. A leaf is
// its own next and its bound is infinite. In a column with the categorical bit the bound is the index of a set, and being in it is being over.
type node struct {
	over   float64
	column uint32
	next   uint32
}

const categorical = 1 << 31

// column is one view of a feature. Missing values go to the same side as values that are not over the bound; where a file sends them to the other
// one, the comparison is turned round by negating the feature, and where zeros go with the missing they are made so.
type column struct {
	feature               int
	negative, zeroMissing bool
}

// tree is where a tree begins and how many steps are taken side by side: to the depth of a balanced tree with as many leaves, which most rows do
// not pass by more than the spare steps. The rest is walked one by one; without steps, everything.
type tree struct {
	root, steps uint32
}

// forest is what a model's file becomes.
type forest struct {
	features int
	limit    float64 // the largest feature
	single   bool    // features and sums are rounded to float32 (XGBoost); else features next to zero are zero (LightGBM)
	base     float64 // what sums begin with
	columns  []column
	trees    []tree
	nodes    []node
	values   []float64 // of the leaves, by node
	sets     [][]uint32
	known    map[column]uint32 // index in columns, while parsing
}

// plant adds a tree: split 0 is its root, or leaf 0 without splits. Children are laid side by side, level by level.
func (f *forest) plant(splits []split, leaves []float64) error {
	root := len(f.nodes)
	queue := []int{0}
	if len(splits) == 0 {
		queue[0] = ^0
	}
	sets := len(f.sets)
	f.nodes, f.values = append(f.nodes, node{}), append(f.values, 0)
	for i := 0; i < len(queue); i++ { // queue[i] becomes node root+i
		at, from := root+i, queue[i]
		if from < 0 {
			if ^from >= len(leaves) {
				return fmt.Errorf("node %d leads to leaf %d of %d", i, ^from, len(leaves))
			}
			value := leaves[^from]
			if math.IsInf(value, 0) || math.IsNaN(value) {
				return fmt.Errorf("leaf %d is %v", ^from, value)
			}
			f.nodes[at], f.values[at] = node{over: math.Inf(1), next: uint32(at)}, value
			continue
		}
		if from >= len(splits) || len(queue) > 2*len(splits) {
			return fmt.Errorf("node %d leads to split %d of %d, or not to a tree", i, from, len(splits))
		}
		n, first, second, err := f.node(splits[from])
		if err != nil {
			return fmt.Errorf("split %d: %w", from, err)
		}
		n.next = uint32(len(f.nodes))
		f.nodes[at] = n
		f.nodes, f.values = append(f.nodes, node{}, node{}), append(f.values, 0, 0)
		queue = append(queue, first, second)
	}
	t := tree{root: uint32(root)}
	if len(f.sets) == sets {
		t.steps = uint32(bits.Len(uint(len(queue)/2))) + spare // of half as many leaves as nodes
	}
	f.trees = append(f.trees, t)
	return nil
}

// node is a split as a step, with the child that it leads to otherwise first.
func (f *forest) node(s split) (n node, first, second int, err error) {
	if s.feature < 0 || s.feature >= f.features {
		return n, 0, 0, fmt.Errorf("feature %d of %d", s.feature, f.features)
	}
	switch c := (column{feature: s.feature}); {
	case s.set != nil:
		n = node{over: float64(len(f.sets)), column: f.column(c) | categorical}
		f.sets = append(f.sets, s.set)
		return n, s.right, s.left, nil
	case math.IsNaN(s.cut):
		return n, 0, 0, fmt.Errorf("a threshold that is not a number")
	default:
		// Zeros need a column of their own only where they would not go with the missing ones anyway.
		c.zeroMissing = s.zeroMissing && s.missingLeft != (0 <= s.cut)
		if s.missingLeft {
			return node{over: s.cut, column: f.column(c)}, s.left, s.right, nil
		}
		c.negative = true // x <= cut is x < the next one, is -x > minus it
		return node{over: -math.Nextafter(s.cut, math.Inf(1)), column: f.column(c)}, s.right, s.left, nil
	}
}

// column is the index of a view, made when first asked for.
func (f *forest) column(c column) uint32 {
	if f.known == nil {
		f.known = map[column]uint32{}
	}
	at, ok := f.known[c]
	if !ok {
		at = uint32(len(f.columns))
		f.columns = append(f.columns, c)
		f.known[c] = at
	}
	return at
}

// finish is called once, after the last tree.
func (f *forest) finish() {
	f.known = nil
	if len(f.columns) == 0 {
		f.columns = []column{{}} // leaves look at column 0
	}
}
