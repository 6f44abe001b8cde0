package rule

import (
	"flag"
	"fmt"
	"os"
	"strings"
	"testing"
)

var rewrite = flag.Bool("rewrite", false, "write docs/exceptions.md anew; read the diff before you keep it")

const catalog = "../../docs/exceptions.md"

// The published list of exceptions is made from the rules themselves.
func TestCatalogIsTrue(t *testing.T) {
	want := render()
	if *rewrite {
		if err := os.WriteFile(catalog, []byte(want), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	got, err := os.ReadFile(catalog)
	if err != nil {
		t.Fatal(err)
	}
	if string(got) != want {
		t.Error("docs/exceptions.md is not what the rules say; run: go test ./detectors/rule -rewrite")
	}
}

func render() string {
	var b strings.Builder
	b.WriteString("# The exceptions Andon raises\n\n")
	b.WriteString("Made from the rules in `detectors/rule` by `go test ./detectors/rule -rewrite`. The story of each rule, step by step, is its script in\n")
	b.WriteString("`detectors/rule/testdata`. Settings go under `settings.rules` in the config file; what is at stake can be set there too, under the same names: basis\n")
	b.WriteString("points of the goods' value (`loss_bp`), amounts in minor units of `settings.costs.currency`, seconds in which to act where no document states a\n")
	b.WriteString("deadline, and seconds that the best action takes. While a part is unknown, so is the cost at risk.\n\n")
	b.WriteString("| code | title | topic | severity | unit | what it claims |\n|---|---|---|---|---|---|\n")
	for _, r := range All {
		fmt.Fprintf(&b, "| [%s](#%s) | %s | %s | %s | %s | %s |\n", r.Code, strings.ToLower(r.Code), r.Title, r.Family, r.Severity, r.Unit, r.Text)
	}
	for _, r := range All {
		fmt.Fprintf(&b, "\n## %s\n\n%s: %s Since %s, logic version %d.\n", r.Code, r.Title, r.Text, r.Since, r.Version)
		if r.NotYet != "" {
			fmt.Fprintf(&b, "\nNot yet: %s\n", r.NotYet)
		}
		fmt.Fprintf(&b, "\nAt stake: %s.\n", stake(&r.Stake))
		if len(r.Settings) > 0 {
			b.WriteString("\n| setting | default | meaning |\n|---|---|---|\n")
		}
		for _, s := range r.Settings {
			fmt.Fprintf(&b, "| `%s` | %d | %s |\n", s.Name, s.Default, s.Text)
		}
	}
	return b.String()
}

// stake puts what a violation may cost, and by when acting helps, into words.
func stake(s *Stake) string {
	var parts []string
	add := func(name string, a Amount) {
		switch a {
		case None:
		case Unknown:
			parts = append(parts, "`"+name+"` unknown")
		default:
			parts = append(parts, fmt.Sprintf("`%s` %d", name, a))
		}
	}
	add("loss_bp", Amount(s.LossBP))
	add("penalty_minor", s.Penalty)
	add("reship_minor", s.Reship)
	add("contact_minor", s.Contact)
	add("contact_bp", Amount(s.ContactBP))
	add("rework_minor", s.Rework)
	return strings.Join(parts, ", ") + fmt.Sprintf("; `act_within_s` %d, `recovery_s` %d", s.WithinS, s.RecoverS)
}

func TestRulesAreWhole(t *testing.T) {
	seen := map[string]bool{}
	for _, r := range All {
		if seen[r.Code] || r.Code == "" || r.Title == "" || r.Text == "" || r.Severity == "" || r.Unit == "" || r.Version == 0 || r.Since == "" || r.Judge == nil || r.Say == nil {
			t.Errorf("%q is not whole, or stands twice", r.Code)
		}
		seen[r.Code] = true
	}
}

func TestEpisodesDoNotCollide(t *testing.T) {
	a := Episode{Item: "A;lot=B"}
	b := Episode{Item: "A", Lot: "B"}
	if a.String() == b.String() {
		t.Errorf("%q names two obligations", a)
	}
}

func TestSentences(t *testing.T) {
	for want, got := range map[string]string{
		"0": qty(0), "1": qty(1000), "0.001": qty(1), "10.52": qty(10_520), "100000000": qty(100_000_000_000),
		"0 s": span(0), "59 s": span(59_999_999), "1 h": span(3_600_000_000), "3 d 4 h": span(273_600_000_000), "1 min 1 s": span(-61_000_000),
	} {
		if got != want {
			t.Errorf("got %q, want %q", got, want)
		}
	}
}
