package main

import (
	"context"
	"os"
	"os/exec"
	"path/filepath"
	"testing"

	"andon/cmd/andon-bench/figure"
	"andon/internal/enginetest"
)

func TestMain(m *testing.M) {
	if os.Getenv(asBench) != "" {
		main() // the test binary is the program: it starts itself as broker and producer
		return
	}
	enginetest.Main(m)
}

// Each measurement runs, small, and leaves figures that say what they must.
func TestMeasurementsRun(t *testing.T) {
	enginetest.Needed(t)
	dir := t.TempDir()
	for _, test := range []struct {
		figure string
		args   []string
		values map[string][]string // case -> values above zero
	}{
		{"growth", []string{"--parcels", "300,600", "--events", "1800"},
			map[string][]string{"300": {"time_us", "ratio", "parcel_heap_bytes"}, "600": {"time_us", "ratio"}}},
		{"line", []string{"--broker", "kfake", "--orders", "2000", "--fill", "20000", "--measured", "20000", "--whole", "10000"},
			map[string][]string{kfake + figure.Ceiling: {"events_per_s", "andon_cpu_us"}, kfake + figure.Detect: {"events_per_s", "ceiling_percent", "parcel_facts_bytes"},
				kfake + figure.Whole: {"events_per_s", "rows"}}},
		{"load", []string{"--orders", "1000", "--events", "20000", "--others", "2000"},
			map[string][]string{"events": {"rows_per_s"}, "exceptions": {"rows_per_s", "row_disk_bytes"}, "all together": {"rows_per_s"}}},
		{"latency", []string{"--broker", "kfake", "--rate", "2000", "--seconds", "2", "--warm", "1"},
			map[string][]string{kfake + figure.Detect: {"exception_p99_ms"}, kfake + figure.Whole: {"exception_p99_ms", "row_p99_ms", "event_row_p99_ms"}}},
	} {
		t.Run(test.figure, func(t *testing.T) {
			if err := run(t.Context(), append([]string{test.figure, "--out", dir}, test.args...)); err != nil {
				t.Fatal(err)
			}
			rows, err := figure.Latest(dir, test.figure)
			if err != nil {
				t.Fatal(err)
			}
			for name, values := range test.values {
				r := find(rows, name)
				for _, v := range values {
					if r.Values[v] <= 0 {
						t.Errorf("%s: %s is %v", name, v, r.Values[v])
					}
				}
				if r.Commit == "" || r.Machine.Cores == 0 || r.Seed != 1 || !r.End.After(r.Start) {
					t.Errorf("%s does not say how it was measured: %+v", name, r)
				}
			}
		})
	}
}

func find(rows []figure.Row, name string) (r figure.Row) {
	for _, r := range rows {
		if r.Case == name {
			return r
		}
	}
	return r
}

// A short endurance run, its outages of seconds, passes all its checks.
func TestEnduranceRuns(t *testing.T) {
	enginetest.Needed(t)
	program := filepath.Join(t.TempDir(), "andon")
	if out, err := exec.CommandContext(t.Context(), "go", "build", "-o", program, "andon/cmd/andon").CombinedOutput(); err != nil {
		t.Fatalf("build andon: %v: %s", err, out)
	}
	if err := run(context.WithoutCancel(t.Context()), []string{"endurance", "--out", t.TempDir(), "--andon", program, "--minutes", "0.1", "--outage", "1s", "--rate", "2000", "--days", "20"}); err != nil {
		t.Fatal(err)
	}
}
