// Package logistic scores rows with a logistic regression: the model that needs nothing but Go, for the demo, for tests, and as the challenger
// every trained model has to beat. Package replay/train fits one.
//
// The file is JSON:
//
//	{"intercept": -2.1, "terms": [{"name": "dwell_s", "mean": 5400, "scale": 3100, "weight": 0.7, "missing_weight": 0.2}]}
//
// A value counts by its weight for each scale (a standard deviation) it lies above the mean; one that is missing counts by its missing weight.
package logistic

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math"
)

// TermsMax is how many terms a model may have.
const TermsMax = 4096

// Model is a fitted logistic regression. Many goroutines may use it at once; nobody changes it.
type Model struct {
	Intercept float64 `json:"intercept"` // log-odds of a row of means
	Terms     []Term  `json:"terms"`     // in the order of the columns of a row
}

// Term is what one feature adds to the log-odds.
type Term struct {
	Name          string  `json:"name"`
	Mean          float64 `json:"mean"`  // of the feature, in its unit
	Scale         float64 `json:"scale"` // its standard deviation, above 0
	Weight        float64 `json:"weight"`
	MissingWeight float64 `json:"missing_weight"` // added in place of the rest when the value is missing
}

// Parse reads a model file and refuses what it does not know.
func Parse(file []byte) (*Model, error) {
	d := json.NewDecoder(bytes.NewReader(file))
	d.DisallowUnknownFields()
	m := new(Model)
	if err := d.Decode(m); err != nil {
		return nil, fmt.Errorf("logistic model: %w", err)
	}
	if _, err := d.Token(); err != io.EOF {
		return nil, errors.New("logistic model: something stands after it")
	}
	return m, m.check()
}

// check says what is wrong with the numbers.
func (m *Model) check() error {
	if n := len(m.Terms); n == 0 || n > TermsMax {
		return fmt.Errorf("logistic model: %d terms; give it 1 to %d", n, TermsMax)
	}
	seen := map[string]bool{}
	for i := range m.Terms {
		t := &m.Terms[i]
		switch {
		case t.Name == "" || seen[t.Name]:
			return fmt.Errorf("logistic model: term %d: the name %q is empty or there twice", i, t.Name)
		case !(t.Scale > 0):
			return fmt.Errorf("logistic model: term %s: its scale %v is not above 0", t.Name, t.Scale)
		}
		seen[t.Name] = true
	}
	return nil
}

// Names are the names of the columns, in order.
func (m *Model) Names() []string {
	names := make([]string, len(m.Terms))
	for i := range m.Terms {
		names[i] = m.Terms[i].Name
	}
	return names
}

// Score writes the probability of each of n rows to out. rows holds them one after the other, a column for each term; NaN is missing. The
// products are rounded before they are added, so that every processor gives the same sums.
func (m *Model) Score(rows []float64, n int, out []float64) error {
	width := len(m.Terms)
	if len(rows) != n*width || len(out) < n {
		return fmt.Errorf("logistic model: %d values and room for %d answers, for %d rows of %d", len(rows), len(out), n, width)
	}
	for i := range n {
		z := m.Intercept
		for j, x := range rows[i*width : (i+1)*width] {
			t := &m.Terms[j]
			if math.IsNaN(x) {
				z += t.MissingWeight
			} else {
				z += float64(t.Weight * ((x - t.Mean) / t.Scale))
			}
		}
		out[i] = 1 / (1 + math.Exp(-z))
	}
	return nil
}
