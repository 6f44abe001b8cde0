package simulate

import (
	"cmp"

	"andon/schemas/event"
)

// place is how far a story has been told: its next step and when that arrives.
type place struct {
	at    event.Micros
	story int
	step  int
}

func (p place) before(q place) bool {
	return cmp.Or(cmp.Compare(p.at, q.at), cmp.Compare(p.story, q.story)) < 0
}

// places is a heap, the first to arrive on top.
type places []place

func (h *places) push(p place) {
	*h = append(*h, p)
	for i := len(*h) - 1; i > 0; {
		up := (i - 1) / 2
		if !(*h)[i].before((*h)[up]) {
			return
		}
		(*h)[i], (*h)[up] = (*h)[up], (*h)[i]
		i = up
	}
}

// replace puts p in the place of the top.
func (h places) replace(p place) {
	h[0] = p
	for i := 0; ; {
		least := i
		for child := 2*i + 1; child <= 2*i+2 && child < len(h); child++ {
			if h[child].before(h[least]) {
				least = child
			}
		}
		if least == i {
			return
		}
		h[i], h[least] = h[least], h[i]
		i = least
	}
}

// pop takes the top away.
func (h *places) pop() {
	last := len(*h) - 1
	p := (*h)[last]
	if *h = (*h)[:last]; last > 0 {
		h.replace(p)
	}
}
