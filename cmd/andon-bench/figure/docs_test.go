package figure_test

import (
	"os"
	"strings"
	"testing"

	"andon/cmd/andon-bench/figure"
)

// Every table of the docs is what its figures give.
func TestTablesAreWhatTheFiguresGive(t *testing.T) {
	const root = "../../.."
	pages, err := figure.Pages(root)
	if err != nil {
		t.Fatal(err)
	}
	tables := 0
	for _, page := range pages {
		text, err := os.ReadFile(page)
		if err != nil {
			t.Fatal(err)
		}
		tables += strings.Count(string(text), "<!-- figures:")
		filled, err := figure.Fill(root+"/docs/figures", string(text))
		if err != nil {
			t.Errorf("%s: %v", page, err)
		}
		if filled != string(text) {
			t.Errorf("%s has a table that is not what docs/figures give: run make tables", page)
		}
	}
	if tables == 0 {
		t.Error("no page has a table")
	}
}

func TestFill(t *testing.T) {
	dir := t.TempDir()
	const page = "before\n<!-- figures: growth -->\nold\n<!-- end -->\nafter\n"
	book := figure.Open(dir, "andon-bench growth", "", 7)
	for _, us := range []float64{0.5, 0.25} { // of one case the last row counts
		r := book.Begin("growth", "10,000")
		r.Values["time_us"] = us
		if err := book.Write(r); err != nil {
			t.Fatal(err)
		}
	}
	filled, err := figure.Fill(dir, page)
	if err != nil {
		t.Fatal(err)
	}
	if !strings.Contains(filled, "| 10,000 | 0.25 |") || strings.Contains(filled, "old") || !strings.Contains(filled, "seed 7") {
		t.Error(filled)
	}
	if again, err := figure.Fill(dir, filled); err != nil || again != filled {
		t.Errorf("filled again: %v\n%s", err, again)
	}
	for _, broken := range []string{"<!-- figures: growth -->\nno end\n", "<!-- figures: no-such -->\n<!-- end -->\n"} {
		if _, err := figure.Fill(dir, broken); err == nil {
			t.Errorf("%q is accepted", broken)
		}
	}
}
