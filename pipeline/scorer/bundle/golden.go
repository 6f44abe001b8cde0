package bundle

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math"
	"slices"
)

// Row is a golden row: what the model was fed, and what it said where it was trained.
type Row struct {
	Features []float64 // NaN: missing
	Score    float64   // calibrated
}

// How many golden rows there may be.
const (
	goldenMin = 100
	goldenMax = 10_000
)

// line is a golden row in its file.
type line struct {
	Features []*float64 `json:"features"` // null: missing
	Score    *float64   `json:"score"`
}

// readGolden reads golden rows and holds them to the features.
func readGolden(text []byte, f *Features) ([]Row, error) {
	d := json.NewDecoder(bytes.NewReader(text))
	d.DisallowUnknownFields()
	var rows []Row
	for {
		var l line
		switch err := d.Decode(&l); {
		case err == io.EOF:
			return rows, checkGolden(rows, f)
		case err != nil:
			return nil, fmt.Errorf("row %d: %w", len(rows), err)
		case len(rows) == goldenMax:
			return nil, fmt.Errorf("more than %d rows", goldenMax)
		case l.Score == nil || !(*l.Score >= 0 && *l.Score <= 1):
			return nil, fmt.Errorf("row %d: its score is no probability", len(rows))
		case len(l.Features) != len(f.Columns):
			return nil, fmt.Errorf("row %d: %d features, the manifest has %d", len(rows), len(l.Features), len(f.Columns))
		}
		r := Row{make([]float64, len(l.Features)), *l.Score}
		for j, x := range l.Features {
			switch {
			case x != nil:
				r.Features[j] = *x
			case f.Columns[j].Missing == Needed:
				return nil, fmt.Errorf("row %d: %s is missing: without it the model is never asked", len(rows), f.Columns[j].Name)
			default:
				r.Features[j] = math.NaN()
			}
		}
		rows = append(rows, r)
	}
}

// checkGolden says whether the rows could tell one model from another.
func checkGolden(rows []Row, f *Features) error {
	if len(rows) < goldenMin {
		return fmt.Errorf("%d rows: at least %d are needed", len(rows), goldenMin)
	}
	missing, differ := !slices.ContainsFunc(f.Columns, func(c Column) bool { return c.Missing == Keep }), false
	for _, r := range rows {
		for _, x := range r.Features {
			missing = missing || math.IsNaN(x)
		}
		differ = differ || r.Score != rows[0].Score
	}
	switch {
	case !missing:
		return errors.New("no row lacks a value: give it some, so that it shows what the model makes of them")
	case !differ:
		return errors.New("all rows have the same score: any model that is stuck would pass")
	}
	return nil
}

// writeGolden is the file of golden rows.
func writeGolden(rows []Row) ([]byte, error) {
	var text bytes.Buffer
	e := json.NewEncoder(&text)
	for _, r := range rows {
		l := line{make([]*float64, len(r.Features)), &r.Score}
		for j := range r.Features {
			if !math.IsNaN(r.Features[j]) {
				l.Features[j] = &r.Features[j]
			}
		}
		if err := e.Encode(l); err != nil {
			return nil, fmt.Errorf("golden rows: %w", err)
		}
	}
	return text.Bytes(), nil
}

// Tolerance is how far a model's answer may be from the golden one, in probability: nothing that a user could see. XGBoost reckons with 32
// bits, and a server may.
func (f Format) Tolerance() float64 {
	if f == XGBoost || f == Remote {
		return 1e-6
	}
	return 1e-12 // the exponential of two libraries differs in its last bit
}

// Mismatch is a golden row that the model answers otherwise.
type Mismatch struct {
	Row           int // from 0
	Expected, Got float64
}

func (m *Mismatch) Error() string {
	return fmt.Sprintf("golden row %d: the model says %v, expected %v", m.Row, m.Got, m.Expected)
}

// Replay feeds the golden rows to a calibrated model and returns what it answered, row by row. It changes nothing.
func (b *Bundle) Replay(m Model) ([]float64, error) {
	var rows []float64
	for _, r := range b.Golden {
		rows = append(rows, r.Features...)
	}
	got := make([]float64, len(b.Golden))
	if err := m.Score(rows, len(got), got); err != nil {
		return nil, fmt.Errorf("bundle %s: golden rows: %w", b.Manifest.ID(), err)
	}
	return got, nil
}

// Mismatches lists the golden rows whose answers in got, as Replay returns them, are not the expected ones.
func (b *Bundle) Mismatches(got []float64) []Mismatch {
	var out []Mismatch
	tolerance := b.Manifest.Format.Tolerance()
	for i, r := range b.Golden {
		if !(math.Abs(got[i]-r.Score) <= tolerance) { // nor when it is no number
			out = append(out, Mismatch{i, r.Score, got[i]})
		}
	}
	return out
}
