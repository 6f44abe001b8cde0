package replay_test

import (
	"maps"
	"os"
	"path/filepath"
	"testing"

	"andon/detectors/rule"
	"andon/replay"
	"andon/replay/datasets"
	"andon/schemas/cost"
)

// dataSet is a public data set, what must come of it, and an independent reader of its files, which shares no code with package datasets.
type dataSet struct {
	want   replay.Result
	files  []string // that are read
	alter  func(t *testing.T, c *copied)
	expect func(t *testing.T, dir string) replay.Result // without Events and Costs
	picks  func(t *testing.T, dir string) replay.Paid   // what picking costs, where the set has picks
}

var dataSets = map[string]dataSet{
	"adventureworks": adventureWorks,
	"valio_aimo":     valioAimo,
	"olist":          olist,
	"wwi":            wideWorldImporters,
}

// dataDir is the folder of a data set; the test is skipped when it is not there.
func dataDir(t *testing.T, name string) string {
	root := os.Getenv("ANDON_DATA")
	if root == "" {
		root = "../../shared/data"
	}
	dir := filepath.Join(root, name)
	if _, err := os.Stat(dir); err != nil {
		t.Skipf("public data not found (set ANDON_DATA to its folder): %v", err)
	}
	return dir
}

// result completes the counts of the codes that a set has with zeros for all others.
func result(events int64, exceptions, open map[string]int) replay.Result {
	r := replay.Result{Events: events, Exceptions: map[string]int{}, Open: map[string]int{}}
	for _, known := range rule.All {
		r.Exceptions[known.Code], r.Open[known.Code] = exceptions[known.Code], open[known.Code]
	}
	return r
}

func same(a, b replay.Result) bool {
	return maps.Equal(a.Exceptions, b.Exceptions) && maps.Equal(a.Open, b.Open) && a.DeadLetters == b.DeadLetters
}

func open(t *testing.T, name, dir string) *datasets.Set {
	t.Helper()
	set, err := datasets.Open(name, dir)
	if err != nil {
		t.Fatal(err)
	}
	if len(set.Skipped) > 0 {
		t.Fatalf("%d rows skipped, the first: %s", len(set.Skipped), set.Skipped[0])
	}
	return set
}

func judge(t *testing.T, set *datasets.Set) replay.Result {
	t.Helper()
	r, err := replay.Dataset(t.Context(), set)
	if err != nil {
		t.Fatal(err)
	}
	return r
}

// Each set comes to exactly the numbers that are known of it, and the independent reader knows the same.
func TestDataCounts(t *testing.T) {
	for name, d := range dataSets {
		t.Run(name, func(t *testing.T) {
			dir := dataDir(t, name)
			got := judge(t, open(t, name, dir))
			if !same(got, d.want) || got.Events != d.want.Events {
				t.Errorf("got %+v\nwant %+v", got, d.want)
			}
			if independent := d.expect(t, dir); !same(independent, d.want) {
				t.Errorf("the independent reader counts %+v\nwant %+v", independent, d.want)
			}
			if d.picks != nil {
				checkPickLabour(t, got.Costs[cost.PickLabour], d.picks(t, dir))
			}
		})
	}
}

// A copy with some rows altered at random comes to what the independent reader makes of the copy.
func TestDataAltered(t *testing.T) {
	for name, d := range dataSets {
		t.Run(name, func(t *testing.T) {
			c := copyOf(t, dataDir(t, name), d.files)
			d.alter(t, c)
			c.write(t)
			got, want := judge(t, open(t, name, c.dir)), d.expect(t, c.dir)
			if !same(got, want) {
				t.Errorf("got %+v\nwant %+v\n(seed %d)", got, want, c.seed)
			}
			if same(want, d.want) {
				t.Errorf("the altered rows changed nothing (seed %d)", c.seed)
			}
			t.Logf("seed %d: %v, open %v", c.seed, want.Exceptions, want.Open)
		})
	}
}
