package oip

import (
	"encoding/binary"
	"fmt"
	"math"
	"slices"

	"andon/schemas/verdict"
)

// tensor is an array of numbers as it travels.
type tensor struct {
	Name     string  `json:"name"`
	Datatype string  `json:"datatype"`
	Shape    []int64 `json:"shape"`
	raw      []byte  // its numbers, little endian, row by row
}

// The datatypes we speak.
const (
	fp32 = "FP32"
	fp64 = "FP64"
)

func float(datatype string) bool { return datatype == fp32 || datatype == fp64 }

// description is what a model takes.
type description struct {
	Name     string   `json:"name"`
	Versions []string `json:"versions"`
	Inputs   []tensor `json:"inputs"`
}

// undeclared is the input of a model whose server does not say: servers that do not know what a model takes do not look at the name either.
var undeclared = tensor{Name: "input-0", Datatype: fp64}

// input is the tensor that rows are sent as.
func (d *description) input() *tensor {
	if len(d.Inputs) == 0 {
		return &undeclared
	}
	return &d.Inputs[0]
}

// check says why a model cannot be asked for rows of so many features in the version wanted.
func (d *description) check(c *Config) error {
	in := d.input()
	var err error
	switch last := len(in.Shape) - 1; {
	case d.Name != "" && d.Name != c.Model:
		err = c.mistake("model", "asked for %s, %s describes %s", c.Model, c.URL, d.Name)
	case c.Version != "" && len(d.Versions) > 0 && !slices.Contains(d.Versions, c.Version):
		err = c.mistake("version", "%s has model %s in versions %v and not in %s", c.URL, c.Model, d.Versions, c.Version)
	case len(d.Inputs) > 1:
		err = c.mistake("model", "%s takes %d tensors: give it one that takes all features in one tensor", c.Model, len(d.Inputs))
	case !float(in.Datatype):
		err = c.mistake("model", "%s takes %s: give it one that takes FP64 or FP32", c.Model, in.Datatype)
	case last >= 0 && in.Shape[last] > 0 && in.Shape[last] != int64(c.Features):
		err = c.mistake("model", "%s takes rows of %d features, not of %d: it is another model than the bundle's", c.Model, in.Shape[last], c.Features)
	}
	if err != nil {
		err = &failure{verdict.ModelMissing, err}
	}
	return err
}

// appendRows appends the numbers of rows as a datatype.
func appendRows(b []byte, datatype string, rows []float64) []byte {
	if datatype == fp32 {
		for _, x := range rows {
			b = binary.LittleEndian.AppendUint32(b, math.Float32bits(float32(x)))
		}
		return b
	}
	for _, x := range rows {
		b = binary.LittleEndian.AppendUint64(b, math.Float64bits(x))
	}
	return b
}

// width is the bytes of one number.
func width(datatype string) int {
	if datatype == fp32 {
		return 4
	}
	return 8
}

// answer is what a model said of a batch.
type answer struct {
	Model   string   `json:"model_name"`
	Version string   `json:"model_version"`
	Outputs []tensor `json:"outputs"`
}

// from says why an answer is not from the model we asked.
func (a *answer) from(c *Config) error {
	if a.Model != "" && a.Model != c.Model || c.Version != "" && a.Version != "" && a.Version != c.Version {
		return &failure{verdict.ModelMissing, c.mistake("version", "asked %s for %s in version %q, was answered by %s in version %q", c.URL, c.Model, c.Version, a.Model, a.Version)}
	}
	return nil
}

// scores are the probabilities of n rows, as they came: they may be anything a float can be.
func (a *answer) scores(n int) ([]float64, error) {
	var found *tensor
	for i := range a.Outputs {
		t := &a.Outputs[i]
		if !float(t.Datatype) {
			continue // a class label beside the probabilities
		}
		if found != nil {
			return nil, badOutput("two tensors of floats, %s and %s: the model must answer with one", found.Name, t.Name)
		}
		found = t
	}
	if found == nil {
		return nil, badOutput("no tensor of floats among %d tensors", len(a.Outputs))
	}
	return found.scores(n)
}

func (t *tensor) scores(n int) ([]float64, error) {
	columns := 1
	if len(t.Shape) == 2 && t.Shape[1] == 2 {
		columns = 2
	}
	size := width(t.Datatype)
	shaped := len(t.Shape) == 1 || len(t.Shape) == 2 && t.Shape[1] == int64(columns)
	if !shaped || t.Shape[0] != int64(n) || len(t.raw) != n*columns*size {
		return nil, badOutput("%s of shape %v in %d bytes for %d rows: it must be [%d], [%d 1] or [%d 2]", t.Datatype, t.Shape, len(t.raw), n, n, n, n)
	}
	out := make([]float64, n)
	for i := range out {
		at := t.raw[(i*columns+columns-1)*size:]
		if t.Datatype == fp32 {
			out[i] = float64(math.Float32frombits(binary.LittleEndian.Uint32(at)))
		} else {
			out[i] = math.Float64frombits(binary.LittleEndian.Uint64(at))
		}
	}
	return out, nil
}

func badOutput(format string, args ...any) error {
	return &failure{verdict.BadOutput, fmt.Errorf(format, args...)}
}
