package tree

import (
	"bytes"
	"compress/gzip"
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"encoding/json"
	"io"
	"math"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// golden is testdata/manifest.json: models of the real libraries and what the libraries answered.
type golden struct {
	Seed     uint64
	Rows     int
	Features int
	RowsSHA  string `json:"rows_sha256"`
	Models   []goldenModel
}

type goldenModel struct {
	Name, File    string
	MadeBy        string `json:"made_by"`
	AnsweredBy    string `json:"answered_by"`
	Raw           int
	Probabilities int
	ModelSHA      string `json:"model_sha256"`
	AnswersSHA    string `json:"answers_sha256"`
}

func readGolden(t testing.TB) (golden, []float64) {
	t.Helper()
	text, err := os.ReadFile(filepath.Join("testdata", "manifest.json"))
	var g golden
	if err == nil {
		err = json.Unmarshal(text, &g)
	}
	if err != nil {
		t.Fatal(err)
	}
	return g, makeRows(g.Seed, g.Rows)
}

func unzip(t testing.TB, name, sha string) []byte {
	t.Helper()
	packed, err := os.ReadFile(filepath.Join("testdata", name))
	if err != nil {
		t.Fatal(err)
	}
	z, err := gzip.NewReader(bytes.NewReader(packed))
	if err != nil {
		t.Fatal(err)
	}
	content, err := io.ReadAll(z)
	if err != nil {
		t.Fatal(err)
	}
	if got := sum(content); got != sha {
		t.Fatalf("%s has hash %s, the manifest says %s", name, got, sha)
	}
	return content
}

func sum(content []byte) string {
	h := sha256.Sum256(content)
	return hex.EncodeToString(h[:])
}

func (g goldenModel) parse(t testing.TB) *Model {
	t.Helper()
	m, err := Parse(unzip(t, g.File, g.ModelSHA))
	if err != nil {
		t.Fatal(err)
	}
	return m
}

// answers are the library's raw scores and probabilities.
func (g goldenModel) answers(t testing.TB) (raw, probability []float64) {
	t.Helper()
	content := unzip(t, g.Name+".answers.gz", g.AnswersSHA)
	all := make([]float64, g.Raw+g.Probabilities)
	for i := range all {
		if g.xgboost() {
			all[i] = float64(math.Float32frombits(binary.LittleEndian.Uint32(content[4*i:])))
		} else {
			all[i] = math.Float64frombits(binary.LittleEndian.Uint64(content[8*i:]))
		}
	}
	return all[:g.Raw], all[g.Raw:]
}

func (g goldenModel) xgboost() bool { return strings.HasPrefix(g.AnsweredBy, "xgboost") }

func TestRowsAreThoseOfTheLibraries(t *testing.T) {
	g, rows := readGolden(t)
	var content []byte
	missing := 0
	for _, v := range rows {
		if math.IsNaN(v) {
			missing++
			v = math.Float64frombits(0x7ff8000000000000)
		}
		content = binary.LittleEndian.AppendUint64(content, math.Float64bits(v))
	}
	if got := sum(content); got != g.RowsSHA {
		t.Errorf("rows have hash %s, the libraries were given %s", got, g.RowsSHA)
	}
	if g.Rows < 10_000 || g.Features != rowFeatures || missing < g.Rows {
		t.Errorf("%d rows of %d features with %d missing: want 10,000 of %d with one or more in a row", g.Rows, g.Features, missing, rowFeatures)
	}
}

// TestParity holds the engine to the libraries: raw scores bit by bit, probabilities within the exponential function of another library, which
// XGBoost takes in float32. Rows go in one by one, in blocks and in what blocks leave over.
func TestParity(t *testing.T) {
	g, rows := readGolden(t)
	for _, model := range g.Models {
		t.Run(model.Name, func(t *testing.T) {
			m := model.parse(t)
			raw, probability := model.answers(t)
			for _, batch := range []int{1, 67, g.Rows} {
				if worst, differ := furthest(byBatches(t, m.Raw, rows, g.Rows, batch), raw); differ > 0 {
					t.Errorf("batches of %d: %d of %d raw scores differ, by up to %v", batch, differ, len(raw), worst)
				}
			}
			worst, _ := furthest(byBatches(t, m.Score, rows, model.Probabilities, 64), probability)
			t.Logf("made by %s: %d raw scores equal, %d scores differ by at most %.2g", model.MadeBy, len(raw), len(probability), worst)
			if limit := model.limit(); !(worst <= limit) {
				t.Errorf("scores differ by up to %v, want at most %v", worst, limit)
			}
		})
	}
}

func (g goldenModel) limit() float64 {
	if g.xgboost() {
		return 1e-6
	}
	return 1e-15
}

func byBatches(t *testing.T, score func([]float64, int, []float64) error, rows []float64, n, batch int) []float64 {
	t.Helper()
	out := make([]float64, n)
	for at := 0; at < n; at += batch {
		k := min(batch, n-at)
		if err := score(rows[at*rowFeatures:(at+k)*rowFeatures], k, out[at:]); err != nil {
			t.Fatal(err)
		}
	}
	return out
}

func furthest(got, want []float64) (worst float64, differ int) {
	for i := range want {
		if d := math.Abs(got[i] - want[i]); d != 0 { // also NaN
			differ++
			if !(d <= worst) {
				worst = d
			}
		}
	}
	return worst, differ
}
