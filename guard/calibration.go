package guard

import (
	"math"
	"slices"

	"andon/schemas/control"
	"andon/schemas/event"
)

// Calibration: whether of what the model raises with a score of 0.7 seven in ten come true. It is learned from the first labels, like precision, and looked at
// window by window; labels count when they are ripe, for a false alarm may yet come true.
const (
	ripeAfter   = 14 * event.Day // since it was raised: the longest window of any label
	ripeLearned = 1000
	ripeWindow  = 250
	worse       = 2 // times the usual error
	waitsMax    = 10_000
)

// scored is labels of one bin of scores.
type scored struct {
	share
	scores float64 // their sum
}

// gap is by how much more come true than the scores say.
func (s *scored) gap() float64 { return (float64(s.k) - s.scores) / float64(s.n) }

// diagram is labels by score, in ten even bins.
type diagram struct {
	bins [10]scored
	n    int32
}

func (d *diagram) count(r *raised) {
	b := &d.bins[max(0, min(len(d.bins)-1, int(r.score*float64(len(d.bins)))))]
	b.share.count(r.confirmed)
	b.scores += r.score
	d.n++
}

// against is the expected calibration error over the bins that were seen while learning, and the value it exceeds with probability alpha when the gaps of
// the bins are so many times what they were then. They are known as well as the labels allow, then and now; the shares are those of then.
func (d *diagram) against(usual *diagram, times, alpha float64) (ece, limit float64) {
	var n, mean, variance float64
	for i := range d.bins {
		if d.bins[i].n > 0 && usual.bins[i].n > 0 {
			n += float64(d.bins[i].n)
		}
	}
	for i := range d.bins {
		now, then := &d.bins[i], &usual.bins[i]
		if now.n == 0 || then.n == 0 {
			continue
		}
		weight := float64(now.n) / n
		p := (float64(then.k) + 1) / (float64(then.n) + 2)
		m, v := size(times*then.gap(), scatter(p, float64(now.n), float64(then.n)))
		ece += weight * math.Abs(now.gap())
		mean += weight * m
		variance += weight * weight * v
	}
	if n == 0 {
		return 0, math.Inf(1)
	}
	return ece, upperSum(alpha, mean, variance)
}

// calibration watches that of one model.
type calibration struct {
	waits   []*raised // decided and not ripe, the earliest raised first
	usual   diagram
	now     diagram
	from    event.Micros // when the first of now was raised
	tripped event.Micros // 0: never, or it was left since
	since   diagram      // raised after that
}

// wait takes something that was decided for the first time.
func (c *calibration) wait(r *raised) {
	if math.IsNaN(r.score) || len(c.waits) >= waitsMax {
		return
	}
	i := len(c.waits)
	for i > 0 && c.waits[i-1].at > r.at {
		i--
	}
	c.waits = slices.Insert(c.waits, i, r)
}

// ripen counts what is ripe, until something is seen of it. What was raised before the guard was last closed is of a matter that is over.
func (c *calibration) ripen(at event.Micros, m *machine) (s sight, seen bool) {
	for len(c.waits) > 0 && c.waits[0].at+ripeAfter <= at && !seen {
		r := c.waits[0]
		c.waits = c.waits[1:]
		switch {
		case m.state() == control.Closed && r.at >= m.last.ChangedAt:
			c.tripped = 0
			s, seen = c.count(at, r)
		case c.tripped > 0 && r.at >= c.tripped:
			c.since.count(r)
		}
	}
	return s, seen
}

// count takes a ripe label.
func (c *calibration) count(at event.Micros, r *raised) (s sight, seen bool) {
	if c.usual.n < ripeLearned {
		c.usual.count(r)
		return s, false
	}
	if c.now.n == 0 {
		c.from = r.at
	}
	if c.now.count(r); c.now.n < ripeWindow {
		return s, false
	}
	ece, limit := c.now.against(&c.usual, worse, alpha)
	if c.now = (diagram{}); ece <= limit {
		return s, false
	}
	c.tripped, c.since = at, diagram{}
	return sight{signal: control.G5, from: c.from, to: r.at, statistic: ece, threshold: limit, what: "scores are off what comes true, by this much"}, true
}

// cured reports whether enough was raised since the latest trip that came true as often as before.
func (c *calibration) cured() bool {
	if c.tripped == 0 {
		return true
	}
	ece, limit := c.since.against(&c.usual, worse, alpha)
	return c.since.n >= labelsNew && ece <= limit
}
