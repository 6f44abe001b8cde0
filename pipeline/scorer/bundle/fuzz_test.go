package bundle

import (
	"archive/zip"
	"bytes"
	"strings"
	"testing"

	"andon/schemas/event"
)

// zipped packs files as they are.
func zipped(t testing.TB, files ...string) []byte {
	t.Helper()
	var out bytes.Buffer
	z := zip.NewWriter(&out)
	for i := 0; i < len(files); i += 2 {
		w, err := z.Create(files[i])
		if err != nil {
			t.Fatal(err)
		}
		if _, err := w.Write([]byte(files[i+1])); err != nil {
			t.Fatal(err)
		}
	}
	if err := z.Close(); err != nil {
		t.Fatal(err)
	}
	return out.Bytes()
}

func small(t testing.TB) *Bundle {
	t.Helper()
	m := Manifest{Name: "a", Version: 1, Format: Logistic, Model: File{Name: "model.json"}, Author: "a", Card: "c",
		Features: Features{Set: "carrier/1", Columns: []Column{{"x", "s", Keep}}}, Training: Training{Source: "s", From: event.MinTime, Until: event.MinTime + 1, Rows: 1},
		Label: Label{"d", "m"}, Calibrator: Calibrator{Kind: Platt, A: 1}}
	golden, err := readGolden([]byte(strings.Repeat("{\"features\":[null],\"score\":0}\n{\"features\":[1],\"score\":1}\n", 50)), &m.Features)
	if err != nil {
		t.Fatal(err)
	}
	b, err := New(m, []byte(`{"intercept":0,"terms":[{"name":"x","scale":1,"weight":1}]}`), golden)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

func TestUnpackRefuses(t *testing.T) {
	var whole bytes.Buffer
	if err := small(t).Write(&whole); err != nil {
		t.Fatal(err)
	}
	damaged := bytes.Clone(whole.Bytes())
	damaged[60] ^= 0xff // within the manifest
	for says, file := range map[string][]byte{
		"it is no .zip file":          []byte("PK"),
		"4 files in it":               zipped(t, "a", "", "b", "", "c", "", "d", ""),
		"there is no manifest.json":   zipped(t, "a", "", "b", "", "c", ""),
		"manifest.json has more than": zipped(t, manifestFile, strings.Repeat(" ", manifestMax+1), "b", "", "c", ""),
		"manifest.json: layout is 0":  zipped(t, manifestFile, "{}", "b", "", "c", ""),
		"manifest.json: flate":        damaged,
	} {
		if _, err := unpack(bytes.NewReader(file), int64(len(file))); err == nil || !strings.Contains(err.Error(), says) {
			t.Errorf("%v, want %q", err, says)
		}
	}
	if _, err := unpack(bytes.NewReader(nil), packedMax+1); err == nil || !strings.Contains(err.Error(), "a bundle has at most") {
		t.Error(err)
	}
}

// FuzzUnpack: no bytes make the reader panic; what it takes it writes, and reads again as the same.
func FuzzUnpack(f *testing.F) {
	b := small(f)
	var whole bytes.Buffer
	if err := b.Write(&whole); err != nil {
		f.Fatal(err)
	}
	f.Add(whole.Bytes())
	f.Add(zipped(f, manifestFile, "{}", goldenFile, "{}", "m", ""))
	f.Fuzz(func(t *testing.T, file []byte) {
		b, err := unpack(bytes.NewReader(file), int64(len(file)))
		if err != nil {
			return
		}
		rewrite(t, b)
	})
}

// FuzzManifest: the same of what is in the files, without the packing in the way.
func FuzzManifest(f *testing.F) {
	b := small(f)
	var whole bytes.Buffer
	if err := b.Write(&whole); err != nil {
		f.Fatal(err)
	}
	z, err := zip.NewReader(bytes.NewReader(whole.Bytes()), int64(whole.Len()))
	if err != nil {
		f.Fatal(err)
	}
	manifest, err := z.Open(manifestFile)
	if err != nil {
		f.Fatal(err)
	}
	text, err := bounded(manifest, manifestFile, manifestMax)
	if err != nil {
		f.Fatal(err)
	}
	f.Add(text, b.golden, b.Model)
	f.Fuzz(func(t *testing.T, manifest, golden, model []byte) {
		files := map[string][]byte{manifestFile: manifest, goldenFile: golden}
		b, err := read(func(name string, _ int64) ([]byte, error) {
			if text, ok := files[name]; ok {
				return text, nil
			}
			return model, nil
		}, true)
		if err != nil {
			return
		}
		rewrite(t, b)
		if raw, err := b.Parse(); err == nil {
			if _, err := b.Replay(b.Calibrated(raw)); err != nil {
				t.Fatal(err)
			}
		}
	})
}

func rewrite(t *testing.T, b *Bundle) {
	t.Helper()
	var once, twice bytes.Buffer
	if err := b.Write(&once); err != nil {
		t.Fatal(err)
	}
	again, err := unpack(bytes.NewReader(once.Bytes()), int64(once.Len()))
	if err != nil {
		t.Fatal(err)
	}
	if err := again.Write(&twice); err != nil || !bytes.Equal(once.Bytes(), twice.Bytes()) {
		t.Fatalf("written %v, otherwise than before", err)
	}
}
