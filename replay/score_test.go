package replay_test

import (
	"slices"
	"testing"

	"andon/detectors/rule"
	"andon/replay"
	"andon/replay/simulate"
	"andon/schemas/exception"
)

func TestCompare(t *testing.T) {
	labels := []simulate.Label{
		{Code: "CA-04", Subject: "A"}, {Code: "CA-04", Subject: "A"}, {Code: "CA-04", Subject: "B"}, // A twice is one pair
		{Code: "CA-02", Subject: "A"},
		{Code: "IN-10", Subject: "D1"}, {Code: "IN-10", Subject: "D2"}, {Code: "IN-05", Subject: "D2"},
	}
	final := []exception.Exception{
		{Code: "CA-04", Subject: "A", State: exception.Cleared},
		{Code: "CA-04", Subject: "C", State: exception.Open},
		{Code: "CA-04", Subject: "D", State: exception.Retracted},               // says nothing
		{Code: "CA-04", Subject: "B", State: exception.Cleared, LateData: true}, // nor does this
		{Code: "IN-05", Subject: "D1", State: exception.Open},
		{Code: "IN-05", Subject: "D2", State: exception.Open},
		{Code: "IN-05", Subject: "D3", State: exception.Open},
	}
	got := replay.Compare(replay.Truth(slices.Values(labels)), replay.Found(final))
	want := map[string]replay.Score{
		"CA-02": {Truth: 1, Missed: 1},
		"CA-04": {Truth: 2, Found: 1, Missed: 1, False: 1},
		"IN-05": {Truth: 1, Found: 1, False: 2, Units: 1},
		"IN-10": {Truth: 2, Missed: 2},
	}
	if len(got) < len(rule.All) {
		t.Fatalf("%d rows for %d rules", len(got), len(rule.All))
	}
	for i, s := range got {
		if i < len(rule.All) && (s.Code != rule.All[i].Code || s.Title != rule.All[i].Title) {
			t.Errorf("row %d is %s %q, want %s", i, s.Code, s.Title, rule.All[i].Code)
		}
		w := want[s.Code]
		w.Code, w.Title = s.Code, s.Title
		if delete(want, s.Code); s != w {
			t.Errorf("got %+v, want %+v", s, w)
		}
	}
	if len(want) > 0 {
		t.Errorf("no row for %v", want)
	}
}
