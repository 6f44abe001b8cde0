package guard

import (
	"math"

	"andon/schemas/control"
	"andon/schemas/event"
)

// Of the latest again judgements whose features were computed again, more than 1 % that differ trip; so do 11 among the first 11.
const (
	again      = 1000
	againWrong = again / 100
	againCured = 100 // since a trip, before it may be left
)

// computed watches features computed again.
type computed struct {
	latest [again]bool // whether they differed, a ring
	at     [again]event.Micros
	n      int // ever
	wrong  int // of the latest
	since  share
}

// take counts one judgement; true when too many differ.
func (c *computed) take(at event.Micros, differs bool) (s sight, tripped bool) {
	i := c.n % again
	if c.latest[i] {
		c.wrong--
	}
	if c.latest[i], c.at[i] = differs, at; differs {
		c.wrong++
	}
	c.n++
	c.since.count(differs)
	if c.wrong <= againWrong {
		return s, false
	}
	looked := min(c.n, again)
	first := c.at[(c.n-looked)%again]
	s = sight{signal: control.G2, from: first, to: at, statistic: float64(c.wrong) / float64(looked), threshold: float64(againWrong) / again,
		what: "features come out otherwise when they are computed again"}
	*c = computed{}
	return s, true
}

// cured reports whether enough come out alike since the latest trip.
func (c *computed) cured() bool { return c.since.n >= againCured && c.since.k*100 <= c.since.n }

// sameValues reports whether two vectors are the same, but for rounding.
func sameValues(a, b []float64) bool {
	if len(a) != len(b) {
		return false
	}
	for i := range a {
		if math.IsNaN(a[i]) != math.IsNaN(b[i]) || math.Abs(a[i]-b[i]) > 1e-9*max(math.Abs(a[i]), math.Abs(b[i])) {
			return false
		}
	}
	return true
}
