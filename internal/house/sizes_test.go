package house

import (
	"fmt"
	"go/ast"
	"testing"
)

// Lines a file and a function may have. A file counts whole, a function from func to its closing brace, tests' functions not at all.
const (
	fileLines     = 400
	functionLines = 70
)

// long lists what is longer all the same: "path" or "path name", the lines it may have, and why. What is listed may shrink, never grow.
var long = map[string]struct {
	lines int
	why   string
}{}

func TestSizes(t *testing.T) {
	c, _ := repository()
	report(t, c.sizeProblems())
}

func (c code) sizeProblems() []string {
	var out []string
	seen := map[string]bool{}
	check := func(name string, lines, limit int, advice string) {
		listed, ok := long[name]
		if seen[name] = true; ok {
			limit = listed.lines
		}
		switch {
		case lines > limit:
			out = append(out, fmt.Sprintf("%s has %d lines, over %d: %s, or list it in long with a reason", name, lines, limit, advice))
		case ok && lines < listed.lines:
			out = append(out, fmt.Sprintf("%s is down to %d lines: lower or remove its entry in long", name, lines))
		}
	}
	for _, pkg := range c.packages() {
		for _, s := range c[pkg] {
			check(s.path, s.lines, fileLines, "look for the missing noun and give it a file of its own")
			if s.test {
				continue
			}
			for _, d := range s.file.Decls {
				f, ok := d.(*ast.FuncDecl)
				if !ok {
					continue
				}
				name := f.Name.Name
				if f.Recv != nil {
					name = receiver(f) + "." + name
				}
				lines := s.fset.Position(f.End()).Line - s.fset.Position(f.Pos()).Line + 1
				check(s.path+" "+name, lines, functionLines, "name its steps as functions")
			}
		}
	}
	for name, listed := range long {
		if !seen[name] || listed.why == "" {
			out = append(out, fmt.Sprintf("the entry %q in long names nothing or gives no reason: remove or explain it", name))
		}
	}
	return out
}

func TestSizeRulesBite(t *testing.T) {
	lines := func(n int) string {
		var b []byte
		for range n {
			b = append(b, '\n')
		}
		return string(b)
	}
	c := parsed(map[string]string{
		"a/long.go":     "package a\n" + lines(fileLines),
		"a/function.go": "package a\nfunc (t *T) f() {\n" + lines(functionLines) + "}\n",
		"a/fits.go":     "package a\nfunc g() {\n" + lines(functionLines-2) + "}\n",
	})
	if got := c.sizeProblems(); len(got) != 2+len(long) {
		t.Errorf("want a.go and T.f reported, got %v", got)
	}
}
