package tree

// walkRows takes the eight rows of a group down one tree, step by step together.
func (f *forest) walkRows(t tree, x [][lanes]float64, ends *[lanes]uint32) {
	nodes := f.nodes
	a, b, c, d, e, g, h, i := t.root, t.root, t.root, t.root, t.root, t.root, t.root, t.root
	for range t.steps {
		a = step(nodes, a, x, 0)
		b = step(nodes, b, x, 1)
		c = step(nodes, c, x, 2)
		d = step(nodes, d, x, 3)
		e = step(nodes, e, x, 4)
		g = step(nodes, g, x, 5)
		h = step(nodes, h, x, 6)
		i = step(nodes, i, x, 7)
	}
	*ends = [lanes]uint32{a, b, c, d, e, g, h, i}
}

// walkTrees takes the row in lane 0 down eight trees, step by step together. If one of them cannot, none does.
func (f *forest) walkTrees(t *[lanes]tree, x [][lanes]float64, ends *[lanes]uint32) {
	nodes, steps := f.nodes, t[0].steps
	for _, other := range t {
		steps = min(steps, other.steps)
	}
	a, b, c, d, e, g, h, i := t[0].root, t[1].root, t[2].root, t[3].root, t[4].root, t[5].root, t[6].root, t[7].root
	for range steps {
		a = step(nodes, a, x, 0)
		b = step(nodes, b, x, 0)
		c = step(nodes, c, x, 0)
		d = step(nodes, d, x, 0)
		e = step(nodes, e, x, 0)
		g = step(nodes, g, x, 0)
		h = step(nodes, h, x, 0)
		i = step(nodes, i, x, 0)
	}
	*ends = [lanes]uint32{a, b, c, d, e, g, h, i}
}

// step leads on from a node without a set; from a leaf to itself.
func step(nodes []node, i uint32, x [][lanes]float64, lane int) uint32 {
	n := &nodes[i]
	return n.next + over(x[n.column][lane], n.over)
}
