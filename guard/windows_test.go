package guard

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"andon/schemas/event"
)

// windows judges windows of a fault, each by itself, and counts those in which each test saw something.
func (f *fault) windows(seed uint64, n int) (seen [tests]int) {
	w := learned().goesOn(seed)
	ref := &w.watch().reference
	w.before = w.draw(w.at)
	for win := (window{}); n > 0; {
		w.at += event.Micros(float64(event.Hour) / rateOf(w.at) * w.rng.ExpFloat64())
		if win.full(w.at) {
			for _, s := range ref.judge(&win, func(i int) string { return names[i] }) {
				seen[s.test]++
			}
			win = window{}
			n--
		}
		truth := w.draw(w.at)
		fed := slices.Clone(truth)
		if f.spoil != nil {
			fed = f.spoil(w, fed)
		}
		w.before = truth
		score := probability(fed)
		raised := score*10_000 >= raises
		win.add(&row{at: w.at, values: append(fed, score), raised: raised, agreed: raised == (truth[0] > 8), both: true}, ref.cell(w.at), ref.columns)
	}
	return seen
}

// What a single window sees of each fault, test by test: the first table of docs/models.md. Faults that keep distributions as they are no window sees.
func TestWhatWindowsSee(t *testing.T) {
	const n = 60
	blind := "a feature of another entity, all features of another entity, concept drift, none"
	var table strings.Builder
	for i, f := range append([]fault{{name: "none"}}, faults...) {
		seen := f.windows(uint64(50+i), n)
		total := 0
		fmt.Fprintf(&table, "| %s |", f.name)
		for _, k := range []test{testMissing, testRange, testStuck, testShape, testScore, testRaised, testAgreed} {
			fmt.Fprintf(&table, " %.2f |", float64(seen[k])/n)
			if k != testAgreed {
				total += seen[k]
			}
		}
		table.WriteByte('\n')
		if strings.Contains(blind, f.name) && total > 1 || !strings.Contains(blind, f.name) && total < n-1 {
			t.Errorf("%s: seen %v in %d windows", f.name, seen, n)
		}
	}
	t.Logf("\n%s", table.String())
}
