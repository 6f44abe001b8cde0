package house

import (
	"fmt"
	"go/ast"
	"testing"
)

// documentedPercent is the share of exported names that carry a doc comment.
const documentedPercent = 95

func TestEveryPackageHasADoc(t *testing.T) {
	c, _ := repository()
	for _, pkg := range c.packages() {
		if !c.hasDoc(pkg) {
			t.Errorf("package %s has no package comment: say in one of its files what it is, its shape, units and limits", pkg)
		}
	}
}

func (c code) hasDoc(pkg string) bool {
	for _, s := range c[pkg] {
		if !s.test && s.file.Doc != nil {
			return true
		}
	}
	return false
}

func TestExportedNamesAreDocumented(t *testing.T) {
	c, _ := repository()
	total, bare := c.undocumented()
	if share := 100 * (total - len(bare)) / max(total, 1); share < documentedPercent {
		for _, name := range bare {
			t.Log(name)
		}
		t.Errorf("%d of %d exported names are documented (%d %%), want %d %%: document those above, or unexport them",
			total-len(bare), total, share, documentedPercent)
	}
}

// undocumented counts the exported top-level names and methods outside tests and lists those without a comment. String and Error need none.
func (c code) undocumented() (total int, bare []string) {
	for _, pkg := range c.packages() {
		for _, s := range c[pkg] {
			if s.test || s.file.Name.Name == "main" {
				continue
			}
			for _, d := range s.file.Decls {
				for name, documented := range exported(d) {
					total++
					if !documented {
						bare = append(bare, fmt.Sprintf("%s: %s", s.fset.Position(name.Pos()), name.Name))
					}
				}
			}
		}
	}
	return total, bare
}

// exported returns the exported names of a declaration and whether each is documented; a comment on a group covers its members.
func exported(d ast.Decl) map[*ast.Ident]bool {
	out := map[*ast.Ident]bool{}
	add := func(name *ast.Ident, comments ...*ast.CommentGroup) {
		if !name.IsExported() {
			return
		}
		out[name] = false
		for _, c := range comments {
			out[name] = out[name] || c != nil
		}
	}
	switch d := d.(type) {
	case *ast.FuncDecl:
		if d.Recv == nil || ast.IsExported(receiver(d)) && d.Name.Name != "String" && d.Name.Name != "Error" {
			add(d.Name, d.Doc)
		}
	case *ast.GenDecl:
		for _, spec := range d.Specs {
			switch spec := spec.(type) {
			case *ast.TypeSpec:
				add(spec.Name, d.Doc, spec.Doc, spec.Comment)
			case *ast.ValueSpec:
				for _, name := range spec.Names {
					add(name, d.Doc, spec.Doc, spec.Comment)
				}
			}
		}
	}
	return out
}

// receiver is the name of a method's type, without pointer and type parameters.
func receiver(d *ast.FuncDecl) string {
	expr := d.Recv.List[0].Type
	for {
		switch x := expr.(type) {
		case *ast.StarExpr:
			expr = x.X
		case *ast.IndexExpr:
			expr = x.X
		case *ast.IndexListExpr:
			expr = x.X
		case *ast.Ident:
			return x.Name
		default:
			return ""
		}
	}
}

func TestDocRulesBite(t *testing.T) {
	c := parsed(map[string]string{"a/a.go": `package a

type T struct{}
type hidden struct{}

// F is documented.
func F() {}
func (T) M() {}
func (hidden) Too() {}
func (T) String() string { return "" }

// The values.
const (
	A = 1
	B = 2
)
`})
	total, bare := c.undocumented()
	if total != 5 || len(bare) != 2 {
		t.Errorf("%d names, bare %v; want 5, with T and M bare", total, bare)
	}
	if c.hasDoc("a") {
		t.Error("a package without a comment counts as documented")
	}
}
