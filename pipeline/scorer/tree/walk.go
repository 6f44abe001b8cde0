package tree

// walkRows takes the eight rows of a group down one tree, step by step together.
func (f *forest) walkRows(t tree, x [][lanes]float64, ends *[lanes]uint32) {
	nodes := f.nodes
	a, b, c, d, e, g, h, k := t.root, t.root, t.root, t.root, t.root, t.root, t.root, t.root
	for range t.depth {
		n := &nodes[a]
		a = n.next + over(x[n.column][0], n.over)
		n = &nodes[b]
		b = n.next + over(x[n.column][1], n.over)
		n = &nodes[c]
		c = n.next + over(x[n.column][2], n.over)
		n = &nodes[d]
		d = n.next + over(x[n.column][3], n.over)
		n = &nodes[e]
		e = n.next + over(x[n.column][4], n.over)
		n = &nodes[g]
		g = n.next + over(x[n.column][5], n.over)
		n = &nodes[h]
		h = n.next + over(x[n.column][6], n.over)
		n = &nodes[k]
		k = n.next + over(x[n.column][7], n.over)
	}
	*ends = [lanes]uint32{a, b, c, d, e, g, h, k}
}

// walkTrees takes the row in lane 0 down eight trees, step by step together.
func (f *forest) walkTrees(t *[lanes]tree, steps uint32, x [][lanes]float64, ends *[lanes]uint32) {
	nodes := f.nodes
	a, b, c, d, e, g, h, k := t[0].root, t[1].root, t[2].root, t[3].root, t[4].root, t[5].root, t[6].root, t[7].root
	for range steps {
		n := &nodes[a]
		a = n.next + over(x[n.column][0], n.over)
		n = &nodes[b]
		b = n.next + over(x[n.column][0], n.over)
		n = &nodes[c]
		c = n.next + over(x[n.column][0], n.over)
		n = &nodes[d]
		d = n.next + over(x[n.column][0], n.over)
		n = &nodes[e]
		e = n.next + over(x[n.column][0], n.over)
		n = &nodes[g]
		g = n.next + over(x[n.column][0], n.over)
		n = &nodes[h]
		h = n.next + over(x[n.column][0], n.over)
		n = &nodes[k]
		k = n.next + over(x[n.column][0], n.over)
	}
	*ends = [lanes]uint32{a, b, c, d, e, g, h, k}
}
