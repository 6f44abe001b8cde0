package main

import (
	"path/filepath"
	"strings"
	"testing"
)

// A simulated day is learned from, and what is printed is the same each time.
func TestBaseline(t *testing.T) {
	file := filepath.Join(t.TempDir(), "day.ndjson")
	output(t, "simulate", "--orders", "100", "--out", file)
	first := output(t, "baseline", file, "--least", "5")
	for _, want := range []string{"reference:\n", "  gaps:\n", `    - {"status":"ACCEPTED","n":`, "  durations:\n"} {
		if !strings.Contains(first, want) {
			t.Errorf("it says nothing of %q:\n%s", want, first)
		}
	}
	if again := output(t, "baseline", file, "--least", "5"); again != first {
		t.Error("run again, it says something else")
	}
}
