package main

import (
	"bytes"
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"andon/detectors/rule"
	"andon/internal/enginetest"
	"andon/replay/datasets"
)

// output runs andon to its good end and returns what it wrote.
func output(t *testing.T, args ...string) string {
	t.Helper()
	c := command(t, args...)
	var said bytes.Buffer
	c.Stderr = &said
	out, err := c.Output()
	if err != nil {
		t.Fatalf("andon %s: %v\n%s", strings.Join(args, " "), err, said.String())
	}
	return string(out)
}

func TestHelpTeachesEveryCommand(t *testing.T) {
	all := output(t, "--help")
	for _, command := range []string{"demo", "run", "config check", "topics apply", "migrate", "simulate", "check", "import", "replay", "baseline", "verify", "explain", "deadletter list", "deadletter show", "deadletter redrive", "control apply", "control show", "decide", "reconcile", "dataset export", "dataset history", "model pack", "model fit", "model check", "model show", "version"} {
		if !strings.Contains(all, "\n  "+command+" ") {
			t.Errorf("--help does not list %s:\n%s", command, all)
		}
		if command == "version" {
			continue
		}
		if help := output(t, append(strings.Fields(command), "--help")...); strings.Count(help, "\n") < 10 {
			t.Errorf("%s --help says too little:\n%s", command, help)
		}
	}
}

func TestVersionNamesTheRules(t *testing.T) {
	out := output(t, "version")
	for _, r := range rule.All {
		if !strings.Contains(out, r.Code) {
			t.Errorf("no %s in\n%s", r.Code, out)
		}
	}
}

func TestSimulateToAFile(t *testing.T) {
	dir := t.TempDir()
	read := func(name, seed string) (day, truth []byte) {
		t.Helper()
		path := filepath.Join(dir, name)
		output(t, "simulate", "--orders", "200", "--seed", seed, "--out", path, "--truth", path+".truth")
		for file, to := range map[string]*[]byte{path: &day, path + ".truth": &truth} {
			text, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			*to = text
		}
		return day, truth
	}
	day, truth := read("a", "7")
	again, truthAgain := read("b", "7")
	if !bytes.Equal(day, again) || !bytes.Equal(truth, truthAgain) {
		t.Error("the same seed gives another day")
	}
	if other, _ := read("c", "8"); bytes.Equal(day, other) {
		t.Error("another seed gives the same day")
	}
	var record struct {
		Topic, Key string
		Value      map[string]any
	}
	for line := range bytes.Lines(day) {
		if err := json.Unmarshal(line, &record); err != nil || record.Topic == "" || record.Key == "" || record.Value["event_id"] == nil {
			t.Fatalf("%s: %v", line, err)
		}
	}
	if bytes.Count(day, []byte("\n")) < 2000 || len(truth) == 0 {
		t.Errorf("%d records, %d bytes of truth", bytes.Count(day, []byte("\n")), len(truth))
	}
}

func TestDataReplayPrintsTheTable(t *testing.T) {
	for _, name := range datasets.Names() {
		t.Run(name, func(t *testing.T) {
			var got struct {
				Events           int
				Exceptions, Open map[string]int
				DeadLetters      int
			}
			out := output(t, "replay", "--dataset", name+"="+dataDir(t, name), "--json")
			if err := json.Unmarshal([]byte(out), &got); err != nil {
				t.Fatalf("%s: %v", out, err)
			}
			want := expected[name]
			if got.Events != want.events || got.DeadLetters != 0 || len(got.Exceptions) != len(rule.All) || len(got.Open) != len(rule.All) {
				t.Errorf("got %s", out)
			}
			for _, r := range rule.All {
				if got.Exceptions[r.Code] != want.exceptions[r.Code] || got.Open[r.Code] != want.open[r.Code] {
					t.Errorf("%s: %d raised, %d open; want %d, %d", r.Code, got.Exceptions[r.Code], got.Open[r.Code], want.exceptions[r.Code], want.open[r.Code])
				}
			}
			if plain := output(t, "replay", "--dataset", name+"="+dataDir(t, name)); !strings.Contains(plain, rule.All[0].Title) {
				t.Errorf("without --json:\n%s", plain)
			}
		})
	}
}

func TestDemoOnce(t *testing.T) {
	enginetest.Needed(t)
	t.Setenv("TMPDIR", t.TempDir())
	out := output(t, "demo", "--once")
	for _, part := range []string{"events judged", "CA-04  Late against promise", "The day is over"} {
		if !strings.Contains(out, part) {
			t.Errorf("no %q in\n%s", part, out)
		}
	}
	_, scores, _ := strings.Cut(out, "in truth")
	for _, r := range rule.All {
		_, row, _ := strings.Cut(scores, "  "+r.Code+"  "+r.Title)
		row, _, _ = strings.Cut(row, "\n")
		if f := strings.Fields(row); r.Contested {
			if len(f) < 7 || f[1] == "0" || f[0] == "0" {
				t.Errorf("%s finds nothing of the day's: %s", r.Code, row)
			}
		} else if r.Since != "next" && (len(f) != 8 || f[0] != f[1] || f[2] != "0") { // truth, found, missed, false, and two shares
			t.Errorf("%s does not find all of the day's: %s", r.Code, row)
		}
	}
	if left, _ := filepath.Glob(filepath.Join(os.TempDir(), "andon-demo-*")); len(left) > 0 {
		t.Errorf("it left %v", left)
	}
}
