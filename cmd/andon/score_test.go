package main

import (
	"slices"
	"strings"
	"testing"

	"andon/replay"
	"andon/schemas/event"
)

// demoStart is when andon simulate begins its day unless told otherwise.
const demoStart = 1_740_960_000 * event.Second // 2025-03-03T00:00:00Z

func TestScoreTable(t *testing.T) {
	lines := scoreTable([]replay.Score{
		{Code: "CA-04", Title: "Late against promise", Truth: 2000, Found: 1999, Missed: 1},
		{Code: "IN-05", Title: "Quantity short", Truth: 3, Found: 3, False: 1, Units: 1},
		{Code: "IN-10", Truth: 2, Missed: 2},
	})
	want := []string{
		"  code                            in truth   found  missed   false   recall  precision",
		"  CA-04  Late against promise        2,000   1,999       1       0   99.9 %    100.0 %",
		"  IN-05  Quantity short                  3       3       0       1  100.0 %     75.0 %",
		"  IN-10  (no rule yet)                   2       0       2       0    0.0 %          -",
	}
	if !slices.Equal(lines[:4], want) {
		t.Errorf("got\n%s", strings.Join(lines[:4], "\n"))
	}
	if last := lines[len(lines)-1]; !strings.Contains(last, "1 of the false") {
		t.Errorf("the unit error goes without a word: %s", last)
	}
}
