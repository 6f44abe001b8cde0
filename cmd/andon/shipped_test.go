package main

import (
	"log/slog"
	"path/filepath"
	"strings"
	"testing"

	"andon/pipeline/scorer"
	"andon/pipeline/scorer/bundle"
	"andon/replay/train"
)

// The models that are shipped are fed what this program computes, answer their golden rows, and say that they know the simulator alone.
func TestShippedModels(t *testing.T) {
	for _, name := range []string{"carrier-lateness@1", "pick-shortage@1", "weight-mismatch@1"} {
		b, err := bundle.Open(filepath.Join("../../models", name+bundle.Extension), train.Sets)
		if err != nil {
			t.Fatal(err)
		}
		raw, err := scorer.Raw(t.Context(), b, slog.New(slog.DiscardHandler))
		if err == nil {
			_, err = b.Activate(raw)
		}
		if err != nil {
			t.Error(err)
		}
		if b.Manifest.ID() != name || !strings.Contains(b.Manifest.Training.Source, "simulator") || !strings.Contains(b.Manifest.Card, "simulator") {
			t.Errorf("%s says it is %s, trained on %s", name, b.Manifest.ID(), b.Manifest.Training.Source)
		}
	}
}
