package detectors

import "andon/schemas/event"

// wakes orders the entities by their next due time, then by key. An entity stands in it once, at armed, which may be earlier than its next due
// time: then it is moved when it comes up, so that a timer which is put off again and again, as silence is by each scan, costs nothing. An entry
// that is not the entity's armed one is stale and passed over.
type wakes struct{ heap []wake }

type wake struct {
	due    event.Micros
	entity *entity
}

func (w wake) before(o wake) bool {
	if w.due != o.due {
		return w.due < o.due
	}
	return w.entity.key < o.entity.key
}

// arm makes the entity come up at its wake, or earlier.
func (w *wakes) arm(ent *entity) {
	if ent.wake != 0 && (ent.armed == 0 || ent.wake < ent.armed) {
		ent.armed = ent.wake
		w.push(ent.wake, ent)
	}
}

func (w *wakes) push(due event.Micros, ent *entity) {
	w.heap = append(w.heap, wake{due, ent})
	h := w.heap
	for i := len(h) - 1; i > 0; {
		parent := (i - 1) / 2
		if !h[i].before(h[parent]) {
			break
		}
		h[i], h[parent] = h[parent], h[i]
		i = parent
	}
}

// next is the earliest due time, exactly when it is not after the horizon, else at the earliest; 0 when there is none.
func (w *wakes) next(horizon event.Micros) event.Micros {
	for len(w.heap) > 0 {
		top := w.heap[0]
		switch {
		case top.entity.armed != top.due: // stale
			w.pop()
		case top.entity.wake == top.due || top.due > horizon:
			return top.due
		default: // put off, or disarmed
			w.pop()
			top.entity.armed = 0
			w.arm(top.entity)
		}
	}
	return 0
}

func (w *wakes) pop() wake {
	h := w.heap
	top, last := h[0], len(h)-1
	h[0] = h[last]
	h[last] = wake{}
	h = h[:last]
	for i := 0; ; {
		least := i
		for c := 2*i + 1; c <= 2*i+2 && c < last; c++ {
			if h[c].before(h[least]) {
				least = c
			}
		}
		if least == i {
			break
		}
		h[i], h[least] = h[least], h[i]
		i = least
	}
	w.heap = h
	return top
}
