package train

import (
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
	"testing"

	"pgregory.net/rapid"

	"andon/pipeline/scorer/logistic"
)

// drawn is n rows drawn from a model, and labels drawn with its probabilities.
func drawn(t *testing.T, m *logistic.Model, missing float64, n int, seed uint64) (rows [][]float64, labels []bool) {
	t.Helper()
	r := rand.New(rand.NewPCG(seed, 1))
	p := make([]float64, 1)
	for range n {
		row := make([]float64, len(m.Terms))
		for j := range row {
			row[j] = m.Terms[j].Mean + m.Terms[j].Scale*r.NormFloat64()
			if r.Float64() < missing {
				row[j] = math.NaN()
			}
		}
		if err := m.Score(row, 1, p); err != nil {
			t.Fatal(err)
		}
		rows, labels = append(rows, row), append(labels, r.Float64() < p[0])
	}
	return rows, labels
}

func names(n int) []string {
	out := make([]string, n)
	for i := range out {
		out[i] = fmt.Sprint("f", i)
	}
	return out
}

func TestRecoversWhatMadeTheLabels(t *testing.T) {
	truth := &logistic.Model{Intercept: -1.5, Terms: []logistic.Term{
		{Mean: 100, Scale: 20, Weight: 1.2, MissingWeight: -0.8},
		{Mean: -3, Scale: 0.01, Weight: -0.6, MissingWeight: 0.5},
		{Mean: 0, Scale: 1000, Weight: 0, MissingWeight: 0},
	}}
	rows, labels := drawn(t, truth, 0.2, 40_000, 3)
	got, err := Logistic(rows, labels, Options{Names: names(3)})
	if err != nil {
		t.Fatal(err)
	}
	near := func(what string, got, want float64) {
		if math.Abs(got-want) > 0.06 { // four standard errors at most
			t.Errorf("%s is %.3f, the labels were made with %.3f", what, got, want)
		}
	}
	near("intercept", got.Intercept, truth.Intercept)
	for j, g := range got.Terms {
		near(g.Name+" weight", g.Weight, truth.Terms[j].Weight)
		near(g.Name+" missing weight", g.MissingWeight, truth.Terms[j].MissingWeight)
	}
}

// At the smallest loss the gradient is zero: the check knows nothing of the steps that led there.
func TestNoOtherWeightsAreBetter(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		rows, labels := someRows(t)
		o := Options{Names: names(len(rows[0])), Ridge: rapid.SampledFrom([]float64{0.01, 1, 30}).Draw(t, "ridge")}
		m, err := Logistic(rows, labels, o)
		if err != nil {
			t.Fatal(err)
		}
		p, sum := make([]float64, 1), make([]float64, 1+2*len(o.Names))
		for i, row := range rows {
			if err := m.Score(row, 1, p); err != nil {
				t.Fatal(err)
			}
			off := p[0]
			if labels[i] {
				off--
			}
			sum[0] += off
			for j, x := range row {
				if math.IsNaN(x) {
					sum[2+2*j] += off
				} else {
					sum[1+2*j] += off * (x - m.Terms[j].Mean) / m.Terms[j].Scale
				}
			}
		}
		for j, term := range m.Terms {
			sum[1+2*j] += o.Ridge * term.Weight
			sum[2+2*j] += o.Ridge * term.MissingWeight
		}
		for a, g := range sum {
			if !(math.Abs(g) < 1e-6) {
				t.Fatalf("gradient %d is %v at %+v", a, g, m)
			}
		}
	})
}

func TestOrderOfRowsDoesNotMatter(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		rows, labels := someRows(t)
		o := Options{Names: names(len(rows[0]))}
		want, err := Logistic(rows, labels, o)
		if err != nil {
			t.Fatal(err)
		}
		order := rapid.Permutation(rangeOf(len(rows))).Draw(t, "order")
		var mixed [][]float64
		var with []bool
		for _, i := range order {
			mixed, with = append(mixed, rows[i]), append(with, labels[i])
		}
		got, err := Logistic(mixed, with, o)
		if err != nil || got.Intercept != want.Intercept || !slices.Equal(got.Terms, want.Terms) {
			t.Fatalf("%+v, %v\nin another order %+v", want, err, got)
		}
	})
}

func rangeOf(n int) []int {
	out := make([]int, n)
	for i := range out {
		out[i] = i
	}
	return out
}

// someRows draws rows with what makes fits hard: the same row again and again, columns without a value or of one, and labels a line tells apart.
func someRows(t *rapid.T) ([][]float64, []bool) {
	width := rapid.IntRange(1, 4).Draw(t, "width")
	value := rapid.OneOf(rapid.Just(math.NaN()), rapid.SampledFrom([]float64{0, math.Copysign(0, -1), 1, 1e6}), rapid.Float64Range(-50, 50))
	rows := rapid.SliceOfN(rapid.SliceOfN(value, width, width), 4, 40).Draw(t, "rows")
	labels := rapid.SliceOfN(rapid.Bool(), len(rows), len(rows)).Draw(t, "labels")
	labels[0], labels[1] = true, false
	return rows, labels
}

func TestRefuses(t *testing.T) {
	for what, try := range map[string]struct {
		rows   [][]float64
		labels []bool
		o      Options
	}{
		"no rows":           {nil, nil, Options{Names: names(1)}},
		"one kind of label": {[][]float64{{1}, {2}}, []bool{true, true}, Options{Names: names(1)}},
		"a short row":       {[][]float64{{1}, {}}, []bool{true, false}, Options{Names: names(1)}},
		"infinity":          {[][]float64{{1}, {math.Inf(-1)}}, []bool{true, false}, Options{Names: names(1)}},
		"a negative ridge":  {[][]float64{{1}, {2}}, []bool{true, false}, Options{Names: names(1), Ridge: -1}},
		"no names":          {[][]float64{{}, {}}, []bool{true, false}, Options{}},
		"a label too few":   {[][]float64{{1}, {2}}, []bool{true}, Options{Names: names(1)}},
	} {
		if m, err := Logistic(try.rows, try.labels, try.o); err == nil {
			t.Errorf("%s: fitted %+v", what, m)
		}
	}
}
