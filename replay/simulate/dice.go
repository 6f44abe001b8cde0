package simulate

import (
	"cmp"
	"math/bits"
	"math/rand/v2"
	"slices"

	"andon/replay/history"
	"andon/schemas/event"
)

// dice is the chance of one story. It draws integers only, so that every machine draws the same.
type dice struct{ pcg rand.PCG }

func newDice(seed, story uint64) *dice {
	d := &dice{}
	d.pcg.Seed(seed, story)
	d.pcg.Uint64() // the first draws of neighbours look alike
	return d
}

// below draws from 0 to n-1.
func (d *dice) below(n int) int {
	hi, _ := bits.Mul64(d.pcg.Uint64(), uint64(n))
	return int(hi)
}

// between draws from lo to hi.
func (d *dice) between(lo, hi event.Micros) event.Micros {
	return lo + event.Micros(d.below(int(hi-lo+1)))
}

// chance is true in that many of ten thousand cases.
func (d *dice) chance(of10000 int) bool { return d.below(10_000) < of10000 }

// work is how long a piece of work takes that takes so long on average: mostly less, now and then far longer.
func (d *dice) work(mean event.Micros) event.Micros {
	switch u := d.below(100); {
	case u < 70:
		return d.between(mean*4/10, mean*9/10)
	case u < 95:
		return d.between(mean*9/10, mean*21/10)
	default:
		return d.between(mean*21/10, mean*6)
	}
}

// lag is how long a source's records take to arrive: half are there after p50, 95 of 100 after p95, all after most.
type lag struct{ p50, p95, most event.Micros }

// The lags, as sources of these kinds have them, but for their longest tails: nothing arrives after history.SimulateLateness.
var (
	floorLag   = lag{event.Second, 20 * event.Second, 100 * event.Minute}
	carrierLag = lag{8 * event.Minute, 110 * event.Minute, 119 * event.Minute}
	adviceLag  = lag{5 * event.Minute, 100 * event.Minute, 119 * event.Minute}
	receiptLag = lag{30 * event.Minute, 110 * event.Minute, 119 * event.Minute}
	promptLag  = lag{event.Minute, 4 * event.Minute, 5 * event.Minute}
)

func (d *dice) lag(l lag) event.Micros {
	switch u := d.below(1000); {
	case u < 500:
		return d.between(0, l.p50)
	case u < 950:
		return d.between(l.p50, l.p95)
	default:
		return d.between(l.p95, l.most)
	}
}

// arrivals gives each step its arrival over the feeds of a site and a carrier, sends some twice, and brings all into arrival order.
func (d *dice) arrivals(steps []step, w *world, site, carrier int) []step {
	for i := range steps {
		s := &steps[i]
		l, twice, cuts := floorLag, 50, w.siteCuts[site][:]
		switch {
		case s.prompt:
			l, twice, cuts = promptLag, 0, nil
		case s.typ == event.ASNDespatched:
			l, twice, cuts = adviceLag, 150, nil
		case s.typ == event.CarrierScan:
			l, twice, cuts = carrierLag, 500, w.cuts[carrier][:]
		case s.family == event.Carrier:
			l, twice = carrierLag, 500
		case s.family == event.ASN:
			l, twice = receiptLag, 100
		}
		reach := func(arrive event.Micros) event.Micros {
			return w.cutOf(cuts, arrive).through(d, arrive, s.at+history.SimulateLateness)
		}
		s.arrive = reach(s.at + d.lag(l))
		if d.chance(twice) {
			again := *s
			again.arrive = reach(s.at + l.most)
			steps = append(steps, again)
		}
	}
	slices.SortStableFunc(steps, func(a, b step) int { return cmp.Compare(a.arrive, b.arrive) })
	return steps
}
