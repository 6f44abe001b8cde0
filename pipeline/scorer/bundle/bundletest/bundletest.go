// Package bundletest makes bundles for tests: a logistic regression over named columns, with its golden rows.
package bundletest

import (
	"encoding/json"
	"math"
	"os"
	"path/filepath"
	"testing"

	"andon/pipeline/scorer/bundle"
	"andon/pipeline/scorer/logistic"
	"andon/schemas/event"
)

const start = event.Micros(1_740_787_200) * event.Second // 2025-03-01T00:00:00Z

// Model is a logistic regression over the columns, whose weights rise from column to column.
func Model(columns ...string) *logistic.Model {
	m := &logistic.Model{Intercept: -1}
	for j, name := range columns {
		m.Terms = append(m.Terms, logistic.Term{Name: name, Mean: float64(j), Scale: 2, Weight: 0.5 + float64(j), MissingWeight: 0.25})
	}
	return m
}

// Manifest is what New says of its bundle; the files are left to bundle.New.
func Manifest(name string, version int, set string, columns ...string) bundle.Manifest {
	m := bundle.Manifest{
		Name: name, Version: version, Format: bundle.Logistic, Model: bundle.File{Name: "model.json"}, Features: bundle.Features{Set: set},
		Training:   bundle.Training{Source: "made up", From: start, Until: start + 30*event.Day, Rows: 1000, Positives: 80},
		Label:      bundle.Label{Definition: "delivered after the promise", Maturity: "3 days after the promise"},
		Metrics:    []bundle.Metric{{Name: "pr_auc", Value: 0.4, Low: 0.35, High: 0.46, On: "the last fold"}},
		Calibrator: bundle.Calibrator{Kind: bundle.None},
		Thresholds: []bundle.Threshold{{Code: "CA-05", ThresholdBP: 4000, ClearBP: 3500}},
		Author:     "a maker", Approver: "a reader", Card: "For tests alone.",
	}
	for _, column := range columns {
		m.Features.Columns = append(m.Features.Columns, bundle.Column{Name: column, Unit: "s", Missing: bundle.Keep})
	}
	return m
}

// Golden are golden rows that m answers.
func Golden(t testing.TB, m bundle.Model, columns int) []bundle.Row {
	t.Helper()
	rows := make([]bundle.Row, 120)
	out := make([]float64, 1)
	for i := range rows {
		row := make([]float64, columns)
		for j := range row {
			row[j] = float64((i*(j+3))%17) - 4
			if (i+j)%11 == 0 {
				row[j] = math.NaN()
			}
		}
		if err := m.Score(row, 1, out); err != nil {
			t.Fatal(err)
		}
		rows[i] = bundle.Row{Features: row, Score: out[0]}
	}
	return rows
}

// New is a bundle with Model over the columns of a feature set.
func New(t testing.TB, name string, version int, set string, columns ...string) *bundle.Bundle {
	t.Helper()
	model := Model(columns...)
	file, err := json.Marshal(model)
	if err != nil {
		t.Fatal(err)
	}
	b, err := bundle.New(Manifest(name, version, set, columns...), file, Golden(t, model, len(columns)))
	if err != nil {
		t.Fatal(err)
	}
	return b
}

// Pack writes the bundle into dir, under the name the registry looks for, and returns its path.
func Pack(t testing.TB, dir string, b *bundle.Bundle) string {
	t.Helper()
	path := filepath.Join(dir, b.Manifest.ID()+bundle.Extension)
	file, err := os.Create(path)
	if err != nil {
		t.Fatal(err)
	}
	if err := b.Write(file); err != nil {
		t.Fatal(err)
	}
	if err := file.Close(); err != nil {
		t.Fatal(err)
	}
	return path
}
