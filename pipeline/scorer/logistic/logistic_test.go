package logistic

import (
	"encoding/json"
	"math"
	"strings"
	"testing"
)

const sample = `{"intercept":-1,"terms":[{"name":"a","mean":10,"scale":2,"weight":0.5,"missing_weight":0.25},
	{"name":"b","mean":0,"scale":1,"weight":-1,"missing_weight":0}]}`

func TestScore(t *testing.T) {
	m, err := Parse([]byte(sample))
	if err != nil {
		t.Fatal(err)
	}
	nan := math.NaN()
	rows := []float64{10, 0, 14, 2, nan, nan, 1e300, 0, -1e300, 0}
	logit := []float64{-1, -2, -0.75, math.Inf(1), math.Inf(-1)}
	out := make([]float64, len(logit))
	if err := m.Score(rows, len(logit), out); err != nil {
		t.Fatal(err)
	}
	for i, z := range logit {
		if want := 1 / (1 + math.Exp(-z)); out[i] != want {
			t.Errorf("row %d: %v, want %v", i, out[i], want)
		}
	}
	if m.Score(rows[:3], 2, out) == nil || m.Score(rows, 5, out[:4]) == nil {
		t.Error("scored rows of another width, or without room for the answers")
	}
	if n := testing.AllocsPerRun(10, func() { _ = m.Score(rows, len(logit), out) }); n != 0 {
		t.Errorf("%v allocations", n)
	}
}

func TestParseRefuses(t *testing.T) {
	for file, says := range map[string]string{
		``:           "EOF",
		`{}`:         "0 terms",
		sample + `1`: "stands after it",
		strings.Replace(sample, `"mean":10`, `"men":10`, 1):    "unknown field",
		strings.Replace(sample, `"scale":2`, `"scale":0`, 1):   "not above 0",
		strings.Replace(sample, `"name":"b"`, `"name":"a"`, 1): "there twice",
		strings.Replace(sample, `"name":"b",`, ``, 1):          "empty",
		strings.Replace(sample, `-1`, `1e999`, 1):              "1e999",
	} {
		if _, err := Parse([]byte(file)); err == nil || !strings.Contains(err.Error(), says) {
			t.Errorf("%s: %v, want %q", file, err, says)
		}
	}
}

// FuzzParse: no bytes make Parse panic; what was read scores, and is the same when written and read again.
func FuzzParse(f *testing.F) {
	f.Add([]byte(sample))
	f.Add([]byte(`{"intercept":1e308,"terms":[{"name":"a","scale":5e-324,"weight":1e308}]}`))
	f.Fuzz(func(t *testing.T, file []byte) {
		m, err := Parse(file)
		if err != nil {
			return
		}
		out := make([]float64, 2)
		row := make([]float64, 2*len(m.Terms))
		for i := range m.Terms {
			row[i] = math.NaN()
		}
		if err := m.Score(row, 2, out); err != nil {
			t.Fatal(err)
		}
		text, err := json.Marshal(m)
		if err != nil {
			t.Fatal(err)
		}
		again, err := Parse(text)
		if err != nil {
			t.Fatalf("%s: %v", text, err)
		}
		more := make([]float64, 2)
		if err := again.Score(row, 2, more); err != nil || math.Float64bits(out[0]) != math.Float64bits(more[0]) || math.Float64bits(out[1]) != math.Float64bits(more[1]) {
			t.Fatalf("%v, %v, %v", out, more, err)
		}
	})
}
