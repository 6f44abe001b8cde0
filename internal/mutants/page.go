package main

import (
	"fmt"
	"os"
	"strings"
)

// page is where the matrix is published, between these two lines.
const (
	page = "docs/reliability.md"
	from = "<!-- planted faults -->\n"
	to   = "<!-- end of planted faults -->\n"
)

// publish writes what came of all faults into the page.
func publish(all []*fault) error {
	text, err := os.ReadFile(page)
	if err != nil {
		return err
	}
	before, rest, begun := strings.Cut(string(text), from)
	_, after, ended := strings.Cut(rest, to)
	if !begun || !ended {
		return fmt.Errorf("%s has no place for them: the lines %q and %q", page, from, to)
	}
	return os.WriteFile(page, []byte(before+from+table(all)+to+after), 0o644)
}

// table is every fault and the test that catches it.
func table(all []*fault) string {
	caught := 0
	var rows strings.Builder
	for _, f := range all {
		by := "nothing: a gap"
		if f.verdict == isCaught {
			by = fmt.Sprintf("`%s` in `%s`", f.testName(), strings.TrimPrefix(f.pkg(), "./"))
			caught++
		}
		fmt.Fprintf(&rows, "| `%s` | %s | %s |\n", f.name, f.about, by)
	}
	return fmt.Sprintf("\nCaught: %d of %d.\n\n| fault | what is wrong with it | caught by |\n|---|---|---|\n%s\n", caught, len(all), rows.String())
}
