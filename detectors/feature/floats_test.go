package feature

import (
	"go/ast"
	"go/parser"
	"go/token"
	"path/filepath"
	"strings"
	"testing"
)

// Floats live in row.go alone, and there nothing is done with them that an architecture might do otherwise: no sum and no product.
func TestFloatsAreOnlyConvertedAndDivided(t *testing.T) {
	names, err := filepath.Glob("*.go")
	if err != nil || len(names) < 5 {
		t.Fatal(names, err)
	}
	for _, name := range names {
		if strings.HasSuffix(name, "_test.go") {
			continue
		}
		files := token.NewFileSet()
		f, err := parser.ParseFile(files, name, nil, 0)
		if err != nil {
			t.Fatal(err)
		}
		ast.Inspect(f, func(n ast.Node) bool {
			switch n := n.(type) {
			case *ast.Ident:
				if name != "row.go" && name != "feature.go" && (n.Name == "float64" || n.Name == "float32" || n.Name == "math") {
					t.Errorf("%s: %s outside row.go", files.Position(n.Pos()), n.Name)
				}
			case *ast.BasicLit:
				if n.Kind == token.FLOAT {
					t.Errorf("%s: a float", files.Position(n.Pos()))
				}
			case *ast.BinaryExpr:
				if name == "row.go" && (n.Op == token.MUL || n.Op == token.ADD || n.Op == token.SUB) {
					t.Errorf("%s: %s in row.go", files.Position(n.Pos()), n.Op)
				}
			case *ast.IndexExpr:
				if x, ok := n.X.(*ast.Ident); ok && x.Name == "r" && name != "row.go" {
					t.Errorf("%s: a value is read or set outside row.go", files.Position(n.Pos()))
				}
			}
			return true
		})
	}
}
