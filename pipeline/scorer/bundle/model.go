package bundle

import (
	"bytes"
	"errors"
	"fmt"
	"math"
	"slices"

	"andon/pipeline/scorer/logistic"
	"andon/pipeline/scorer/tree"
)

// Model answers rows. Many goroutines may use one at once.
type Model interface {
	// Score writes the probability of each of n rows to out. rows holds them one after the other, NaN for what is missing; it keeps neither.
	Score(rows []float64, n int, out []float64) error
}

// ErrRemote says that the model is on a server: the bundle only names it.
var ErrRemote = errors.New("the model is on a server")

// Parse makes a model of the model file, before calibration. ErrRemote when the file holds none.
func (b *Bundle) Parse() (Model, error) {
	m, err := b.parse()
	if err != nil {
		return nil, fmt.Errorf("bundle %s: %w", b.Manifest.ID(), err)
	}
	return m, nil
}

func (b *Bundle) parse() (Model, error) {
	switch b.Manifest.Format {
	case Logistic:
		m, err := logistic.Parse(b.Model)
		if err != nil {
			return nil, err
		}
		return m, b.fed(m.Names())
	case Remote:
		return nil, ErrRemote
	default:
		m, err := tree.Parse(b.Model)
		if err != nil {
			return nil, err
		}
		if text := bytes.HasPrefix(b.Model, []byte("tree")); text != (b.Manifest.Format == LightGBM) {
			return nil, fmt.Errorf("%s is not of the format %s", b.Manifest.Model.Name, b.Manifest.Format)
		}
		return m, b.fed(m.FeatureNames())
	}
}

// fed says whether a model with columns of these names takes the rows of the manifest. Names that the libraries make up where they were given
// none, Column_0 or f0, say nothing.
func (b *Bundle) fed(names []string) error {
	if len(names) != len(b.Manifest.Features.Columns) {
		return fmt.Errorf("the model takes %d features, the manifest has %d", len(names), len(b.Manifest.Features.Columns))
	}
	for i, c := range b.Manifest.Features.Columns {
		if got := names[i]; got != c.Name && got != fmt.Sprint("Column_", i) && got != fmt.Sprint("f", i) {
			return fmt.Errorf("column %d is %s to the model and %s to the manifest", i, got, c.Name)
		}
	}
	return nil
}

// Activate is the model of the bundle with its calibrator, once it has answered the golden rows as expected; else the error is a *Mismatch, or
// why it did not answer. raw is what Parse returned, or asks the server.
func (b *Bundle) Activate(raw Model) (Model, error) {
	m := b.Calibrated(raw)
	got, err := b.Replay(m)
	if err != nil {
		return nil, err
	}
	if wrong := b.Mismatches(got); len(wrong) > 0 {
		return nil, fmt.Errorf("bundle %s: %d of %d golden rows differ, so it is not what was trained: %w", b.Manifest.ID(), len(wrong), len(got), &wrong[0])
	}
	return m, nil
}

// Calibrated is raw with the bundle's calibrator after it.
func (b *Bundle) Calibrated(raw Model) Model {
	if b.Manifest.Calibrator.Kind == None {
		return raw
	}
	return calibrated{raw, &b.Manifest.Calibrator}
}

type calibrated struct {
	Model
	by *Calibrator
}

// Score implements Model.
func (c calibrated) Score(rows []float64, n int, out []float64) error {
	if err := c.Model.Score(rows, n, out); err != nil {
		return err
	}
	c.by.Apply(out[:n])
	return nil
}

// Apply calibrates the scores in place. What is no probability stays as it is, to be refused.
func (c *Calibrator) Apply(scores []float64) {
	if c.Kind == None {
		return
	}
	for i, p := range scores {
		switch {
		case !(p >= 0 && p <= 1):
		case c.Kind == Platt:
			z := float64(c.A*(math.Log(p)-math.Log1p(-p))) + c.B
			scores[i] = 1 / (1 + math.Exp(-z))
		default:
			scores[i] = c.between(p)
		}
	}
}

// between is where the line through the points stands at p; level before the first and after the last.
func (c *Calibrator) between(p float64) float64 {
	i, _ := slices.BinarySearch(c.X, p)
	switch i {
	case 0:
		return c.Y[0]
	case len(c.X):
		return c.Y[i-1]
	}
	share := (p - c.X[i-1]) / (c.X[i] - c.X[i-1])
	return min(c.Y[i-1]+float64(share*(c.Y[i]-c.Y[i-1])), c.Y[i])
}
