package house

import (
	"fmt"
	"os"
	"path/filepath"
	"testing"
)

func TestDecisionsAreNumberedOnce(t *testing.T) {
	_, root := repository()
	files, err := os.ReadDir(filepath.Join(root, "docs", "adr"))
	must(err)
	var names []string
	for _, f := range files {
		names = append(names, f.Name())
	}
	report(t, misnumbered(names))
}

// misnumbered lists the decisions, in the order of their names, whose number is not the next one.
func misnumbered(names []string) []string {
	for i, name := range names {
		if want := fmt.Sprintf("%04d-", i+1); len(name) < len(want) || name[:len(want)] != want {
			return []string{fmt.Sprintf("docs/adr/%s: its number is to be %04d, each is given once and none left out", name, i+1)}
		}
	}
	return nil
}

func TestNumbersOfDecisionsBite(t *testing.T) {
	for _, names := range [][]string{{"0001-a.md", "0001-b.md"}, {"0001-a.md", "0003-b.md"}, {"a.md"}} {
		if len(misnumbered(names)) != 1 {
			t.Errorf("nothing is wrong with %v", names)
		}
	}
}
