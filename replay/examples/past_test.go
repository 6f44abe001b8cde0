package examples_test

import (
	"testing"

	"andon/replay/examples"
	"andon/replay/simulate"
	"andon/schemas/event"
)

// A simulated day gives rows of every shipped model, with features as logged and labels of both kinds.
func TestSimulatedDay(t *testing.T) {
	start, err := event.ParseTime("2026-03-02T00:00:00Z")
	if err != nil {
		t.Fatal(err)
	}
	past, err := examples.Simulated(t.Context(), simulate.Config{Seed: 3, Orders: 600, Start: start}, "CA-05", "PA-03", "pick_short_risk")
	if err != nil {
		t.Fatal(err)
	}
	for _, code := range []string{"CA-05", "PA-03", "pick_short_risk"} {
		rows, err := past.Join(code, 0)
		if err != nil {
			t.Fatal(err)
		}
		count := map[examples.Label]int{}
		for i := range rows.List {
			count[rows.List[i].Label]++
		}
		t.Logf("%s: %d rows of %s, %v, %d bare", code, len(rows.List), rows.Set.ID(), count, rows.Bare)
		if len(rows.List) < 500 || count[examples.Positive] == 0 || count[examples.Negative] == 0 {
			t.Errorf("%s: %d rows, %v", code, len(rows.List), count)
		}
	}
}
