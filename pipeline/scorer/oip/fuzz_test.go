package oip

import (
	"strconv"
	"testing"

	"google.golang.org/protobuf/proto"
)

// Whatever a server answers, it is scores of the rows asked for, or an error.
func FuzzAnswers(f *testing.F) {
	raw := bytesOf(fp64, []float64{0.25, 0.5})
	head := []byte(`{"model_name":"late","outputs":[{"name":"p","shape":[2],"datatype":"FP64","parameters":{"binary_data_size":16}}]}`)
	f.Add(strconv.Itoa(len(head)), append(head, raw...), 2)
	f.Add("2", []byte(`{}`), 1)
	for _, within := range []bool{false, true} {
		m := newObject("ModelInferResponse")
		m.set("model_name", "late")
		m.addTensor("outputs", tensor{Name: "p", Datatype: fp64, Shape: []int64{2, 1}, raw: raw}, within)
		if !within {
			m.add("raw_output_contents", raw)
		}
		message, err := proto.Marshal(m.Message)
		must(err)
		f.Add("", message, 2)
	}
	f.Fuzz(func(t *testing.T, header string, body []byte, n int) {
		n = min(max(n, 1), rowsMax)
		byHTTP, errHTTP := parseHTTP(header, body)
		byGRPC, errGRPC := parseAnswer(body)
		for _, got := range []struct {
			a   answer
			err error
		}{{byHTTP, errHTTP}, {byGRPC, errGRPC}} {
			if got.err != nil {
				continue
			}
			if scores, err := got.a.scores(n); err == nil && len(scores) != n {
				t.Errorf("%d scores of %d rows", len(scores), n)
			}
		}
		if d, err := parseDescription(body); err == nil {
			_ = d.check(&Config{Model: "late", Version: "3", Features: 4})
		}
	})
}
