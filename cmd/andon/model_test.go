package main

import (
	"bytes"
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"andon/detectors/feature"
	"andon/pipeline/scorer/bundle"
	"andon/pipeline/scorer/bundle/bundletest"
	"andon/replay/train"
)

// trained is what training leaves behind: a directory whose manifest says nothing of hashes, with a model fed the carrier's features.
func trained(t *testing.T) string {
	t.Helper()
	version, columns := train.Sets("carrier")
	if version == 0 || len(columns) == 0 {
		t.Fatal("there is no set of features named carrier")
	}
	m := bundletest.Manifest("carrier-lateness", 1, feature.Of("carrier").ID())
	m.Layout, m.Golden.Name = bundle.Layout, "golden.jsonl"
	names := make([]string, len(columns))
	for i, c := range columns {
		names[i] = c.Name
		columns[i].Missing = c.Missing
	}
	m.Features.Columns = columns
	model := bundletest.Model(names...)
	for j := range model.Terms {
		model.Terms[j].Weight = 0.02 // so many columns would make it sure of everything
	}
	dir := t.TempDir()
	var golden bytes.Buffer
	for _, r := range bundletest.Golden(t, model, len(names)) {
		values := make([]any, len(r.Features))
		for j, x := range r.Features {
			if x == x {
				values[j] = x
			} else if columns[j].Missing == bundle.Needed {
				values[j] = 0.0
				r.Features[j] = 0
			}
		}
		p := make([]float64, 1)
		if err := model.Score(r.Features, 1, p); err != nil {
			t.Fatal(err)
		}
		if err := json.NewEncoder(&golden).Encode(map[string]any{"features": values, "score": p[0]}); err != nil {
			t.Fatal(err)
		}
	}
	for name, content := range map[string]any{"manifest.json": m, "model.json": model, "golden.jsonl": nil} {
		text, err := json.Marshal(content)
		if name == "golden.jsonl" {
			text = golden.Bytes()
		}
		if err == nil {
			err = os.WriteFile(filepath.Join(dir, name), text, 0o600)
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	return dir
}

func TestModelIsPackedCheckedAndShown(t *testing.T) {
	from, to := trained(t), t.TempDir()
	path := strings.TrimSpace(output(t, "model", "pack", from, "--out", to))
	if path != filepath.Join(to, "carrier-lateness@1.zip") || strings.TrimSpace(output(t, "model", "pack", from, "--out", to)) != path {
		t.Fatal("packed to", path)
	}
	if out := output(t, "model", "check", path); !strings.Contains(out, "golden rows  120") || !strings.HasSuffix(out, "\nok\n") {
		t.Errorf("check says\n%s", out)
	}
	out := output(t, "model", "show", path)
	for _, said := range []string{"carrier-lateness@1", "a maker", "0.4000 (0.3500 to 0.4600)", "raises from 0.40 on", "For tests alone.", feature.Of("carrier").Features[0].Name} {
		if !strings.Contains(out, said) {
			t.Errorf("show does not say %q:\n%s", said, out)
		}
	}
	if files, err := os.ReadDir(to); err != nil || len(files) != 1 {
		t.Errorf("left behind: %v, %v", files, err)
	}
}

func TestModelThatSaysSomethingElseIsRefused(t *testing.T) {
	from, to := trained(t), t.TempDir()
	output(t, "model", "pack", from, "--out", to)
	file := filepath.Join(from, "model.json")
	text, err := os.ReadFile(file)
	if err == nil {
		err = os.WriteFile(file, bytes.Replace(text, []byte(`"intercept":-1`), []byte(`"intercept":-1.01`), 1), 0o600)
	}
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		args []string
		says string
	}{
		{[]string{"model", "pack", from, "--out", to}, "golden row 0: the model says"},
		{[]string{"model", "check", from}, "120 of 120 golden rows differ"},
		{[]string{"model", "check", filepath.Join(to, "gone.zip")}, "gone.zip"},
	} {
		said, err := command(t, c.args...).CombinedOutput()
		if err == nil || !strings.Contains(string(said), c.says) {
			t.Errorf("andon %s: %v\n%s\nwant %q", strings.Join(c.args, " "), err, said, c.says)
		}
	}
	golden := filepath.Join(from, "manifest.json") // a new card under the old version
	if text, err = os.ReadFile(golden); err == nil {
		err = os.WriteFile(golden, bytes.Replace(text, []byte("For tests alone."), []byte("For others."), 1), 0o600)
	}
	if again := bytes.Replace(mustRead(t, file), []byte(`"intercept":-1.01`), []byte(`"intercept":-1`), 1); err == nil {
		err = os.WriteFile(file, again, 0o600)
	}
	if err != nil {
		t.Fatal(err)
	}
	if said, err := command(t, "model", "pack", from, "--out", to).CombinedOutput(); err == nil || !strings.Contains(string(said), "raise the version") {
		t.Errorf("packed over another: %v\n%s", err, said)
	}
}

func mustRead(t *testing.T, path string) []byte {
	t.Helper()
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return text
}
