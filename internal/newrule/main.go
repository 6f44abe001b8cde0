// Command newrule writes the frame of a detector rule: its file, its script and its place in the list of all rules. What it writes compiles and
// passes its tests. Run it from the root of the checkout: make new-rule CODE=XX-NN.
package main

import (
	"bytes"
	_ "embed"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"text/template"
)

//go:embed rule.go.tmpl
var ruleText string

//go:embed script.txt.tmpl
var scriptText string

// family is what the letters of a code say about the rule.
var family = map[string]struct{ Family, Event string }{
	"IN": {"ASN", "event asn.despatched 1T10:00 lines=1:A:10000"},
	"CA": {"Carrier", "event carrier.scan 1T10:00 status=ACCEPTED"},
	"PI": {"PickPack", "event order.released 1T10:00 lines=1:A:10000"},
	"PA": {"PickPack", "event order.released 1T10:00 lines=1:A:10000"},
	"SH": {"PickPack", "event order.released 1T10:00 lines=1:A:10000"},
}

var code = regexp.MustCompile(`^([A-Z]{2})-[0-9]{2}$`)

func main() {
	if len(os.Args) != 2 {
		fmt.Fprintln(os.Stderr, "usage: make new-rule CODE=XX-NN")
		os.Exit(2)
	}
	if err := scaffold(".", os.Args[1]); err != nil {
		fmt.Fprintln(os.Stderr, "new-rule:", err)
		os.Exit(1)
	}
}

// scaffold writes the frame of the rule of a code into the checkout at root. It overwrites nothing: a code that has a file is an error.
func scaffold(root, of string) error {
	parts := code.FindStringSubmatch(of)
	if parts == nil {
		return fmt.Errorf("%q is no code: two letters, a dash and two digits, e.g. CA-03", of)
	}
	kind, ok := family[parts[1]]
	if !ok {
		return fmt.Errorf("%s begins with none of IN, CA, PI, PA, SH", of)
	}
	bare := strings.ToLower(of)
	values := map[string]string{
		"Code": of, "Family": kind.Family, "Event": kind.Event, "File": strings.ReplaceAll(bare, "-", "_"),
		"Name": strings.ReplaceAll(bare, "-", ""), "Judge": "judge" + strings.ReplaceAll(of, "-", ""),
	}
	dir := filepath.Join(root, "detectors", "rule")
	file, script := filepath.Join(dir, values["File"]+".go"), filepath.Join(dir, "testdata", values["File"]+".txt")
	list := filepath.Join(dir, "rule.go")

	listed, err := enlist(list, values["Name"])
	if err != nil {
		return err
	}
	for _, f := range []struct{ path, text string }{{file, ruleText}, {script, scriptText}} {
		if err := write(f.path, f.text, values); err != nil {
			return err
		}
	}
	if err := os.WriteFile(list, listed, 0o644); err != nil {
		return err
	}
	fmt.Printf(`wrote %s
wrote %s
added &%s to All in %s
Now tell its story in the script and write the rule (docs/guides/rules.md). When it judges, set Since: from then on the tests ask that a
simulated day brings it about.
`, file, script, values["Name"], list)
	return nil
}

// enlist is the file of the list of all rules with one more in it.
func enlist(path, name string) ([]byte, error) {
	text, err := os.ReadFile(path)
	if err != nil {
		return nil, fmt.Errorf("run from the root of the checkout: %w", err)
	}
	begin := bytes.Index(text, []byte("var All = []*Rule{"))
	if begin < 0 {
		return nil, fmt.Errorf("%s has no list of all rules to add to: var All = []*Rule{...}", path)
	}
	end := begin + bytes.IndexByte(text[begin:], '}')
	listed := bytes.TrimRight(text[begin:end], ", \t\n")
	return slices.Concat(text[:begin], listed, []byte(", &"+name+",\n"), text[end:]), nil
}

// write fills a template into a new file.
func write(path, text string, values map[string]string) error {
	t, err := template.New(filepath.Base(path)).Parse(text)
	if err != nil {
		return err
	}
	var out bytes.Buffer
	if err := t.Execute(&out, values); err != nil {
		return err
	}
	f, err := os.OpenFile(path, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o644)
	if err != nil {
		return err
	}
	_, err = f.Write(out.Bytes())
	return errors.Join(err, f.Close())
}
