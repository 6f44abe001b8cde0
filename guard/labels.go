package guard

import (
	"math"

	"andon/schemas/control"
	"andon/schemas/event"
	"andon/schemas/identity"
)

// Labels of what the model raised: the first say what its precision is, the more the surer, and a CUSUM looks for a drop to a share of it.
const (
	labelsFirst   = 300  // from here on it looks
	labelsLearned = 1000 // and from here on learns no more
	dropTo        = 0.6
	crossing      = 6
	labelsNew     = 60 // since a trip, before it may be left
)

// labels watches the precision of one model.
type labels struct {
	learned  share        // confirmed of all, while they are learned
	sum      float64      // of the CUSUM
	from     event.Micros // where it last was 0
	since    share        // after the latest trip
	sinceAny bool         // there was one
}

// take counts a label of something the model raised; true when precision has sunk.
func (l *labels) take(at event.Micros, confirmed bool) (s sight, crossed bool) {
	if l.sinceAny {
		l.since.count(confirmed)
	}
	if l.learned.n < labelsLearned && !l.sinceAny {
		l.learned.count(confirmed)
	}
	if l.learned.n < labelsFirst {
		return s, false
	}
	p0 := l.usual()
	p1 := dropTo * p0
	step := math.Log((1 - p1) / (1 - p0))
	if confirmed {
		step = math.Log(p1 / p0)
	}
	if l.sum == 0 {
		l.from = at
	}
	if l.sum = max(0, l.sum+step); l.sum < crossing {
		return s, false
	}
	s = sight{signal: control.G5, from: l.from, to: at, statistic: l.sum, threshold: crossing, what: "precision sinks, usually it is " + percent(p0)}
	l.tripped()
	return s, true
}

// usual is the precision that was learned: the lower bound at 90 %, because a CUSUM that starts from too much sees drops that are none.
func (l *labels) usual() float64 {
	return min(0.99, max(0.01, 1-upperShare(int(l.learned.n-l.learned.k), int(l.learned.n))))
}

// tripped begins to count what must be well again.
func (l *labels) tripped() { l.sum, l.since, l.sinceAny = 0, share{}, true }

// cured reports whether enough new labels leave it possible that precision is what it was.
func (l *labels) cured() bool {
	s := l.since
	return s.n >= labelsNew && (l.learned.n < labelsFirst || upperShare(int(s.k), int(s.n)) >= l.usual())
}

// raised is something a model raised: a judgement or an exception.
type raised struct {
	watch     *watch
	at        event.Micros
	score     float64 // of the judgement it was raised by first
	decided   bool
	confirmed bool // by the latest decision
}

// label takes a decision about something the model raised. A change of mind is no second label of G5's CUSUM; of the calibration, which waits until what is
// true is known, the last word is.
func (w *watch) label(now event.Micros, r *raised, confirmed bool) {
	r.confirmed = confirmed
	if r.decided {
		return
	}
	r.decided = true
	w.calibration.wait(r)
	if s, crossed := w.labels.take(now, confirmed); crossed {
		w.machine.trip(now, s)
	}
}

// raisings are the exceptions and verdicts that models raised, for the labels to come: in two generations, of which the older is dropped.
type raisings struct {
	young, old map[identity.ID]*raised
	since      event.Micros
}

// Labels come at most so long after what they are about, and of so many items at once.
const (
	generation    = 45 * event.Day
	generationMax = 1_000_000
)

func (r *raisings) add(at event.Micros, id identity.ID, w *watch, score float64) {
	if id == (identity.ID{}) || r.of(id) != nil {
		return
	}
	if r.young == nil || at-r.since > generation || len(r.young) >= generationMax {
		r.young, r.old, r.since = map[identity.ID]*raised{}, r.young, at
	}
	r.young[id] = &raised{watch: w, at: at, score: score}
}

// of is the item of an id; nil when no model raised it, or too long ago.
func (r *raisings) of(id identity.ID) *raised {
	if x := r.young[id]; x != nil {
		return x
	}
	return r.old[id]
}
