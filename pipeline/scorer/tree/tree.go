// Package tree scores rows with gradient boosted trees, in pure Go and without allocating. It reads the files that LightGBM (text, v2 to v4) and
// XGBoost (JSON and UBJSON of versions 1 to 3) write themselves, and refuses by name what it would answer differently than they do.
//
// The trees of both become one forest of 16-byte nodes. A step in a tree is branch-free (the outcome of a comparison is added to an index) and a
// leaf leads to itself, so eight rows of a tree, or eight trees of a single row, are walked side by side while the processor waits for none of
// them. Trees with categorical splits, and very deep ones, are walked one by one.
//
// Raw scores equal LightGBM's bit by bit (float64, trees in the file's order) and XGBoost's but for the last places of a float32; testdata holds
// the answers of the libraries that the tests compare with.
package tree

import (
	"bytes"
	"errors"
	"fmt"
	"math"
	"slices"
)

// Limits of a file. What a file claims is checked against what it holds before anything is allocated for it; beyond that its size bounds memory.
const (
	maxFile     = 64 << 20 // bytes
	maxFeatures = 4096
)

// ErrUnsupported marks a file that the libraries would score, but this package does not; the error names the content.
var ErrUnsupported = errors.New("not supported")

// Model is a parsed model. It is immutable and safe for concurrent use.
type Model struct {
	forest
	names   []string
	slope   float64 // of the sigmoid that makes a raw score a probability; 0: the score is the raw score
	average bool    // a random forest: the score is made of the mean over trees, the raw score is their sum
}

// Parse reads a model file of either library, whichever it is. Errors are of the file: ErrUnsupported, or one that says where the file is broken.
func Parse(file []byte) (*Model, error) {
	if len(file) > maxFile {
		return nil, fmt.Errorf("model file of %d bytes: at most %d are read", len(file), maxFile)
	}
	switch {
	case bytes.HasPrefix(file, []byte("tree\n")), bytes.HasPrefix(file, []byte("tree\r\n")):
		return named("LightGBM text")(parseLightGBM(string(file)))
	case len(file) > 1 && file[0] == '{' && bytes.IndexByte([]byte(" \t\r\n\""), file[1]) >= 0:
		return named("XGBoost JSON")(parseXGBoost(file))
	case len(file) > 1 && file[0] == '{':
		text, err := fromUBJSON(file)
		if err != nil {
			return nil, fmt.Errorf("model file as XGBoost UBJSON: %w", err)
		}
		return named("XGBoost UBJSON")(parseXGBoost(text))
	}
	return nil, fmt.Errorf("model file is neither LightGBM text nor XGBoost JSON or UBJSON (an older XGBoost file: save_model(\"model.ubj\")): %w", ErrUnsupported)
}

func named(format string) func(*Model, error) (*Model, error) {
	return func(m *Model, err error) (*Model, error) {
		if err != nil {
			return nil, fmt.Errorf("model file as %s: %w", format, err)
		}
		return m, nil
	}
}

// newModel is a model without trees yet.
func newModel(names []string) (*Model, error) {
	if len(names) == 0 || len(names) > maxFeatures {
		return nil, fmt.Errorf("%d features: 1 to %d are read", len(names), maxFeatures)
	}
	return &Model{names: names, forest: forest{features: len(names), limit: math.MaxFloat64}}, nil
}

// Features is how many features a row has.
func (m *Model) Features() int { return m.features }

// FeatureNames are the names of the features in the order of a row, as the file has them; f0, f1, ... where it has none.
func (m *Model) FeatureNames() []string { return slices.Clone(m.names) }

// Trees is how many trees the model has.
func (m *Model) Trees() int { return len(m.trees) }

// Score answers what the library's predict does: for a binary objective the probability in [0,1], for regression the value. rows holds n rows of
// Features() values each, one after the other; NaN is missing, a category is its code, infinities are refused. out needs n places and is not to
// be read after an error. Neither is kept.
func (m *Model) Score(rows []float64, n int, out []float64) error {
	if err := m.Raw(rows, n, out); err != nil {
		return err
	}
	out = out[:n]
	if m.average {
		for i := range out {
			out[i] /= float64(len(m.trees))
		}
	}
	if m.slope != 0 {
		for i, raw := range out {
			out[i] = 1 / (1 + math.Exp(-m.slope*raw))
		}
	}
	return nil
}

// Raw is Score before the sigmoid, and before the mean of a random forest: what LightGBM calls raw_score and XGBoost output_margin.
func (m *Model) Raw(rows []float64, n int, out []float64) error {
	if n < 0 || len(rows) != n*m.features || len(out) < n {
		return fmt.Errorf("%d rows of %d features do not fit %d values and %d answers", n, m.features, len(rows), len(out))
	}
	if at := slices.IndexFunc(rows, func(v float64) bool { return math.Abs(v) > m.limit }); at >= 0 {
		return fmt.Errorf("feature %s of row %d is %v: infinite values are not scored", m.names[at%m.features], at/m.features, rows[at])
	}
	m.sum(rows, out[:n])
	return nil
}
