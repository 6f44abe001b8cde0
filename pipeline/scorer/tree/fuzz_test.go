package tree

import (
	"bytes"
	"encoding/binary"
	"encoding/json"
	"math"
	"testing"
)

// scores checks of a file that was read that rows are scored, and in a block as one by one.
func scores(t *testing.T, m *Model) {
	const n = 9
	rows := make([]float64, n*m.Features())
	for i := range rows {
		rows[i] = []float64{0, math.NaN(), 1, -1, 1.5, 3e38, -3e38, 40}[draw(1, i, 0)%8]
	}
	block, one := make([]float64, n), make([]float64, 1)
	if err := m.Raw(rows, n, block); err != nil {
		t.Fatal(err)
	}
	for i, want := range block {
		if err := m.Raw(rows[i*m.Features():][:m.Features()], 1, one); err != nil {
			t.Fatal(err)
		}
		if math.Float64bits(one[0]) != math.Float64bits(want) && !math.IsNaN(want) {
			t.Fatalf("row %d: %v alone, %v in a block", i, one[0], want)
		}
	}
}

func FuzzLightGBM(f *testing.F) {
	f.Add([]byte(smallLightGBM))
	f.Add(bytes.ReplaceAll([]byte(smallLightGBM), []byte("\n"), []byte("\r\n")))
	f.Add([]byte(smallLightGBM[:300]))
	f.Fuzz(func(t *testing.T, file []byte) {
		if m, err := parseLightGBM(string(file)); err == nil {
			scores(t, m)
		}
	})
}

func FuzzXGBoost(f *testing.F) {
	f.Add([]byte(smallXGBoost))
	f.Add([]byte(smallXGBoost[:len(smallXGBoost)/2]))
	f.Fuzz(func(t *testing.T, file []byte) {
		if m, err := parseXGBoost(file); err == nil {
			scores(t, m)
		}
	})
}

func FuzzUBJSON(f *testing.F) {
	f.Add(toUBJSON(f, smallXGBoost))
	f.Add([]byte("{U\x01a[$d#U\x01?\xc0\x00\x00U\x01b{}U\x01c[#U\x02TF}"))
	f.Fuzz(func(t *testing.T, file []byte) {
		text, err := fromUBJSON(file)
		if err != nil {
			return
		}
		if len(text) > 8*len(file)+16 {
			t.Fatalf("%d bytes became %d", len(file), len(text))
		}
		if m, err := parseXGBoost(text); err == nil {
			scores(t, m)
		}
	})
}

// toUBJSON writes JSON as UBJSON, lists of numbers with type and count as XGBoost does.
func toUBJSON(t testing.TB, text string) []byte {
	var v any
	if err := json.Unmarshal([]byte(text), &v); err != nil {
		t.Fatal(err)
	}
	return appendUBJSON(nil, v)
}

func appendUBJSON(out []byte, v any) []byte {
	length := func(n int) { out = binary.BigEndian.AppendUint64(append(out, 'L'), uint64(n)) }
	switch v := v.(type) {
	case float64:
		return binary.BigEndian.AppendUint32(append(out, 'd'), math.Float32bits(float32(v)))
	case string:
		out = append(out, 'S')
		length(len(v))
		return append(out, v...)
	case map[string]any:
		out = append(out, '{')
		for key, member := range v {
			length(len(key))
			out = appendUBJSON(append(out, key...), member)
		}
		return append(out, '}')
	case []any:
		numbers := len(v) > 0
		for _, member := range v {
			_, isNumber := member.(float64)
			numbers = numbers && isNumber
		}
		out = append(out, '[')
		if numbers {
			out = append(out, "$d"...)
		}
		out = append(out, '#')
		length(len(v))
		for _, member := range v {
			from := len(out)
			if out = appendUBJSON(out, member); numbers {
				out = append(out[:from], out[from+1:]...) // the marker
			}
		}
	}
	return out
}
