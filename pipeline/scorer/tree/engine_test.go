package tree

import (
	"math"
	"slices"
	"sync"
	"testing"

	"pgregory.net/rapid"
)

// naive walks a tree as its splits read, without any of the engine's tricks.
func naive(splits []split, leaves, row []float64) float64 {
	at := 0
	if len(splits) == 0 {
		at = ^0
	}
	for at >= 0 {
		s := splits[at]
		v := row[s.feature]
		if math.Abs(v) <= 1e-35 {
			v = 0 // as LightGBM's
		}
		var left bool
		switch {
		case s.set != nil:
			code := int64(-1)
			if v > -1 && v < 1e18 {
				code = int64(v)
			}
			left = code >= 0 && code < int64(32*len(s.set)) && s.set[code/32]>>(code%32)&1 == 1
		case math.IsNaN(v), s.zeroMissing && v == 0:
			left = s.missingLeft
		default:
			left = v <= s.cut
		}
		if at = s.right; left {
			at = s.left
		}
	}
	return leaves[^at]
}

var someValues = rapid.OneOf(rapid.SampledFrom([]float64{0, math.Copysign(0, -1), 1, -1, 0.5, math.NaN(), math.MaxFloat64, -math.MaxFloat64, 31, 32, 40, 1e12}),
	rapid.Float64Range(-3, 3), rapid.Float64Range(0, 70))

// drawTree grows a tree leaf by leaf, as unbalanced as chance has it.
func drawTree(t *rapid.T, features, most int) (splits []split, leaves []float64) {
	leaves = []float64{rapid.Float64Range(-1, 1).Draw(t, "leaf")}
	parents := []*int{nil} // where each leaf hangs
	splits = make([]split, 0, most)
	for range rapid.IntRange(0, most).Draw(t, "splits") {
		leaf := rapid.IntRange(0, len(leaves)-1).Draw(t, "split leaf")
		cut := rapid.OneOf(someValues, rapid.SampledFrom([]float64{math.Inf(1), math.Inf(-1)})).Filter(func(v float64) bool { return !math.IsNaN(v) })
		s := split{feature: rapid.IntRange(0, features-1).Draw(t, "feature"), cut: cut.Draw(t, "cut"), missingLeft: rapid.Bool().Draw(t, "missing left"),
			zeroMissing: rapid.Bool().Draw(t, "zero missing"), left: ^leaf, right: ^len(leaves)}
		if rapid.IntRange(0, 9).Draw(t, "kind") == 0 {
			s.set = rapid.SliceOfN(rapid.Uint32(), 0, 2).Draw(t, "set")
		}
		leaves = append(leaves, rapid.Float64Range(-1, 1).Draw(t, "leaf"))
		splits = append(splits, s)
		if parents[leaf] != nil {
			*parents[leaf] = len(splits) - 1
		}
		parents[leaf] = &splits[len(splits)-1].left
		parents = append(parents, &splits[len(splits)-1].right)
	}
	return splits, leaves
}

// TestAnyForestIsWalkedAsItReads compares blocks and single rows with the naive walk, on forests of any shape.
func TestAnyForestIsWalkedAsItReads(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		const features = 3
		m, err := newModel([]string{"a", "b", "c"})
		if err != nil {
			t.Fatal(err)
		}
		n := rapid.IntRange(1, 20).Draw(t, "rows")
		rows := rapid.SliceOfN(someValues, n*features, n*features).Draw(t, "values")
		want := make([]float64, n)
		for range rapid.IntRange(0, 20).Draw(t, "trees") {
			splits, leaves := drawTree(t, features, rapid.SampledFrom([]int{1, 8, 60}).Draw(t, "most splits"))
			if err := m.plant(splits, leaves); err != nil {
				t.Fatal(err)
			}
			for i := range want {
				want[i] += naive(splits, leaves, rows[i*features:][:features])
			}
		}
		m.finish()
		block, single := make([]float64, n), make([]float64, n)
		if err := m.Raw(rows, n, block); err != nil {
			t.Fatal(err)
		}
		for i := range n {
			if err := m.Raw(rows[i*features:][:features], 1, single[i:]); err != nil {
				t.Fatal(err)
			}
		}
		if !slices.Equal(block, want) || !slices.Equal(single, want) {
			t.Fatalf("block %v, single %v, want %v", block, single, want)
		}
	})
}

func TestVeryDeepTree(t *testing.T) {
	m, _ := newModel([]string{"a"})
	splits, leaves := []split{}, []float64{}
	for i := range 80 { // x <= i: leaf i, else on
		splits, leaves = append(splits, split{cut: float64(i), left: ^i, right: i + 1}), append(leaves, float64(i))
	}
	splits[len(splits)-1].right = 0
	if err := m.plant(splits, leaves); err == nil {
		t.Fatal("a tree that leads back to its root was planted")
	}
	m, _ = newModel([]string{"a"})
	splits[len(splits)-1].right = ^0
	if err := m.plant(splits, leaves); err != nil {
		t.Fatal(err)
	}
	m.finish()
	got := make([]float64, 9)
	if err := m.Raw([]float64{0, 1, 2, 50, 51.5, 79, 80, math.NaN(), -1}, 9, got); err != nil {
		t.Fatal(err)
	}
	if want := []float64{0, 1, 2, 50, 52, 79, 0, 0, 0}; !slices.Equal(got, want) {
		t.Errorf("got %v, want %v", got, want)
	}
}

// TestNothingIsAllocated and the answers stay the same with many callers at once.
func TestNothingIsAllocated(t *testing.T) {
	g, rows := readGolden(t)
	for _, name := range []string{"lgb_numeric", "lgb_categorical", "xgb_dart"} {
		m := g.named(t, name).parse(t)
		out := make([]float64, 100)
		for _, n := range []int{1, 100} {
			if allocs := testing.AllocsPerRun(100, func() { _ = m.Score(rows[:n*rowFeatures], n, out) }); allocs >= 1 {
				t.Errorf("%s: %v allocations for %d rows", name, allocs, n)
			}
		}
	}
}

func (g golden) named(t testing.TB, name string) goldenModel {
	t.Helper()
	at := slices.IndexFunc(g.Models, func(m goldenModel) bool { return m.Name == name })
	if at < 0 {
		t.Fatalf("the manifest has no %s", name)
	}
	return g.Models[at]
}

func TestManyCallers(t *testing.T) {
	g, rows := readGolden(t)
	var wait sync.WaitGroup
	for _, name := range []string{"lgb_categorical", "lgb_zero", "xgb_dart"} { // of different widths, on one pool of scratch
		m := g.named(t, name).parse(t)
		want := byBatches(t, m.Score, rows, 1000, 64)
		for range 2 {
			wait.Go(func() {
				got := make([]float64, 7)
				for at := 0; at+7 <= len(want); at += 7 {
					if err := m.Score(rows[at*rowFeatures:(at+7)*rowFeatures], 7, got); err != nil || !slices.Equal(got, want[at:at+7]) {
						t.Errorf("%s, row %d: %v, %v, want %v", name, at, got, err, want[at:at+7])
						return
					}
				}
			})
		}
	}
	wait.Wait()
}
