package feature

import (
	"flag"
	"fmt"
	"os"
	"strings"
	"testing"
)

var rewrite = flag.Bool("rewrite", false, "write docs/features.md and the tables in testdata anew; read the diff before you keep it")

// The published list of features is made from the sets themselves.
func TestCatalogIsTrue(t *testing.T) {
	golden(t, "../../docs/features.md", render())
}

// golden compares with a file, or writes it.
func golden(t *testing.T, path, want string) {
	t.Helper()
	if *rewrite {
		if err := os.WriteFile(path, []byte(want), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	got, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if string(got) != want {
		t.Errorf("%s is not what it should be; run: go test ./detectors/feature -rewrite, and read the diff", path)
	}
}

func render() string {
	var b strings.Builder
	b.WriteString("# What models are fed\n\n")
	b.WriteString("Made from the sets in `detectors/feature` by `go test ./detectors/feature -rewrite`. A set is named with its version, as in `carrier/1`; a model is\n")
	b.WriteString("trained for one version and asked no other. Values are worked out from the events of one entity that have arrived and happened at or before the\n")
	b.WriteString("instant judged, and from the tables under `settings.reference`; nothing of another entity enters but through those tables. How late an event\n")
	b.WriteString("arrived enters nowhere. A missing value is null in `andon.verdicts` and NaN to the model. `keep` means that the model is asked all the same; without\n")
	b.WriteString("one that is `needed` no model is asked, and the rule decides (`low_coverage`).\n")
	for _, s := range All {
		fmt.Fprintf(&b, "\n## %s\n\nFor %s. %d features, in this order.\n\n| | feature | unit | what it is | missing |\n|---|---|---|---|---|\n", s.ID(), s.About, len(s.Features))
		for i, f := range s.Features {
			fmt.Fprintf(&b, "| %d | `%s` | %s | %s | %s |\n", i, f.Name, f.Unit, f.Text, f.Missing)
		}
	}
	return b.String()
}

func TestSetsAreWhole(t *testing.T) {
	units := map[string]string{"_s": "s", "_g": "g", "_h": "h"}
	for _, s := range All {
		if Of(s.Name) != s || s.Version == 0 || s.About == "" {
			t.Errorf("%q is not whole, or stands twice", s.Name)
		}
		seen := map[string]bool{}
		for i, f := range s.Features {
			if f.Name == "" || f.Text == "" || seen[f.Name] {
				t.Errorf("%s: feature %d, %q, is not whole, or stands twice", s.ID(), i, f.Name)
			}
			seen[f.Name] = true
			if unit := units[f.Name[strings.LastIndexByte("_"+f.Name, '_'):]]; unit != "" && unit != f.Unit {
				t.Errorf("%s: %s is in %q", s.ID(), f.Name, f.Unit)
			}
		}
	}
	if Of("weather") != nil {
		t.Error("there is a set of that name")
	}
}
