package bundle_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"testing"

	"andon/pipeline/scorer/bundle"
	"andon/pipeline/scorer/bundle/bundletest"
)

var columns = []string{"dwell_s", "legs", "hour"}

func sample(t testing.TB) *bundle.Bundle {
	t.Helper()
	return bundletest.New(t, "carrier-lateness", 1, "carrier/1", columns...)
}

func packed(t testing.TB, b *bundle.Bundle) []byte {
	t.Helper()
	var out bytes.Buffer
	if err := b.Write(&out); err != nil {
		t.Fatal(err)
	}
	return out.Bytes()
}

func TestPackedIsTheSame(t *testing.T) {
	want := sample(t)
	path := bundletest.Pack(t, t.TempDir(), want)
	got, err := bundle.Open(path, func(name string) (int, []bundle.Column) {
		if name != "carrier" {
			t.Errorf("asked for the set %s", name)
		}
		return 1, want.Manifest.Features.Columns
	})
	if err != nil {
		t.Fatal(err)
	}
	if !reflect.DeepEqual(got.Manifest, want.Manifest) || !bytes.Equal(got.Model, want.Model) || !bytes.Equal(packed(t, got), packed(t, want)) {
		t.Errorf("read\n%+v\nwritten\n%+v", got.Manifest, want.Manifest)
	}
	for i, r := range want.Golden {
		same := func(a, b float64) bool {
			return math.Float64bits(a) == math.Float64bits(b) || math.IsNaN(a) && math.IsNaN(b)
		}
		if !slices.EqualFunc(r.Features, got.Golden[i].Features, same) || !same(r.Score, got.Golden[i].Score) {
			t.Errorf("golden row %d: read %v, written %v", i, got.Golden[i], r)
		}
	}
	raw, err := got.Parse()
	if err != nil {
		t.Fatal(err)
	}
	if _, err := got.Activate(raw); err != nil {
		t.Error(err)
	}
}

// unpacked writes the bundle as a directory and returns it.
func unpacked(t *testing.T, b *bundle.Bundle) string {
	t.Helper()
	dir := t.TempDir()
	manifest, err := json.Marshal(b.Manifest)
	if err != nil {
		t.Fatal(err)
	}
	var golden bytes.Buffer
	for _, r := range b.Golden {
		var features []any
		for _, x := range r.Features {
			if features = append(features, x); math.IsNaN(x) {
				features[len(features)-1] = nil
			}
		}
		line, err := json.Marshal(map[string]any{"features": features, "score": r.Score})
		if err != nil {
			t.Fatal(err)
		}
		golden.Write(append(line, '\n'))
	}
	for name, text := range map[string][]byte{"manifest.json": manifest, "golden.jsonl": golden.Bytes(), "model.json": b.Model} {
		if err := os.WriteFile(filepath.Join(dir, name), text, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	return dir
}

// replace changes a file of an unpacked bundle.
func replace(t *testing.T, dir, name, old, with string) {
	t.Helper()
	path := filepath.Join(dir, name)
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	changed := strings.Replace(string(text), old, with, 1)
	if changed == string(text) {
		t.Fatalf("%s holds no %s", name, old)
	}
	if err := os.WriteFile(path, []byte(changed), 0o600); err != nil {
		t.Fatal(err)
	}
}

func TestADirectoryMayLeaveOutHashes(t *testing.T) {
	b := sample(t)
	b.Manifest.Model.SHA256, b.Manifest.Model.SizeBytes = "", 0
	b.Manifest.Golden.SHA256, b.Manifest.Golden.SizeBytes = "", 0
	got, err := bundle.Open(unpacked(t, b), nil)
	if err != nil || len(got.Manifest.Model.SHA256) != 64 || got.Manifest.Golden.SizeBytes == 0 {
		t.Fatalf("%+v, %v", got, err)
	}
	if _, err := bundle.Open(bundletest.Pack(t, t.TempDir(), b), nil); err == nil || !strings.Contains(err.Error(), "not the file") {
		t.Errorf("a packed bundle without hashes: %v", err)
	}
}

func TestOpenRefuses(t *testing.T) {
	for _, c := range []struct{ file, old, with, says string }{
		{"manifest.json", `"layout":1`, `"layout":2`, "layout is 2"},
		{"manifest.json", `"layout":1`, `"layout":1,"extra":1`, `unknown field "extra"`},
		{"manifest.json", `{`, ` {}{`, "stands after it"},
		{"manifest.json", `"name":"carrier-lateness"`, `"name":"../x"`, "lower case letters"},
		{"manifest.json", `"version":1`, `"version":0`, "version 0"},
		{"manifest.json", `"logistic"`, `"pickle"`, "lightgbm, xgboost, logistic or remote"},
		{"manifest.json", `"name":"model.json"`, `"name":"../model.json"`, "the name of the model file"},
		{"manifest.json", `"name":"model.json"`, `"name":"golden.jsonl"`, "the name of the model file"},
		{"manifest.json", `"name":"model.json"`, `"name":"gone.json"`, "gone.json"},
		{"manifest.json", `"name":"golden.jsonl"`, `"name":"g"`, "golden.name"},
		{"manifest.json", `"author":"a maker"`, `"author":""`, "who made the model"},
		{"manifest.json", `"approver":"a reader"`, `"approver":"a maker"`, "another than the author"},
		{"manifest.json", `"author":"a maker"`, `"author":"` + strings.Repeat("é", 600) + `"`, "a text of 1200 bytes"},
		{"manifest.json", `For tests alone.`, ``, "say what the model is for"},
		{"manifest.json", `carrier/1`, `carrier`, "features.set"},
		{"manifest.json", `"name":"legs"`, `"name":"dwell_s"`, `column 1, "dwell_s"`},
		{"manifest.json", `"missing":"keep"`, `"missing":"zero"`, "keep or needed"},
		{"manifest.json", `"missing":"keep"`, `"missing":"needed"`, "dwell_s is missing: without it"},
		{"manifest.json", `"positives":80`, `"positives":8000`, "8000 positives of 1000"},
		{"manifest.json", `"until":"2025-03-31`, `"until":"2025-02-31`, "the first before the second"},
		{"manifest.json", `delivered after the promise`, ``, "label"},
		{"manifest.json", `"on":"the last fold"`, `"on":""`, "on which rows"},
		{"manifest.json", `"clear_bp":3500`, `"clear_bp":4500`, "clear_bp the lower"},
		{"manifest.json", `"kind":"none"`, `"kind":"platt"`, `calibrator "platt"`},
		{"manifest.json", `"kind":"none"`, `"kind":"isotonic","x":[0,1],"y":[1,0]`, "point 1"},
		{"manifest.json", `"kind":"none"`, `"kind":"isotonic","x":[0.5,0.5],"y":[0,1]`, "point 1"},
		{"manifest.json", `"sha256":"`, `"sha256":"0`, "not the file the bundle was made with"},
		{"model.json", `-1`, `-2`, "not the file the bundle was made with"},
		{"golden.jsonl", `"score"`, `"scores"`, "not the file the bundle was made with"},
	} {
		dir := unpacked(t, sample(t))
		replace(t, dir, c.file, c.old, c.with)
		if _, err := bundle.Open(dir, nil); err == nil || !strings.Contains(err.Error(), c.says) || strings.Contains(err.Error(), "\n") {
			t.Errorf("%s with %s: %v, want %q", c.file, c.with, err, c.says)
		}
	}
}

func TestGoldenRowsAreHeldToTheFeatures(t *testing.T) {
	manifest, model := bundletest.Manifest("a", 1, "carrier/1", columns...), sample(t).Model
	good := bundletest.Golden(t, bundletest.Model(columns...), len(columns))
	with := func(change func([]bundle.Row) []bundle.Row) []bundle.Row { return change(slices.Clone(good)) }
	for says, golden := range map[string][]bundle.Row{
		"at least 100":            good[:99],
		"more than 10000":         with(func(r []bundle.Row) []bundle.Row { return slices.Repeat(r, 100) }),
		"row 3: 2 features":       with(func(r []bundle.Row) []bundle.Row { r[3].Features = r[3].Features[:2]; return r }),
		"row 7: its score is no":  with(func(r []bundle.Row) []bundle.Row { r[7].Score = 1.5; return r }),
		"all rows have the same":  slices.Repeat(good[:1], 100),
		"no row lacks a value":    slices.Repeat([]bundle.Row{{Features: []float64{1, 2, 3}, Score: 0.1}, {Features: []float64{2, 2, 3}, Score: 0.2}}, 50),
		"unsupported value: +Inf": with(func(r []bundle.Row) []bundle.Row { r[0].Features = []float64{math.Inf(1), 0, 0}; return r }),
	} {
		if _, err := bundle.New(manifest, model, golden); err == nil || !strings.Contains(err.Error(), says) {
			t.Errorf("%v, want %q", err, says)
		}
	}
	if _, err := bundle.New(manifest, model, good); err != nil {
		t.Error(err)
	}
}

func TestFeaturesAreThoseOfTheProgram(t *testing.T) {
	b := sample(t)
	path := bundletest.Pack(t, t.TempDir(), b)
	same := b.Manifest.Features.Columns
	for _, c := range []struct {
		version int
		columns []bundle.Column
		says    string
	}{
		{1, same[:2], "fed 3 features, carrier/1 has 2 here"},
		{2, same, "fed carrier/1, here it would get carrier/2"},
		{1, []bundle.Column{same[0], same[2], same[1]}, `column 1 is legs (unit "s", missing: keep), in carrier/1 here it is hour`},
		{1, []bundle.Column{same[0], same[1], {Name: "hour", Unit: "h", Missing: bundle.Keep}}, `in carrier/1 here it is hour (unit "h", missing: keep)`},
		{1, []bundle.Column{same[0], same[1], {Name: "hour", Unit: "s", Missing: bundle.Needed}}, `here it is hour (unit "s", missing: needed)`},
	} {
		_, err := bundle.Open(path, func(string) (int, []bundle.Column) { return c.version, c.columns })
		if err == nil || !strings.Contains(err.Error(), c.says) {
			t.Errorf("%v, want %q", err, c.says)
		}
	}
	if _, err := bundle.Open(path, func(string) (int, []bundle.Column) { return 0, nil }); err != nil {
		t.Errorf("a set the program does not know: %v", err)
	}
}

// says is a model that answers the golden rows from a list.
type says []float64

func (s says) Score(_ []float64, n int, out []float64) error { copy(out[:n], s); return nil }

func TestActivationNamesTheRow(t *testing.T) {
	b := sample(t)
	expected := make(says, len(b.Golden))
	for i, r := range b.Golden {
		expected[i] = r.Score
	}
	if _, err := b.Activate(expected); err != nil {
		t.Fatal(err)
	}
	for _, wrong := range []float64{expected[41] + 1e-9, math.NaN()} {
		answers := slices.Clone(expected)
		answers[41] = wrong
		_, err := b.Activate(answers)
		m, ok := errors.AsType[*bundle.Mismatch](err)
		if !ok || m.Row != 41 || m.Expected != expected[41] || !strings.Contains(err.Error(), fmt.Sprint("golden row 41: the model says ", wrong)) {
			t.Errorf("%v: %v", wrong, err)
		}
	}
	swapped, err := bundle.New(b.Manifest, b.Model, slices.Concat(b.Golden[1:2], b.Golden[:1], b.Golden[2:]))
	if err != nil {
		t.Fatal(err)
	}
	raw, err := swapped.Parse()
	if err != nil {
		t.Fatal(err)
	}
	swapped.Golden[0].Score, swapped.Golden[1].Score = swapped.Golden[1].Score, swapped.Golden[0].Score
	if _, err := swapped.Activate(raw); err == nil {
		t.Error("scores of other rows are taken")
	}
}

func TestCalibratorsKeepTheOrder(t *testing.T) {
	for _, c := range []bundle.Calibrator{
		{Kind: bundle.None}, {Kind: bundle.Platt, A: 0.7, B: -1}, {Kind: bundle.Isotonic, X: []float64{0.1, 0.2, 0.9}, Y: []float64{0.05, 0.05, 1}},
	} {
		b := *sample(t)
		b.Manifest.Calibrator = c
		raw := says{0, 1e-9, 0.1, 0.15, 0.5, 0.95, 1, math.NaN(), 1.5, -0.5}
		out := make([]float64, len(raw))
		if err := b.Calibrated(raw).Score(nil, len(raw), out); err != nil {
			t.Fatal(err)
		}
		if !slices.IsSorted(out[:7]) || out[0] < 0 || out[6] > 1 {
			t.Errorf("%+v: %v", c, out)
		}
		for i := 7; i < len(raw); i++ {
			if out[i] >= 0 && out[i] <= 1 {
				t.Errorf("%s makes a probability of %v: %v", c.Kind, raw[i], out[i])
			}
		}
		if c.Kind == bundle.Isotonic && math.Abs(out[4]-(0.05+0.95*3/7)) > 1e-15 {
			t.Errorf("halfway to nowhere: %v", out[4])
		}
	}
}

func TestTheModelIsFedTheManifestsFeatures(t *testing.T) {
	b := sample(t)
	other, err := bundle.New(bundletest.Manifest("a", 1, "carrier/1", "dwell_s", "hour", "legs"), b.Model, b.Golden)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := other.Parse(); err == nil || !strings.Contains(err.Error(), "column 1 is legs to the model and hour to the manifest") {
		t.Error(err)
	}
}

// stump is a LightGBM file of one split: rows with a second column above 0.5, or without one, have log-odds 1, the others -1.
const stump = `tree
version=v4
num_class=1
num_tree_per_iteration=1
label_index=0
max_feature_idx=2
objective=binary sigmoid:1
feature_names=dwell_s legs hour
feature_infos=[0:1] [0:1] [0:1]

Tree=0
num_leaves=2
num_cat=0
split_feature=1
split_gain=1
threshold=0.5
decision_type=8
left_child=-1
right_child=-2
leaf_value=-1 1
leaf_weight=1 1
leaf_count=1 1
internal_value=0
internal_weight=0
internal_count=2
is_linear=0
shrinkage=1


end of trees
`

func TestTreesAreFedTheManifestsFeatures(t *testing.T) {
	m := bundletest.Manifest("stump", 1, "carrier/1", columns...)
	m.Format = bundle.LightGBM
	var golden []bundle.Row
	for i := range 100 {
		row := bundle.Row{Features: []float64{0, float64(i % 3), 0}, Score: 1 / (1 + math.Exp(-1))}
		switch i % 3 {
		case 0:
			row.Score = 1 / (1 + math.Exp(1))
		case 1:
			row.Features[1] = math.NaN()
		}
		golden = append(golden, row)
	}
	for _, c := range []struct {
		format     bundle.Format
		file, says string
	}{
		{bundle.LightGBM, stump, ""},
		{bundle.LightGBM, strings.Replace(stump, "dwell_s legs hour", "Column_0 Column_1 Column_2", 1), ""},
		{bundle.LightGBM, strings.Replace(stump, "legs hour", "hour legs", 1), "column 1 is hour to the model"},
		{bundle.LightGBM, strings.Replace(stump, "decision_type=8", "decision_type=10", 1), "golden row 1: the model says"}, // what is missing goes left
		{bundle.XGBoost, stump, "not of the format xgboost"},
		{bundle.LightGBM, "tree\n", "stump@1"},
	} {
		m.Format = c.format
		b, err := bundle.New(m, []byte(c.file), golden)
		if err != nil {
			t.Fatal(err)
		}
		raw, err := b.Parse()
		if err == nil {
			_, err = b.Activate(raw)
		}
		if c.says == "" && err != nil || c.says != "" && (err == nil || !strings.Contains(err.Error(), c.says)) {
			t.Errorf("%v, want %q", err, c.says)
		}
	}
}
