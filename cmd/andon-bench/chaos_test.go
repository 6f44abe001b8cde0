package main

import (
	"os/exec"
	"path/filepath"
	"testing"

	"andon/cmd/andon-bench/figure"
	"andon/internal/enginetest"
	"andon/internal/killpoint"
)

// The short form: processes killed at each named moment while models decide, and paused before a beat of timers only, leave what undisturbed ones leave.
func TestChaos(t *testing.T) {
	enginetest.Needed(t)
	dir := t.TempDir()
	program := filepath.Join(dir, "andon")
	if out, err := exec.CommandContext(t.Context(), "go", "build", "-tags", "chaos", "-o", program, "andon/cmd/andon").CombinedOutput(); err != nil {
		t.Fatalf("go build: %v\n%s", err, out)
	}
	if err := run(t.Context(), []string{"chaos", "--out", dir, "--dir", dir, "--andon", program, "--kills", "1", "--events", "1", "--pauses", "3", "--outages", "0", "--orders", "800"}); err != nil {
		t.Fatal(err)
	}
	rows, err := figure.Read(dir, figure.Chaos)
	if err != nil {
		t.Fatal(err)
	}
	sum := figure.AddUp(rows)
	for _, p := range killpoint.Points {
		if sum.Kills[p.Name] == 0 {
			t.Errorf("nothing was killed at %s", p.Name)
		}
	}
	if sum.Pauses != 3 || sum.Runs[figure.Killed] == 0 || len(sum.RecoveryMS) == 0 {
		t.Errorf("%+v", sum)
	}
	for _, r := range rows {
		for _, name := range append([]string{"rows_twice", "findings"}, figure.Violations...) {
			if r.Values[name] != 0 {
				t.Errorf("%s, seed %d: %s is %v", r.Case, r.Seed, name, r.Values[name])
			}
		}
		some := []string{"events", "exceptions", "costs", "rows"}
		if r.Case == figure.Killed {
			some = append(some, "verdicts", "verdicts_by_model", "scores", "control_records", "entries")
		}
		for _, name := range some {
			if r.Values[name] <= 0 {
				t.Errorf("%s, seed %d: %s is %v", r.Case, r.Seed, name, r.Values[name])
			}
		}
	}
}

// A check that cannot fail proves nothing: each kind of violation is counted as what it is.
func TestChaosCounts(t *testing.T) {
	x := &chaosRun{row: &figure.Row{Values: map[string]float64{}}}
	x.compare("things", map[string]int{"a": 1, "b": 1, "c": 2, "d": 1}, map[string]int{"a": 1, "b": 2, "c": 1, "e": 1})
	for name, want := range map[string]float64{"missing": 2, "doubled": 1, "phantom": 1} {
		if got := x.row.Values[name]; got != want {
			t.Errorf("%s: %v, want %v", name, got, want)
		}
	}
	if len(x.wrong) != 1 {
		t.Errorf("%q", x.wrong)
	}
	x.compare("things", map[string]int{"a": 1}, map[string]int{"a": 1})
	if len(x.wrong) != 1 {
		t.Errorf("%q", x.wrong)
	}
}
