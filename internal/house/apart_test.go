package house

import (
	"fmt"
	"slices"
	"testing"
)

// apart are packages that know what is right, and what they judge: on no path may they come to know that, or they would share its mistakes.
var apart = []struct{ pkg, from string }{
	{"replay/oracle", "detectors"}, {"replay/oracle", "pipeline"},
	{"replay/simulate", "detectors"}, {"replay/simulate", "pipeline"},
}

func TestJudgesAreApart(t *testing.T) {
	c, _ := repository()
	report(t, c.apartProblems())
}

// apartProblems lists the chains of imports, outside tests, from a judge to what it judges.
func (c code) apartProblems() []string {
	var out []string
	for _, rule := range apart {
		if c[rule.pkg] == nil {
			out = append(out, rule.pkg+" is gone: say where it is now")
		}
		for _, pkg := range c.packages() {
			if !within(pkg, rule.pkg) {
				continue
			}
			if chain := c.chain(pkg, rule.from); chain != nil {
				out = append(out, fmt.Sprintf("%v: %s may not know %s", chain, rule.pkg, rule.from))
			}
		}
	}
	return out
}

// chain is how a package comes to import what lies under a folder; nil if it does not.
func (c code) chain(pkg, dir string) []string {
	for _, path := range c.imports(pkg) {
		target, ours := own(path)
		if !ours {
			continue
		}
		if within(target, dir) {
			return []string{pkg, target}
		}
		if rest := c.chain(target, dir); rest != nil {
			return slices.Insert(rest, 0, pkg)
		}
	}
	return nil
}

func TestJudgesApartBites(t *testing.T) {
	for name, files := range map[string]map[string]string{
		"the oracle knows the core":           {"replay/oracle/a.go": `package a; import _ "andon/detectors/rule"`, "replay/simulate/a.go": "package a"},
		"the oracle knows the line":           {"replay/oracle/a.go": `package a; import _ "andon/pipeline"`, "replay/simulate/a.go": "package a"},
		"simulate knows the core by another":  {"replay/oracle/a.go": "package a", "replay/simulate/a.go": `package a; import _ "andon/replay/history"`, "replay/history/a.go": `package a; import _ "andon/detectors"`},
		"what is under the oracle knows more": {"replay/oracle/a.go": "package a", "replay/oracle/b/b.go": `package b; import _ "andon/pipeline/mem"`, "replay/simulate/a.go": "package a"},
	} {
		if got := parsed(files).apartProblems(); len(got) != 1 {
			t.Errorf("%s: %d problems reported, want 1: %v", name, len(got), got)
		}
	}
	report(t, parsed(map[string]string{
		"replay/oracle/a.go":      `package a; import _ "andon/schemas/event"`,
		"replay/oracle/a_test.go": `package a; import _ "andon/detectors"`,
		"replay/simulate/a.go":    "package a",
	}).apartProblems())
}
