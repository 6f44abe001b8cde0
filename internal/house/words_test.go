package house

import (
	"bytes"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// unsaid is what no file of the repository says, and what to write instead. The repository speaks of Andon alone.
var unsaid = []struct {
	pattern *regexp.Regexp
	instead string
}{
	{regexp.MustCompile("(?m)(^|[\"'`( =:,])/(work|root|home|Users)/"), "write a path relative to the checkout, or take it from a setting"},
	{regexp.MustCompile("(?m)(^|[\"'`( =:,])/tmp/[A-Za-z]"), "make a temporary directory, or write a path relative to the checkout"},
	{regexp.MustCompile(`registry\.(npmjs|yarnpkg)|proxy\.golang|repo1?\.maven|(artifactory|nexus)\.`), "leave the registry to the machine's own configuration"},
	{regexp.MustCompile(`(?i)co-?authored-by|(ai|coding)[ -]assistant|language[ -]model`), "speak of Andon, not of how it was written"},
}

func TestNothingUnsaidIsSaid(t *testing.T) {
	_, root := repository()
	must(filepath.WalkDir(root, func(path string, d fs.DirEntry, err error) error {
		must(err)
		if d.IsDir() {
			if path != root && (d.Name() == ".git" || d.Name() == ".cache" || d.Name() == "bin") {
				return filepath.SkipDir
			}
			return nil
		}
		if !d.Type().IsRegular() {
			return nil
		}
		text, err := os.ReadFile(path)
		must(err)
		rel, err := filepath.Rel(root, path)
		must(err)
		report(t, said(rel, text))
		return nil
	}))
}

// said lists the places of a text file that say what is unsaid; a binary file says nothing.
func said(path string, text []byte) []string {
	if bytes.IndexByte(text, 0) >= 0 {
		return nil
	}
	var out []string
	for _, u := range unsaid {
		for _, at := range u.pattern.FindAllIndex(text, -1) {
			line := 1 + bytes.Count(text[:at[1]], []byte{'\n'})
			out = append(out, fmt.Sprintf("%s:%d says %q: %s", path, line, strings.TrimSpace(string(text[at[0]:at[1]])), u.instead))
		}
	}
	return out
}

func TestUnsaidBites(t *testing.T) {
	for _, text := range []string{
		"see " + "/wor" + "k/main/go.mod",
		"dir: \"" + "/tm" + "p/try\"",
		"npm --registry https://registry" + ".npmjs.org",
		"Co-Authored" + "-By: somebody",
	} {
		if got := said("a.txt", []byte("first line\n"+text+"\n")); len(got) != 1 || !strings.HasPrefix(got[0], "a.txt:2 ") {
			t.Errorf("%q: %v, want one problem in line 2", text, got)
		}
	}
	report(t, said("a.txt", []byte("a path {{.Dir}}/tmp/ of a template, github.com/work/x, a model of a language")))
}
