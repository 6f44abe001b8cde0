package main

import (
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"andon/replay/parquet"
)

// From a simulated day to a packed model by commands alone: history, export, fit, check.
func TestDatasetToModel(t *testing.T) {
	dir := t.TempDir()
	output(t, "dataset", "history", "--simulate", "3", "--orders", "400", "--code", "CA-05", "--out", dir)
	export := func(to string, more ...string) string {
		t.Helper()
		args := []string{"dataset", "export", "--code", "CA-05", "--verdicts", filepath.Join(dir, "verdicts.ndjson"), "--out", filepath.Join(dir, to)}
		return output(t, append(args, more...)...)
	}
	decided := []string{"--decisions", filepath.Join(dir, "decisions.ndjson")}
	if said := export("none.csv"); !strings.Contains(said, " 0 labelled, 0 mature") {
		t.Errorf("without decisions there is no label, least of all a negative one:\n%s", said)
	}
	said := export("early.csv", append(decided, "--until", "2026-01-14T00:00:00Z")...)
	if n := regexp.MustCompile(`(\S+) judgements .*, (\S+) labelled`).FindStringSubmatch(said); n == nil || n[2] == "0" || n[1] == n[2] {
		t.Errorf("of an instant between the days some are labelled, and not all:\n%s", said)
	}
	export("all.csv", decided...)
	export("all.parquet", decided...)
	file, err := os.ReadFile(filepath.Join(dir, "all.parquet"))
	if err != nil {
		t.Fatal(err)
	}
	table, err := parquet.Read(file)
	if err != nil {
		t.Fatal(err)
	}
	csv, err := os.ReadFile(filepath.Join(dir, "all.csv"))
	if err != nil {
		t.Fatal(err)
	}
	if rows := strings.Count(string(csv), "\n") - 2; rows != len(table.Columns[0].Values.([]string)) || rows < 3000 {
		t.Errorf("%d rows of CSV, %d of Parquet", rows, len(table.Columns[0].Values.([]string)))
	}
	said = output(t, "model", "fit", filepath.Join(dir, "all.parquet"), "--name", "plain", "--author", "a maker", "--out", dir)
	if checked := output(t, "model", "check", filepath.Join(dir, "plain@1.zip")); !strings.Contains(checked, "\nok") {
		t.Errorf("%s\n%s", said, checked)
	}
}
