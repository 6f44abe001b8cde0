package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"log/slog"
	"math"
	"os"
	"path/filepath"
	"slices"

	"andon/pipeline/scorer"
	"andon/pipeline/scorer/bundle"
	"andon/replay/train"
)

// modelCmd is `andon model`.
type modelCmd struct {
	Pack  packCmd       `cmd:"" help:"Make one file of a directory with model, manifest and golden rows."`
	Fit   fitCmd        `cmd:"" help:"Fit a logistic regression to a dataset: a model without Python."`
	Check modelCheckCmd `cmd:"" help:"Replay the golden rows: does the model still say what it said?"`
	Show  modelShowCmd  `cmd:"" help:"Print a bundle's model card, features and figures."`
}

// modelRole looks for the models that are asked for and not there yet, beside the role detect.
func modelRole(models *scorer.Registry) role {
	return role{"models", models.Run, func(error) bool { return false }}
}

// packCmd is `andon model pack DIR`.
type packCmd struct {
	Dir string `arg:"" type:"existingdir" placeholder:"DIR" help:"Holds manifest.json, golden.jsonl and the model file."`
	Out string `type:"existingdir" default:"." placeholder:"DIR" help:"Where the file goes; models.dir of the configuration, say."`
}

// Help is shown by --help.
func (packCmd) Help() string {
	return `Checks the directory that training left behind (train/train.py), replays the golden rows through the model, and writes
one file named after what it holds.

  andon model pack train/out/carrier-lateness --out models
  models/carrier-lateness@1.zip

manifest.json names the format (lightgbm, xgboost, logistic, remote), the features in their order with unit and missing
policy, what the label is, and who made it; hash and size of the files are filled in. golden.jsonl has a line for each of at
least 100 rows: {"features": [1.5, null], "score": 0.25}. A file that is there already is left alone: what was given out
under a name and version does not change.`
}

// Run packs.
func (c packCmd) Run(ctx context.Context) error {
	b, err := bundle.Open(c.Dir, train.Sets)
	if err != nil {
		return err
	}
	if b.Manifest.Format != bundle.Remote { // its server may be one that this machine does not reach
		raw, err := scorer.Raw(ctx, b, slog.New(slog.DiscardHandler))
		if err != nil {
			return err
		}
		if _, err := b.Activate(raw); err != nil {
			return err
		}
	}
	path, err := writeBundle(b, c.Out)
	if err != nil {
		return err
	}
	fmt.Println(path)
	return nil
}

// writeBundle packs a bundle into a directory, under its name.
func writeBundle(b *bundle.Bundle, dir string) (path string, err error) {
	var packed bytes.Buffer
	if err := b.Write(&packed); err != nil {
		return "", err
	}
	path = filepath.Join(dir, b.Manifest.ID()+bundle.Extension)
	return path, writeOnce(path, packed.Bytes())
}

// writeOnce writes a file that is not there yet. It appears whole: if we die before the link, what is left is a file that no registry reads.
func writeOnce(path string, content []byte) error {
	if there, err := os.ReadFile(path); err == nil && bytes.Equal(there, content) {
		return nil
	}
	f, err := os.CreateTemp(filepath.Dir(path), ".pack-*")
	if err != nil {
		return err
	}
	defer func() { _ = os.Remove(f.Name()) }() // it has its own name by then
	_, err = f.Write(content)
	if err = errors.Join(err, f.Chmod(0o644), f.Sync(), f.Close()); err != nil {
		return err
	}
	if err := os.Link(f.Name(), path); errors.Is(err, fs.ErrExist) {
		return fmt.Errorf("%s is there and holds something else: raise the version in the manifest", path)
	} else if err != nil {
		return err
	}
	return nil
}

// modelCheckCmd is `andon model check FILE`.
type modelCheckCmd struct {
	File string `arg:"" placeholder:"FILE" help:"A packed bundle, or its directory."`
}

// Help is shown by --help.
func (modelCheckCmd) Help() string {
	return `Reads the bundle, checks hashes, fields and features, makes the model of its file (of a remote one: asks its server) and
replays the golden rows. This is what a running Andon does before a model answers, and refuses if any row differs.

  andon model check models/carrier-lateness@1.zip

Exit code 1 when the bundle is not whole or the model says something else than where it was trained; the first rows that
differ are printed with what was expected.`
}

// mismatchesTold is how many golden rows that differ are printed; the rest is counted.
const mismatchesTold = 10

// Run replays and prints.
func (c modelCheckCmd) Run(ctx context.Context) error {
	b, err := bundle.Open(c.File, train.Sets)
	if err != nil {
		return err
	}
	raw, err := scorer.Raw(ctx, b, slog.New(slog.DiscardHandler))
	if err != nil {
		return err
	}
	if closer, ok := raw.(io.Closer); ok {
		defer closer.Close()
	}
	got, err := b.Replay(b.Calibrated(raw))
	if err != nil {
		return err
	}
	printReplay(b, got)
	wrong := b.Mismatches(got)
	for _, m := range wrong[:min(len(wrong), mismatchesTold)] {
		fmt.Printf("  golden row %-5d  expected %-22v got %v\n", m.Row, m.Expected, m.Got)
	}
	if len(wrong) > 0 {
		return fmt.Errorf("%s: %d of %d golden rows differ: this is not the model that was trained, or not its features", b.Manifest.ID(), len(wrong), len(got))
	}
	fmt.Println("ok")
	return nil
}

// printReplay prints what the golden rows are and how near the answers came.
func printReplay(b *bundle.Bundle, got []float64) {
	m := &b.Manifest
	low, high, largest, missing := 1.0, 0.0, 0.0, 0
	for i, r := range b.Golden {
		low, high, largest = min(low, r.Score), max(high, r.Score), max(largest, math.Abs(got[i]-r.Score))
		if slices.ContainsFunc(r.Features, math.IsNaN) {
			missing++
		}
	}
	for _, line := range [][2]string{
		{"bundle", m.ID()},
		{"model", fmt.Sprintf("%s, %s, %s bytes, SHA-256 %s", m.Format, m.Model.Name, thousands(int(m.Model.SizeBytes)), m.Model.SHA256)},
		{"features", fmt.Sprintf("%s, %d columns", m.Features.Set, len(m.Features.Columns))},
		{"golden rows", fmt.Sprintf("%s, %s of them with a value missing", thousands(len(b.Golden)), thousands(missing))},
		{"scores", fmt.Sprintf("%.6f to %.6f expected", low, high)},
		{"difference", fmt.Sprintf("%.2g at most, %.0e allowed", largest, m.Format.Tolerance())},
	} {
		fmt.Printf("%-12s %s\n", line[0], line[1])
	}
}
