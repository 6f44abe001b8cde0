// Package train fits the one model that needs no Python: a logistic regression, with standardised features, a column for what is missing, and
// a ridge. The same rows give the same bits, in whatever order they come; trees are trained by train/train.py.
package train

import (
	"cmp"
	"errors"
	"fmt"
	"math"
	"slices"

	"andon/pipeline/scorer/logistic"
)

// Options say how to fit.
type Options struct {
	Names []string // of the columns, in order; required
	Ridge float64  // penalty on the square of each standardised weight, in units of a row's log-likelihood, above 0; 0 takes 1
}

// Bounds of the iteration. Newton's method takes 5 to 10 steps on what is not hopeless.
const (
	stepsMax   = 100
	settled    = 1e-10 // a step that moves no weight further ends it
	halvingMax = 40
)

// Logistic fits rows, each of len(Names) values with NaN for what is missing, to labels, of which some are true and some false.
func Logistic(rows [][]float64, labels []bool, o Options) (*logistic.Model, error) {
	if o.Ridge == 0 {
		o.Ridge = 1
	}
	if err := check(rows, labels, o); err != nil {
		return nil, fmt.Errorf("fit logistic regression: %w", err)
	}
	order := canonical(rows, labels)
	model := &logistic.Model{Terms: make([]logistic.Term, len(o.Names))}
	for j, name := range o.Names {
		mean, scale := moments(rows, order, j)
		model.Terms[j] = logistic.Term{Name: name, Mean: mean, Scale: scale}
	}
	w, err := newton(newDesign(model, rows, labels, order, o.Ridge))
	if err != nil {
		return nil, fmt.Errorf("fit logistic regression: %w", err)
	}
	model.Intercept = w[0]
	for j := range model.Terms {
		model.Terms[j].Weight, model.Terms[j].MissingWeight = w[1+2*j], w[2+2*j]
	}
	return model, nil
}

func check(rows [][]float64, labels []bool, o Options) error {
	if len(o.Names) == 0 || len(o.Names) > logistic.TermsMax || len(rows) != len(labels) || !(o.Ridge > 0) || math.IsInf(o.Ridge, 0) {
		return fmt.Errorf("%d rows with %d labels, of %d columns, ridge %v: a label for each row, 1 to %d columns and a ridge above 0 are needed",
			len(rows), len(labels), len(o.Names), o.Ridge, logistic.TermsMax)
	}
	if !slices.Contains(labels, true) || !slices.Contains(labels, false) {
		return errors.New("all labels are the same: there is nothing to tell apart")
	}
	for i, row := range rows {
		if len(row) != len(o.Names) {
			return fmt.Errorf("row %d has %d values, want %d", i, len(row), len(o.Names))
		}
		for j, x := range row {
			if math.Abs(x) > 1e100 { // its square is still a number
				return fmt.Errorf("row %d: %s is %v: leave out what is no measurement", i, o.Names[j], x)
			}
		}
	}
	return nil
}

// canonical is the order in which rows are added up, whatever order they came in: by label, then by their values, what is missing last. Rows it
// cannot tell apart are the same row.
func canonical(rows [][]float64, labels []bool) []int {
	order := make([]int, len(rows))
	for i := range order {
		order[i] = i
	}
	slices.SortFunc(order, func(a, b int) int {
		if labels[a] != labels[b] {
			if labels[a] {
				return 1
			}
			return -1
		}
		for j, x := range rows[a] {
			y := rows[b][j]
			if missing := math.IsNaN(x); missing != math.IsNaN(y) {
				if missing {
					return 1
				}
				return -1
			}
			if c := cmp.Compare(x, y); c != 0 {
				return c
			}
		}
		return 0
	})
	return order
}

// moments are mean and standard deviation of a column's values; 0 and 1 of one without any, and a deviation of 1 where nothing varies.
func moments(rows [][]float64, order []int, j int) (mean, deviation float64) {
	var sum, squares float64
	var n int
	for _, i := range order {
		if x := rows[i][j]; !math.IsNaN(x) {
			sum += x
			n++
		}
	}
	if n == 0 {
		return 0, 1
	}
	mean = sum / float64(n)
	for _, i := range order {
		if d := rows[i][j] - mean; !math.IsNaN(d) {
			squares += float64(d * d)
		}
	}
	if deviation = math.Sqrt(squares / float64(n)); !(deviation > 1e-12*math.Abs(mean)) {
		deviation = 1
	}
	return mean, deviation
}
