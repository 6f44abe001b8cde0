// Package bundle reads and writes model bundles: a model file with its manifest and golden rows, so that nobody has to guess what a model
// is fed, what it was trained on, or whether it still says what it said where it was trained.
//
// A bundle is one .zip file with three files in it: manifest.json (Manifest), golden.jsonl (a Row each line, e.g.
// {"features": [1.5, null], "score": 0.25}) and the model file that the manifest names. One file, since one file is copied whole or not at
// all; zip, since every system opens it, Python and Go write it without a library, and each entry carries its size and checksum. A directory
// with the same three files is what training leaves behind: Open reads it too, and takes hash and size from the files where the manifest
// leaves them out.
//
// What is read is bounded before it is held, and what is not known is refused.
package bundle

import (
	"archive/zip"
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
)

// The files of a bundle beside the model, and how large each may be, in bytes.
const (
	manifestFile = "manifest.json"
	goldenFile   = "golden.jsonl"
	manifestMax  = 1 << 20
	goldenBytes  = 16 << 20
	modelMax     = 64 << 20
	packedMax    = manifestMax + goldenBytes + modelMax
)

// Extension is how the name of a packed bundle ends, after its ID.
const Extension = ".zip"

// Bundle is a bundle that was read and found whole. Nobody changes it.
type Bundle struct {
	Manifest Manifest
	Model    []byte // the model file
	Golden   []Row
	golden   []byte // as in its file
}

// Sets returns the version and the columns of the set of features of a name, e.g. of carrier, as the program computes them; no columns when it
// knows none of that name.
type Sets func(name string) (version int, columns []Column)

// New makes a bundle of its parts and fills in what the manifest says of the files.
func New(m Manifest, model []byte, golden []Row) (*Bundle, error) {
	text, err := writeGolden(golden)
	if err != nil {
		return nil, err
	}
	m.Layout, m.Golden = Layout, File{Name: goldenFile}
	m.Model = File{Name: m.Model.Name}
	manifest, err := json.Marshal(&m)
	if err != nil {
		return nil, fmt.Errorf("manifest: %w", err)
	}
	parts := map[string][]byte{manifestFile: manifest, goldenFile: text, m.Model.Name: model}
	return read(func(name string, _ int64) ([]byte, error) { return parts[name], nil }, true)
}

// Open reads the bundle at path, packed or a directory, and checks all that can be checked without asking the model: sizes, hashes, every field,
// the golden rows, and that its features are those the program computes, if it knows the set. sets may be nil.
func Open(path string, sets Sets) (*Bundle, error) {
	b, err := open(path)
	if err == nil {
		err = b.fits(sets)
	}
	if err != nil {
		return nil, fmt.Errorf("bundle %s: %w", filepath.Base(path), err)
	}
	return b, nil
}

func open(path string) (*Bundle, error) {
	file, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer file.Close()
	about, err := file.Stat()
	if err != nil {
		return nil, err
	}
	if about.IsDir() {
		return read(func(name string, most int64) ([]byte, error) {
			f, err := os.Open(filepath.Join(path, name))
			if err != nil {
				return nil, err
			}
			defer f.Close()
			return bounded(f, name, most)
		}, true)
	}
	return unpack(file, about.Size())
}

// unpack reads a packed bundle of so many bytes.
func unpack(r io.ReaderAt, size int64) (*Bundle, error) {
	if size > packedMax {
		return nil, fmt.Errorf("%d bytes, a bundle has at most %d", size, packedMax)
	}
	z, err := zip.NewReader(r, size)
	if err != nil {
		return nil, fmt.Errorf("it is no .zip file: %w", err)
	}
	if len(z.File) != 3 {
		return nil, fmt.Errorf("%d files in it, want manifest.json, golden.jsonl and the model", len(z.File))
	}
	return read(func(name string, most int64) ([]byte, error) {
		i := slices.IndexFunc(z.File, func(f *zip.File) bool { return f.Name == name })
		if i < 0 {
			return nil, fmt.Errorf("there is no %s in it", name)
		}
		f, err := z.File[i].Open()
		if err != nil {
			return nil, fmt.Errorf("%s: %w", name, err)
		}
		defer f.Close()
		return bounded(f, name, most)
	}, false)
}

// bounded reads a file of at most so many bytes.
func bounded(r io.Reader, name string, most int64) ([]byte, error) {
	text, err := io.ReadAll(io.LimitReader(r, most+1))
	if err != nil {
		return nil, fmt.Errorf("%s: %w", name, err)
	}
	if int64(len(text)) > most {
		return nil, fmt.Errorf("%s has more than %d bytes", name, most)
	}
	return text, nil
}

// read reads a bundle from its files; fresh says that the manifest may leave hash and size to us.
func read(file func(name string, most int64) ([]byte, error), fresh bool) (*Bundle, error) {
	text, err := file(manifestFile, manifestMax)
	if err != nil {
		return nil, err
	}
	b := new(Bundle)
	d := json.NewDecoder(bytes.NewReader(text))
	d.DisallowUnknownFields()
	if err := d.Decode(&b.Manifest); err != nil {
		return nil, fmt.Errorf("%s: %w", manifestFile, err)
	}
	if _, err := d.Token(); err != io.EOF {
		return nil, fmt.Errorf("%s: something stands after it", manifestFile)
	}
	if err := b.Manifest.check(); err != nil {
		return nil, fmt.Errorf("%s: %w", manifestFile, err)
	}
	for _, part := range []struct {
		says *File
		most int64
		to   *[]byte
	}{{&b.Manifest.Model, modelMax, &b.Model}, {&b.Manifest.Golden, goldenBytes, &b.golden}} {
		if *part.to, err = file(part.says.Name, part.most); err != nil {
			return nil, err
		}
		if err := part.says.hold(*part.to, fresh); err != nil {
			return nil, err
		}
	}
	if b.Golden, err = readGolden(b.golden, &b.Manifest.Features); err != nil {
		return nil, fmt.Errorf("%s: %w", goldenFile, err)
	}
	return b, nil
}

// hold compares a file with what the manifest says of it; fresh fills in what it leaves out.
func (f *File) hold(text []byte, fresh bool) error {
	sum := sha256.Sum256(text)
	digest, size := hex.EncodeToString(sum[:]), int64(len(text))
	if fresh && f.SHA256 == "" {
		f.SHA256 = digest
	}
	if fresh && f.SizeBytes == 0 {
		f.SizeBytes = size
	}
	if f.SHA256 != digest || f.SizeBytes != size {
		return fmt.Errorf("%s has %d bytes with SHA-256 %s, the manifest says %d with %q: it is not the file the bundle was made with",
			f.Name, size, digest, f.SizeBytes, f.SHA256)
	}
	return nil
}

// fits says whether the program computes the features the model is fed.
func (b *Bundle) fits(sets Sets) error {
	if sets == nil {
		return nil
	}
	f := &b.Manifest.Features
	name, _, _ := strings.Cut(f.Set, "/")
	version, known := sets(name)
	id := fmt.Sprintf("%s/%d", name, version)
	switch {
	case known == nil || f.Set == id && slices.Equal(known, f.Columns):
		return nil
	case f.Set != id:
		return fmt.Errorf("it is fed %s, here it would get %s: train it anew", f.Set, id)
	case len(known) != len(f.Columns):
		return fmt.Errorf("it is fed %d features, %s has %d here: train it anew", len(f.Columns), id, len(known))
	}
	for i, want := range known {
		if got := f.Columns[i]; got != want {
			return fmt.Errorf("column %d is %s (unit %q, missing: %s), in %s here it is %s (unit %q, missing: %s): train it anew",
				i, got.Name, got.Unit, got.Missing, id, want.Name, want.Unit, want.Missing)
		}
	}
	return nil
}

// Write packs the bundle. The same bundle gives the same bytes.
func (b *Bundle) Write(w io.Writer) error {
	manifest, err := json.MarshalIndent(&b.Manifest, "", "  ")
	if err != nil {
		return fmt.Errorf("pack %s: %w", b.Manifest.ID(), err)
	}
	z := zip.NewWriter(w)
	for _, part := range []struct {
		name string
		text []byte
	}{{manifestFile, append(manifest, '\n')}, {goldenFile, b.golden}, {b.Manifest.Model.Name, b.Model}} {
		f, err := z.CreateHeader(&zip.FileHeader{Name: part.name, Method: zip.Deflate})
		if err == nil {
			_, err = f.Write(part.text)
		}
		if err != nil {
			return fmt.Errorf("pack %s: %w", b.Manifest.ID(), err)
		}
	}
	if err := z.Close(); err != nil {
		return fmt.Errorf("pack %s: %w", b.Manifest.ID(), err)
	}
	return nil
}
