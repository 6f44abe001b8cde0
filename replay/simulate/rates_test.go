package simulate

import (
	"slices"
	"testing"

	"andon/schemas/event"
)

// tally counts cases and faults, overall and by what they share.
type tally struct {
	of, faults int
	groups     map[any]*[2]int
}

func (t *tally) add(group any, of, faults int) {
	t.of, t.faults = t.of+of, t.faults+faults
	if t.groups == nil {
		t.groups = map[any]*[2]int{}
	}
	if t.groups[group] == nil {
		t.groups[group] = &[2]int{}
	}
	t.groups[group][0] += of
	t.groups[group][1] += faults
}

// spread is how far the groups differ, as a multiple of how far they would if every case were drawn alike (chi-squared over its degrees of
// freedom, which is 1 then).
func (t *tally) spread() float64 {
	p, sum := float64(t.faults)/float64(t.of), 0.0
	for _, g := range t.groups {
		off := float64(g[1]) - float64(g[0])*p
		sum += off * off / (float64(g[0]) * p * (1 - p))
	}
	return sum / float64(len(t.groups)-1)
}

// day is what a day's stories were planned to be.
type day struct {
	tallies map[string]*tally
	codes   map[string]int // stories with the code
}

func (y *day) add(what string, group any, of, faults int) {
	if y.tallies[what] == nil {
		y.tallies[what] = &tally{}
	}
	y.tallies[what].add(group, of, faults)
}

func (y *day) despatch(s *despatch, codes []string) {
	for _, code := range []string{"IN-01", "IN-03"} {
		y.add(code, s.supplier, 1, one(slices.Contains(codes, code)))
	}
	y.add("discrepancy", s.supplier, 1, one(len(codes) > 0))
	for _, l := range s.lines {
		if l.cause == stray {
			continue
		}
		y.add("short", s.supplier, 1, one(l.cause == left || l.cause == mixedUp))
		y.add("over", s.supplier, 1, one(l.cause == doubled))
		y.add("wrong item", s.supplier, 1, one(l.cause == mixedUp))
		y.add("wrong unit", s.supplier, 1, one(l.cause == wrongUnit))
		y.add("damaged", s.supplier, 1, one(l.bad > 0))
	}
}

func (y *day) order(o *order, codes []string, w *world, begins event.Micros) {
	shift := [2]int{o.site, w.shift(begins)}
	y.add("PI-06", shift, 1, one(slices.Contains(codes, "PI-06")))
	if o.unpicked {
		return
	}
	for _, l := range o.lines {
		y.add("short pick", l.item, 1, one(l.cause == emptyBin))
	}
	y.add("mispack", shift, 1, one(slices.Contains(codes, "PA-01")))
	y.add("two cartons", o.site, 1, one(o.cartons == 2))
	y.add("late", [2]int{o.carrier, o.hub}, 1, one(slices.Contains(codes, "CA-04")))
	y.add("no first scan", [3]any{o.site, o.carrier, begins / event.Hour}, 1, one(slices.Contains(codes, "CA-02")))
	y.add("returned", o.carrier, 1, one(slices.Contains(codes, "CA-08")))
	y.add("lost or damaged", [2]int{o.carrier, o.hub}, 1, one(slices.Contains(codes, "CA-13")))
	bogus := 0
	for _, s := range o.steps {
		if s.status != event.NoStatus && s.status != event.Delivered && o.delivered > 0 && s.at > o.delivered {
			bogus = 1
		}
	}
	y.add("bogus scan", o.carrier, 1, bogus)
	y.add("CA-14", o.carrier, 1, one(slices.Contains(codes, "CA-14")))
}

func one(is bool) int {
	if is {
		return 1
	}
	return 0
}

func plan(c Config) *day {
	y := &day{tallies: map[string]*tally{}, codes: map[string]int{}}
	t := c.teller()
	for n := range c.stories() {
		s := t.plan(n)
		var codes []string
		for _, l := range s.labels() {
			codes = append(codes, l.Code)
		}
		switch s := s.(type) {
		case *despatch:
			y.despatch(s, codes)
		case *order:
			y.order(s, codes, t.world, c.begins(n))
		}
	}
	return y
}

// The rates of a day are those of a real one, whatever the seed, and errors come in clusters.
func TestRates(t *testing.T) {
	for _, want := range []struct {
		what     string
		lo, hi   float64 // of a hundred
		clusters float64 // at least so many times the spread of independent draws; 0: not asked
	}{
		{"IN-01", 2, 4, 5},
		{"IN-03", 0.5, 3, 3},
		{"discrepancy", 10, 30, 5},
		{"short", 1, 3, 5},
		{"over", 0.3, 2, 3},
		{"wrong item", 0.05, 0.5, 1.5},
		{"wrong unit", 0.1, 0.35, 3},
		{"damaged", 0.3, 2, 3},
		{"PI-06", 0.5, 2.5, 3},
		{"short pick", 0.5, 2, 1.2}, // thousands of bins, most with a handful of picks
		{"mispack", 0.3, 1, 3},
		{"two cartons", 10, 35, 0},
		{"late", 3, 6.5, 5},
		{"no first scan", 0.3, 0.9, 5},
		{"returned", 1, 2, 5},
		{"lost or damaged", 0.5, 1, 2},
		{"bogus scan", 0.7, 1.4, 3},
		{"CA-14", 0.2, 0.6, 5},
	} {
		for seed := range uint64(3) {
			got := days(seed).tallies[want.what]
			rate, spread := 100*float64(got.faults)/float64(got.of), got.spread()
			if rate < want.lo || rate > want.hi {
				t.Errorf("%s: %.2f %% of %d, want %g to %g (seed %d)", want.what, rate, got.of, want.lo, want.hi, seed)
			}
			if spread < want.clusters {
				t.Errorf("%s: groups differ %.1f times as much as by chance, want %g (seed %d)", want.what, spread, want.clusters, seed)
			}
			t.Logf("%-16s %.2f %% of %d, spread %.1f (seed %d)", want.what, rate, got.of, spread, seed)
		}
	}
}

var planned = map[uint64]*day{}

// days is a day of 50,000 orders, planned once.
func days(seed uint64) *day {
	if planned[seed] == nil {
		planned[seed] = plan(Config{Seed: seed, Orders: 50_000, Start: 1_772_409_600 * event.Second})
	}
	return planned[seed]
}
