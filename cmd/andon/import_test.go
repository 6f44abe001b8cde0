package main

import (
	"bytes"
	"fmt"
	"maps"
	"slices"
	"testing"

	"andon/pipeline/mem"
	"andon/replay"
	"andon/replay/datasets"
	"andon/replay/history"
	"andon/schemas/exception"
)

// expectation is what comes of a public data set; codes that are not named have none.
type expectation struct {
	events     int
	exceptions map[string]int
	open       map[string]int
}

var expected = map[string]expectation{
	"adventureworks": {6275, map[string]int{"IN-05": 135, "IN-11": 266}, map[string]int{"IN-05": 135, "IN-11": 266}},
	"cargo2000":      {83204, map[string]int{"CA-02": 356, "CA-04": 732, "CA-13": 628}, map[string]int{}},
	"valio_aimo":     {16260, map[string]int{"PI-01": 162, "PI-03": 313}, map[string]int{"PI-01": 162, "PI-03": 313}},
	"olist":          {14702, map[string]int{"CA-04": 397}, map[string]int{"CA-04": 64}},
	"wwi":            {144776, map[string]int{"PI-06": 2170}, map[string]int{"PI-06": 1230}},
}

// openSet reads a public data set and the folder it is in.
func openSet(t *testing.T, name string) (*datasets.Set, string) {
	t.Helper()
	dir := dataDir(t, name)
	set, err := datasets.Open(name, dir)
	if err != nil {
		t.Fatal(err)
	}
	return set, dir
}

func TestDataThroughTheLine(t *testing.T) {
	for _, name := range datasets.Names() {
		t.Run(name, func(t *testing.T) {
			set, dir := openSet(t, name)
			l := newLine(t, set.Settings)
			l.andon("import", name+"="+dir, "--config", l.file(l.cfg))
			p := l.start(l.cfg)
			revisions := l.settle(p)
			want := expected[name]
			await(t, "the events in ClickHouse", func() bool { return l.number("SELECT count() FROM %s.events FINAL") >= want.events })
			p.stop()

			exceptions, open := count(revisions)
			if !maps.Equal(exceptions, want.exceptions) || !maps.Equal(open, want.open) {
				t.Errorf("in Kafka: exceptions %v, open %v; want %v, %v", exceptions, open, want.exceptions, want.open)
			}
			exceptions, open = l.rowCounts()
			if !maps.Equal(exceptions, want.exceptions) || !maps.Equal(open, want.open) {
				t.Errorf("in ClickHouse: exceptions %v, open %v; want %v, %v", exceptions, open, want.exceptions, want.open)
			}
			if n := l.number("SELECT count() FROM %s.events"); n != want.events {
				t.Errorf("%d rows of %d events", n, want.events)
			}
			if letters := l.topic(l.cfg.Kafka.OwnPrefix + "deadletter"); len(letters) > 0 {
				t.Errorf("%d dead letters, the first: %s", len(letters), letters[0].Value)
			}
			checkFinal(t, set, revisions)
		})
	}
}

// count counts what stands at the end, by code: all that ever were, and those open.
func count(revisions []exception.Exception) (exceptions, open map[string]int) {
	exceptions, open = map[string]int{}, map[string]int{}
	for _, x := range final(revisions) {
		if replay.Stands(&x) {
			exceptions[x.Code]++
			if !x.State.Ended() {
				open[x.Code]++
			}
		}
	}
	return exceptions, open
}

// rowCounts is count as an analyst asks it.
func (l *line) rowCounts() (exceptions, open map[string]int) {
	l.Helper()
	exceptions, open = map[string]int{}, map[string]int{}
	rows, err := l.rows.Query(l.Context(), fmt.Sprintf(`SELECT code, count(), countIf(state = 'open') FROM %s.exceptions_current
		WHERE state != 'retracted' AND NOT late_data GROUP BY code`, l.cfg.ClickHouse.Database))
	if err != nil {
		l.Fatal(err)
	}
	defer rows.Close()
	for rows.Next() {
		var code string
		var all, still uint64
		if err := rows.Scan(&code, &all, &still); err != nil {
			l.Fatal(err)
		}
		exceptions[code] = int(all)
		if still > 0 {
			open[code] = int(still)
		}
	}
	if err := rows.Err(); err != nil {
		l.Fatal(err)
	}
	return exceptions, open
}

// final is the last revision of each exception, by id.
func final(revisions []exception.Exception) []exception.Exception {
	last := map[exception.ID]exception.Exception{}
	for _, x := range revisions {
		if x.Revision > last[x.ID].Revision {
			last[x.ID] = x
		}
	}
	return slices.SortedFunc(maps.Values(last), func(a, b exception.Exception) int { return bytes.Compare(a.ID[:], b.ID[:]) })
}

// checkFinal compares what stands at the end with the same set judged in memory, byte for byte but for what may differ: the revision, what it
// changed, and when it was detected.
func checkFinal(t *testing.T, set *datasets.Set, revisions []exception.Exception) {
	t.Helper()
	memory := replay.NewLine(set.Settings)
	memory.Append(history.Ticked(slices.Values(set.Records), replay.Partitions, history.ImportStep, history.ImportLateness))
	if err := memory.Run(t.Context(), mem.Options{}); err != nil {
		t.Fatal(err)
	}
	got, want := standing(final(revisions)), standing(memory.Final())
	if len(got) != len(want) {
		t.Errorf("%d exceptions stand at the end, in memory %d", len(got), len(want))
	}
	for i := range min(len(got), len(want)) {
		if got[i] != want[i] {
			t.Fatalf("exception %d is\n%s\nin memory it is\n%s", i, got[i], want[i])
		}
	}
}

func standing(list []exception.Exception) (out []string) {
	for _, x := range list {
		if replay.Stands(&x) {
			x.Revision, x.Change, x.DetectedAt = 0, "", 0
			out = append(out, string(exception.Append(nil, &x)))
		}
	}
	return out
}
