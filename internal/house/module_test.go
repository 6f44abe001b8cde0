package house

import (
	"cmp"
	"encoding/json"
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
)

// module is the name of the Go module; packages are named below by their path within it, "." being the root.
const module = "andon"

// source is one parsed Go file.
type source struct {
	path  string // relative to the root, with slashes
	test  bool
	lines int
	file  *ast.File
	fset  *token.FileSet
}

// code is every Go file of the repository by package path.
type code map[string][]source

// repository is the parsed repository and its root directory. It is read once for all tests.
var repository = sync.OnceValues(func() (code, string) {
	root := moduleRoot()
	all := code{}
	fset := token.NewFileSet()
	planted := overlaid()
	must(filepath.WalkDir(root, func(path string, d fs.DirEntry, err error) error {
		must(err)
		name := d.Name()
		if d.IsDir() {
			if path != root && (strings.HasPrefix(name, ".") || name == "testdata" || name == "bin") {
				return filepath.SkipDir
			}
			return nil
		}
		if filepath.Ext(name) != ".go" {
			return nil
		}
		text, err := os.ReadFile(cmp.Or(planted[path], path))
		must(err)
		rel, err := filepath.Rel(root, path)
		must(err)
		all.add(fset, filepath.ToSlash(rel), text)
		return nil
	}))
	return all, root
})

// overlaid are the files that internal/mutants plants in place of others. The go command compiles them; here they are read.
func overlaid() map[string]string {
	var overlay struct{ Replace map[string]string }
	if name := os.Getenv("ANDON_OVERLAY"); name != "" {
		text, err := os.ReadFile(name)
		must(err)
		must(json.Unmarshal(text, &overlay))
	}
	return overlay.Replace
}

func (c code) add(fset *token.FileSet, path string, text []byte) {
	file, err := parser.ParseFile(fset, path, text, parser.ParseComments|parser.SkipObjectResolution)
	must(err)
	pkg := "."
	if i := strings.LastIndexByte(path, '/'); i >= 0 {
		pkg = path[:i]
	}
	c[pkg] = append(c[pkg], source{
		path: path, test: strings.HasSuffix(path, "_test.go"), lines: strings.Count(string(text), "\n"), file: file, fset: fset,
	})
}

func moduleRoot() string {
	dir, err := os.Getwd()
	must(err)
	for {
		if _, err := os.Stat(filepath.Join(dir, "go.mod")); err == nil {
			return dir
		}
		parent := filepath.Dir(dir)
		if parent == dir {
			panic("house: no go.mod above the test's directory")
		}
		dir = parent
	}
}

func must(err error) {
	if err != nil {
		panic(err)
	}
}

// packages returns the package paths in order.
func (c code) packages() []string {
	var names []string
	for name := range c {
		names = append(names, name)
	}
	slices.Sort(names)
	return names
}

// imports returns what the non-test files of a package import, in order and once each. Packages of this module are named by their path in it.
func (c code) imports(pkg string) []string {
	var out []string
	for _, s := range c[pkg] {
		if !s.test {
			out = append(out, s.imports()...)
		}
	}
	slices.Sort(out)
	return slices.Compact(out)
}

func (s source) imports() []string {
	var out []string
	for _, spec := range s.file.Imports {
		path, err := strconv.Unquote(spec.Path.Value)
		must(err)
		out = append(out, path)
	}
	return out
}

// own returns the package's path within the module; false for a package of another module.
func own(importPath string) (string, bool) {
	if importPath == module {
		return ".", true
	}
	return strings.CutPrefix(importPath, module+"/")
}

// within reports whether pkg is dir or stands below it.
func within(pkg, dir string) bool { return pkg == dir || strings.HasPrefix(pkg, dir+"/") }

// parsed builds the code of a made-up module from path -> text, to show that a check bites.
func parsed(files map[string]string) code {
	c := code{}
	fset := token.NewFileSet()
	for path, text := range files {
		c.add(fset, path, []byte(text))
	}
	return c
}

func report(t *testing.T, problems []string) {
	t.Helper()
	for _, p := range problems {
		t.Error(p)
	}
}
