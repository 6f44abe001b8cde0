package main

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// A new rule of each family compiles, is well formatted and passes its script, in a copy of the checkout.
func TestScaffold(t *testing.T) {
	root := t.TempDir()
	for _, dir := range []string{"schemas", "detectors"} {
		if err := os.CopyFS(filepath.Join(root, dir), os.DirFS(filepath.Join("../..", dir))); err != nil {
			t.Fatal(err)
		}
	}
	if err := os.Mkdir(filepath.Join(root, "docs"), 0o755); err != nil {
		t.Fatal(err)
	}
	for _, file := range []string{"go.mod", "go.sum", "docs/exceptions.md", "docs/features.md"} {
		text, err := os.ReadFile(filepath.Join("../..", file))
		if err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(filepath.Join(root, file), text, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	for _, code := range []string{"IN-97", "CA-97", "PI-97"} {
		if err := scaffold(root, code); err != nil {
			t.Fatal(err)
		}
	}
	if err := scaffold(root, "IN-97"); err == nil {
		t.Error("a rule that is there was written again")
	}
	command(t, root, "go", "test", "./detectors/rule", "-rewrite")
	command(t, root, "go", "test", "./detectors", "-run", "Logic", "-rewrite")
	command(t, root, "go", "test", "-short", "./detectors/...")
	if out := command(t, root, "gofmt", "-l", "detectors/rule"); out != "" {
		t.Error("not formatted:", out)
	}
}

func command(t *testing.T, dir, name string, args ...string) string {
	t.Helper()
	c := exec.CommandContext(t.Context(), name, args...)
	c.Dir = dir
	out, err := c.CombinedOutput()
	if err != nil {
		t.Fatalf("%s %s: %v\n%s", name, strings.Join(args, " "), err, out)
	}
	return string(out)
}

func TestScaffoldRefuses(t *testing.T) {
	for _, code := range []string{"", "ca-03", "CA-3", "CA-03x", "XX-01"} {
		if err := scaffold(t.TempDir(), code); err == nil {
			t.Errorf("%q was taken for a code", code)
		}
	}
}
