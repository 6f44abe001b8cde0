package house

import (
	"fmt"
	"slices"
	"testing"
)

// layers says what a package may import of this module, besides what stands below it. The longest matching prefix counts; a package under none
// of them is a mistake.
var layers = []struct {
	dir   string
	may   []string
	never []string // though it stands within what it may, or below it
}{
	{dir: "schemas", may: []string{"schemas"}},
	{dir: "detectors", may: []string{"schemas", "detectors"}},
	{dir: "pipeline", may: []string{"schemas"}, never: []string{"pipeline/kafka", "pipeline/clickhouse", "pipeline/mem", "pipeline/load"}},
	{dir: "pipeline/kafka", may: []string{"schemas", "pipeline"}, never: adaptersBut("kafka")},
	{dir: "pipeline/clickhouse", may: []string{"schemas", "pipeline"}, never: adaptersBut("clickhouse")},
	{dir: "pipeline/mem", may: []string{"schemas", "pipeline"}, never: adaptersBut("mem")},
	{dir: "pipeline/load", may: []string{"schemas", "pipeline"}, never: adaptersBut("load")},
	{dir: "pipeline/scorer", may: []string{"schemas", "pipeline/scorer", "pipeline/wire"}},
	{dir: "pipeline/audit", may: []string{"schemas", "pipeline"}, never: append(adaptersBut(""), "pipeline/load")},
	{dir: "guard", may: []string{"schemas"}},
	{dir: "models"},
	{dir: "replay", may: []string{"schemas", "detectors", "pipeline", "replay"}},
	{dir: "replay/simulate", may: []string{"schemas", "replay/history", "replay/simulate"}}, // it knows the truth; it must not know the rules
	{dir: "replay/oracle", may: []string{"schemas", "replay/oracle"}},                       // nor may it
	{dir: "internal", may: []string{"schemas", "internal"}},
	{dir: "cmd", may: []string{"schemas", "detectors", "pipeline", "guard", "models", "replay", "internal", "cmd"}},
}

// adaptersBut lists the adapters but one. pipeline/load is none: it declares what it needs of them.
func adaptersBut(name string) []string {
	var out []string
	for _, other := range []string{"kafka", "clickhouse", "mem"} {
		if other != name {
			out = append(out, "pipeline/"+other)
		}
	}
	return out
}

// crossings are the imports that break a layer all the same: "importer -> imported", and why.
var crossings = map[string]string{}

// maxDepth is the longest chain of imports inside the module that needs no reason; a package that imports nothing of the module has depth 0.
const maxDepth = 5

// deep lists the packages that stand on a longer chain, the depth they may have, and why. The contracts alone are a chain of four (event, exception,
// control, beat, journal), each a noun of its own; pipeline is the fifth.
var deep = map[string]struct {
	depth int
	why   string
}{
	"pipeline/audit":      {6, "speaks of beats in pipeline's words"},
	"pipeline/load":       {6, "speaks of records and errors in pipeline's words"},
	"pipeline/mem":        {6, "implements pipeline's interfaces"},
	"pipeline/clickhouse": {7, "implements what pipeline/load declares"},
	"pipeline/kafka":      {7, "likewise"},
	"replay":              {7, "joins the core and pipeline/mem"},
	"replay/examples":     {8, "makes data for training of what a replay judged"},
	"replay/train":        {9, "fits models to that data"},
	"cmd/andon":           {10, "wires everything"},
	"cmd/andon-bench":     {10, "wires the core, pipeline/kafka and replay/train"},
}

func TestLayers(t *testing.T) {
	c, _ := repository()
	report(t, c.layerProblems())
	for crossing, why := range crossings {
		if why == "" {
			t.Errorf("crossing %q has no reason: write one or remove the import", crossing)
		}
	}
}

func TestDepth(t *testing.T) {
	c, _ := repository()
	report(t, c.depthProblems())
}

func (c code) layerProblems() []string {
	var out []string
	for _, pkg := range c.packages() {
		layer := -1
		for i, l := range layers {
			if within(pkg, l.dir) && (layer < 0 || len(l.dir) > len(layers[layer].dir)) {
				layer = i
			}
		}
		if layer < 0 {
			out = append(out, fmt.Sprintf("package %s is in no layer: move it under one, or add its room to layers", pkg))
			continue
		}
		l := layers[layer]
		in := func(target string) func(string) bool { return func(dir string) bool { return within(target, dir) } }
		for _, path := range c.imports(pkg) {
			target, ours := own(path)
			if !ours || crossings[pkg+" -> "+target] != "" {
				continue
			}
			allowed := within(target, pkg) || slices.ContainsFunc(l.may, in(target))
			if !allowed || slices.ContainsFunc(l.never, in(target)) {
				out = append(out, fmt.Sprintf("%s imports %s, but %s may import only %v (never %v): move the shared code down, or join the two in replay or cmd",
					pkg, target, l.dir, l.may, l.never))
			}
		}
	}
	return out
}

func (c code) depthProblems() []string {
	depths := map[string]int{}
	var depth func(pkg string) int
	depth = func(pkg string) int {
		if d, known := depths[pkg]; known {
			return d
		}
		d := 0
		for _, path := range c.imports(pkg) {
			if target, ours := own(path); ours {
				d = max(d, depth(target)+1)
			}
		}
		depths[pkg] = d
		return d
	}
	var out []string
	for _, pkg := range c.packages() {
		d, listed := depth(pkg), deep[pkg]
		switch {
		case listed.depth == 0 && d > maxDepth:
			out = append(out, fmt.Sprintf("%s stands on a chain of %d imports of this module, over %d: flatten it, or list it in deep with a reason", pkg, d, maxDepth))
		case listed.depth > 0 && listed.why == "":
			out = append(out, fmt.Sprintf("the entry of %s in deep gives no reason: explain it", pkg))
		case listed.depth > 0 && d > listed.depth:
			out = append(out, fmt.Sprintf("%s has grown from depth %d to %d: flatten it", pkg, listed.depth, d))
		case listed.depth > 0 && d < listed.depth:
			out = append(out, fmt.Sprintf("%s is down to depth %d: lower its entry in deep, or remove it at %d", pkg, d, maxDepth))
		}
	}
	for pkg := range deep {
		if c[pkg] == nil {
			out = append(out, fmt.Sprintf("deep lists %s, which is gone: remove the entry", pkg))
		}
	}
	return out
}

func TestLayerRulesBite(t *testing.T) {
	for name, files := range map[string]map[string]string{
		"schemas know detectors":      {"schemas/a/a.go": `package a; import _ "andon/detectors"`},
		"detectors know the pipeline": {"detectors/a.go": `package a; import _ "andon/pipeline"`},
		"the guards know the core":    {"guard/a.go": `package a; import _ "andon/detectors"`},
		"the loop knows Kafka":        {"pipeline/a.go": `package a; import _ "andon/pipeline/kafka"`},
		"adapters know each other":    {"pipeline/kafka/a.go": `package a; import _ "andon/pipeline/clickhouse"`},
		"simulate knows the rules":    {"replay/simulate/a.go": `package a; import _ "andon/detectors/rule"`},
		"simulate knows the line":     {"replay/simulate/a.go": `package a; import _ "andon/pipeline/mem"`},
		"simulate knows the scores":   {"replay/simulate/a.go": `package a; import _ "andon/replay"`},
		"the oracle knows the rules":  {"replay/oracle/a.go": `package a; import _ "andon/detectors/rule"`},
		"the core knows internal":     {"detectors/a.go": `package a; import _ "andon/internal/embedded"`},
		"a package without a room":    {"util/a.go": `package a`},
	} {
		if got := parsed(files).layerProblems(); len(got) != 1 {
			t.Errorf("%s: %d problems reported, want 1: %v", name, len(got), got)
		}
	}
	fine := parsed(map[string]string{
		"cmd/andon/a.go":             `package a; import _ "andon/pipeline/kafka"; import _ "andon/detectors"`,
		"pipeline/kafka/a.go":        `package a; import _ "andon/pipeline"; import _ "andon/schemas/event"; import _ "andon/pipeline/kafka/wire"`,
		"pipeline/kafka/a_test.go":   `package a; import _ "andon/internal/enginetest"`,
		"replay/datasets/a.go":       `package a; import _ "andon/detectors/setting"; import _ "andon/replay/history"`,
		"replay/simulate/a.go":       `package a; import _ "andon/replay/history"`,
		"internal/enginetest/a.go":   `package a; import _ "andon/internal/embedded"`,
		"detectors/timeline/fold.go": `package a; import _ "andon/detectors/setting"`,
	})
	report(t, fine.layerProblems())

	chain := map[string]string{"schemas/l0/a.go": "package a"}
	for i := 1; i <= maxDepth+1; i++ {
		chain[fmt.Sprintf("schemas/l%d/a.go", i)] = fmt.Sprintf("package a; import _ \"andon/schemas/l%d\"", i-1)
	}
	if got := parsed(chain).depthProblems(); len(got) != 1+len(deep) {
		t.Errorf("a chain of %d imports: %v", maxDepth+1, got)
	}
}
