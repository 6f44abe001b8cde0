package detectors

import (
	"bytes"
	"crypto/sha256"
	"flag"
	"fmt"
	"go/ast"
	"go/parser"
	"go/printer"
	"go/token"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

var rewrite = flag.Bool("rewrite", false, "take the core as it is now for the logic it says it is; read what changed before you do")

// Whoever changes a file of the core has to say whether it judges otherwise now. Comments and layout are not looked at.
func TestTheLogicIsNamedAnewWhenTheCoreChanges(t *testing.T) {
	const golden = "testdata/logic.txt"
	is := "logic " + Logic() + "\n" + sourceHashes(t)
	if *rewrite {
		if err := os.WriteFile(golden, []byte(is), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	was, err := os.ReadFile(golden)
	if err != nil {
		t.Fatal(err)
	}
	if string(was) == is {
		return
	}
	known := strings.Split(string(was), "\n")
	for line := range strings.Lines(is) {
		if line = strings.TrimSuffix(line, "\n"); !slices.Contains(known, line) {
			t.Errorf("changed: %s", line)
		}
	}
	t.Error("can the same records come out otherwise now? Then raise the Version of the rule or feature set, or coreVersion. Either way: go test ./detectors -run Logic -rewrite")
}

// sourceHashes is the hash of each file of the core as the compiler sees it.
func sourceHashes(t *testing.T) string {
	var list strings.Builder
	files := token.NewFileSet()
	for _, pattern := range []string{"*.go", "*/*.go"} {
		names, err := filepath.Glob(pattern)
		if err != nil {
			t.Fatal(err)
		}
		for _, name := range names {
			if strings.HasSuffix(name, "_test.go") || strings.HasPrefix(name, "detectortest/") {
				continue
			}
			f, err := parser.ParseFile(files, name, nil, 0)
			if err != nil {
				t.Fatal(err)
			}
			fmt.Fprintf(&list, "%.8x %s\n", sha256.Sum256(printed(t, f)), name)
		}
	}
	return list.String()
}

func printed(t *testing.T, f *ast.File) []byte {
	var text bytes.Buffer
	if err := (&printer.Config{Mode: printer.RawFormat}).Fprint(&text, token.NewFileSet(), f); err != nil {
		t.Fatal(err)
	}
	return bytes.Join(bytes.Fields(text.Bytes()), []byte(" "))
}
