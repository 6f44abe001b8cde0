// Command testreport reads `go test -json` on its standard input and prints what a person wants to see: the line of each package as go test
// prints it, the output of the tests that failed, the tests that were skipped and why, and how many of the tests on public data ran. It exits 1
// when a test failed or none ran.
package main

import (
	"bufio"
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"os"
	"slices"
	"strings"
)

// dataTest is how the name of a test on public data begins.
const dataTest = "TestData"

// line is one line of `go test -json`.
type line struct {
	Action  string
	Package string
	Test    string
	Output  string
}

// name is a test of a package; the package itself when Test is empty.
type name struct{ Package, Test string }

// summary is what is known so far.
type summary struct {
	out     io.Writer
	output  map[name][]string
	parents map[name]bool // tests with subtests, which do not count themselves
	passed  []name
	failed  []name
	skipped []name
	open    map[string]bool // packages that have begun and not ended
	broken  bool            // a package failed
}

func main() {
	s := summary{out: os.Stdout, output: map[name][]string{}, parents: map[name]bool{}, open: map[string]bool{}}
	if err := s.read(os.Stdin); err != nil {
		fmt.Fprintln(os.Stderr, "testreport:", err)
		os.Exit(1)
	}
	if !s.finish() {
		os.Exit(1)
	}
}

func (s *summary) read(in io.Reader) error {
	lines := bufio.NewScanner(in)
	lines.Buffer(nil, 16<<20)
	for lines.Scan() {
		var l line
		if err := json.Unmarshal(lines.Bytes(), &l); err != nil {
			fmt.Fprintln(s.out, lines.Text()) // not a test's: a message of the go command
			continue
		}
		s.take(l)
	}
	return lines.Err()
}

func (s *summary) take(l line) {
	n := name{l.Package, l.Test}
	if l.Package != "" {
		s.open[l.Package] = l.Test != "" || l.Action != "pass" && l.Action != "fail" && l.Action != "skip"
	}
	switch l.Action {
	case "run":
		for i := range l.Test {
			if l.Test[i] == '/' {
				s.parents[name{l.Package, l.Test[:i]}] = true
			}
		}
	case "build-output":
		fmt.Fprint(s.out, l.Output)
	case "output":
		if l.Test != "" {
			s.output[n] = append(s.output[n], l.Output)
		} else if l.Output != "PASS\n" {
			fmt.Fprint(s.out, l.Output)
		}
	case "pass":
		s.end(n, &s.passed)
	case "skip":
		s.end(n, &s.skipped)
	case "fail":
		s.broken = true
		for _, o := range s.output[n] {
			fmt.Fprint(s.out, o)
		}
		s.end(n, &s.failed)
	}
}

// end files a test that is over; the package's own end is not one.
func (s *summary) end(n name, list *[]name) {
	if n.Test != "" {
		*list = append(*list, n)
	}
	if list != &s.skipped {
		delete(s.output, n)
	}
}

// finish prints the totals and says whether all is well.
func (s *summary) finish() bool {
	leaf := func(names []name) []name {
		return slices.DeleteFunc(slices.Clone(names), func(n name) bool { return s.parents[n] })
	}
	passed, failed, skipped := leaf(s.passed), leaf(s.failed), leaf(s.skipped)
	for _, n := range skipped {
		fmt.Fprintf(s.out, "skipped: %s %s: %s\n", n.Package, n.Test, reason(s.output[n]))
	}
	for _, p := range slices.Sorted(maps.Keys(s.open)) {
		if s.open[p] {
			s.broken = true
			fmt.Fprintf(s.out, "cut short: %s\n", p)
		}
	}
	fmt.Fprintf(s.out, "tests: %d passed, %d failed, %d skipped\n", len(passed), len(failed), len(skipped))
	fmt.Fprintf(s.out, "data tests: %d ran, %d skipped\n", data(passed)+data(failed), data(skipped))
	return !s.broken && len(passed) > 0
}

func data(names []name) (n int) {
	for _, test := range names {
		if strings.HasPrefix(test.Test, dataTest) {
			n++
		}
	}
	return n
}

// reason is what a skipped test said.
func reason(output []string) string {
	for _, o := range output {
		o = strings.TrimSpace(o)
		if o != "" && !strings.HasPrefix(o, "===") && !strings.HasPrefix(o, "---") {
			return o
		}
	}
	return "no reason given"
}
