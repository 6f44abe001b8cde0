package house

import (
	"fmt"
	"go/ast"
	"slices"
	"strings"
	"testing"
)

// core is the code that must give the same answer on any machine at any time.
var core = []string{"schemas", "detectors", "guard"}

// impure is what the core may not import (with everything below it), and what to do instead.
var impure = []struct{ path, instead string }{
	{"time", "use event.Micros, and take the time from the event or the batch"},
	{"math/rand", "hash the facts instead of drawing"},
	{"crypto/rand", "hash the facts instead of drawing"},
	{"net", "the core does no I/O: put it in an adapter under pipeline"},
	{"os", "the core does no I/O: take the value as an argument"},
	{"log", "return what happened; the shell logs it"},
	{"sync", "a lane's state has one owner: no goroutines and no locks here"},
	{"github.com/prometheus", "return counts; the shell makes metrics of them"},
	{"github.com/twmb/franz-go", "only pipeline/kafka speaks Kafka"},
	{"github.com/ClickHouse", "only pipeline/clickhouse speaks ClickHouse"},
}

// pureAllSame are imports of impure packages that are allowed: "package imports path", and why.
var pureAllSame = map[string]string{
	"schemas/event imports time": "formats and parses RFC 3339 and converts Micros; it never asks for the time",
}

func TestCoreIsPure(t *testing.T) {
	c, _ := repository()
	report(t, c.impurities(pureAllSame))
}

func TestTestingStaysInTests(t *testing.T) {
	c, _ := repository()
	report(t, c.testingProblems())
}

// testingProblems lists the imports of testing outside tests. A package named ...test is a helper of tests: it may, but only tests may import it.
func (c code) testingProblems() []string {
	var out []string
	for _, pkg := range c.packages() {
		if strings.HasSuffix(pkg, "test") {
			continue
		}
		for _, path := range c.imports(pkg) {
			if path == "testing" {
				out = append(out, pkg+" imports testing outside a _test.go file: move the code into a test, or into a package named ...test")
			}
			if target, ours := own(path); ours && strings.HasSuffix(target, "test") {
				out = append(out, fmt.Sprintf("%s imports %s outside a _test.go file: it is a helper of tests", pkg, target))
			}
		}
	}
	return out
}

// impurities lists the forbidden imports and clock calls of the core, and exceptions nobody needs any more.
func (c code) impurities(allowed map[string]string) []string {
	var out []string
	used := map[string]bool{}
	for _, pkg := range c.packages() {
		if !slices.ContainsFunc(core, func(dir string) bool { return within(pkg, dir) }) || strings.HasSuffix(pkg, "test") {
			continue
		}
		for _, path := range c.imports(pkg) {
			for _, bad := range impure {
				name := pkg + " imports " + path
				if within(path, bad.path) {
					if used[name] = true; allowed[name] == "" {
						out = append(out, name+": "+bad.instead)
					}
				}
			}
		}
		for _, s := range c[pkg] {
			if !s.test {
				out = append(out, s.clockCalls()...)
			}
		}
	}
	for name := range allowed {
		if !used[name] {
			out = append(out, fmt.Sprintf("the exception %q is not needed any more: remove it", name))
		}
	}
	return out
}

// clockCalls lists what asks the clock or waits, and goroutines.
func (s source) clockCalls() []string {
	var out []string
	ast.Inspect(s.file, func(n ast.Node) bool {
		switch n := n.(type) {
		case *ast.GoStmt:
			out = append(out, fmt.Sprintf("%s starts a goroutine: the core runs on its caller's", s.fset.Position(n.Pos())))
		case *ast.SelectorExpr:
			x, ok := n.X.(*ast.Ident)
			clock := []string{"Now", "Since", "Until", "Sleep", "After", "AfterFunc", "Tick", "NewTimer", "NewTicker"}
			if ok && x.Name == "time" && slices.Contains(clock, n.Sel.Name) {
				out = append(out, fmt.Sprintf("%s uses time.%s: time is an input, take it from the event or the batch", s.fset.Position(n.Pos()), n.Sel.Name))
			}
		}
		return true
	})
	return out
}

func TestCoreRulesBite(t *testing.T) {
	for _, text := range []string{
		`package a; import _ "math/rand/v2"`,
		`package a; import _ "net/http"`,
		`package a; import _ "log/slog"`,
		`package a; import _ "github.com/twmb/franz-go/pkg/kgo"`,
		`package a; func f() { go f() }`,
		`package a; var t = time.Now`,
	} {
		if got := parsed(map[string]string{"detectors/a.go": text}).impurities(nil); len(got) != 1 {
			t.Errorf("%s: %d problems reported, want 1: %v", text, len(got), got)
		}
	}
	for _, path := range []string{"testing", "andon/internal/enginetest"} {
		if got := parsed(map[string]string{"pipeline/a.go": fmt.Sprintf("package a; import _ %q", path)}).testingProblems(); len(got) != 1 {
			t.Errorf("import of %s: %d problems reported, want 1: %v", path, len(got), got)
		}
	}
	outside := parsed(map[string]string{"pipeline/kafka/a.go": `package a; import _ "time"; var t = time.Now`})
	report(t, outside.impurities(nil))
}
