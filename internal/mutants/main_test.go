package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// toy is a module with one function, one test of it and one that cannot fail.
var toy = map[string]string{
	"go.mod": "module toy\n\ngo 1.26\n",
	"toy.go": "package toy\n\n// Add adds.\nfunc Add(a, b int) int {\n\treturn a + b\n}\n",
	"toy_test.go": `package toy

import "testing"

func TestAdd(t *testing.T) {
	if Add(1, 2) != 3 {
		t.Fail()
	}
}

func TestNothing(*testing.T) { Add(1, 2) }

func TestBad(t *testing.T) { t.Fail() }
`,
	"faults/a/caught.diff":   "Sums are wrong.\n\ntest: . TestAdd\n--- toy.go\n@@\n func Add(a, b int) int {\n-\treturn a + b\n+\treturn a - b\n }\n",
	"faults/b/survives.diff": "Likewise.\n\ntest: . TestNothing\n--- toy.go\n@@\n-\treturn a + b\n+\treturn a - b\n",
	"faults/c/moved.diff":    "The code moved on.\n\ntest: . TestAdd\n--- toy.go\n@@\n-\treturn b + a\n+\treturn a - b\n",
	"faults/d/builds.diff":   "It does not compile.\n\ntest: . TestAdd\n--- toy.go\n@@\n-\treturn a + b\n+\treturn c\n",
	"faults/e/no-test.diff":  "Its test has another name.\n\ntest: . TestSum\n--- toy.go\n@@\n-\treturn a + b\n+\treturn a - b\n",
	"faults/f/unsound.diff":  "Its test fails anyhow.\n\ntest: . TestBad\n--- toy.go\n@@\n-\treturn a + b\n+\treturn a - b\n",
}

func TestWhatIsSaidOfFaults(t *testing.T) {
	root := t.TempDir()
	for name, text := range toy {
		path := filepath.Join(root, filepath.FromSlash(name))
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	t.Setenv("GOWORK", "off")
	all, err := read(root, "faults", "")
	if err != nil || len(all) != 6 {
		t.Fatalf("%d faults, %v", len(all), err)
	}
	var said strings.Builder
	if matrix(&said, root, all) {
		t.Error("all are caught, it says")
	}
	for i, want := range []struct {
		verdict verdict
		says    string
	}{
		{isCaught, ""}, {survived, ""}, {broken, "stand 0 times in toy.go: amend c/moved.diff"}, {broken, "undefined: c"}, {broken, "there is no TestSum"},
		{broken, "without the fault: the test fails"},
	} {
		f := all[i]
		if f.verdict != want.verdict || f.why != nil && want.says == "" || !strings.Contains(said.String(), want.says) {
			t.Errorf("%s: %s, %v, want %s %q", f.name, f.verdict, f.why, want.verdict, want.says)
		}
	}
	if !strings.Contains(said.String(), "caught 1/6") {
		t.Errorf("it says\n%s", said.String())
	}
	if one, err := read(root, "faults", "b/"); err != nil || len(one) != 1 {
		t.Errorf("%d faults have b/ in their name, %v", len(one), err)
	}
}

// Faults grow stale as the code moves on: each must still stand in the tree, with the test that is to catch it.
func TestFaultsStillApply(t *testing.T) {
	all, err := read("../..", "internal/mutants/faults", "")
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range all {
		if _, err := f.mutated("../.."); err != nil {
			t.Errorf("%s: %v", f.name, err)
		}
		if _, err := f.tests("../.."); err != nil {
			t.Errorf("%s: %v", f.name, err)
		}
	}
}

func TestBadPatchesAreRefused(t *testing.T) {
	for name, text := range map[string]string{
		"no reason":    "test: . TestAdd\n--- toy.go\n@@\n-a\n+b\n",
		"no test":      "Why.\n--- toy.go\n@@\n-a\n+b\n",
		"no change":    "Why.\n\ntest: . TestAdd\n",
		"no hunk":      "Why.\n\ntest: . TestAdd\n--- toy.go\n-a\n",
		"a stray line": "Why.\n\ntest: . TestAdd\n--- toy.go\n@@\nfunc\n",
	} {
		if f, err := parse(name, text); err == nil {
			t.Errorf("%s: %+v", name, f)
		}
	}
}
