package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"maps"
	"os"
	"slices"
	"strings"

	"andon/replay/ndjson"
	"andon/schemas/event"
)

// checkFileCmd is `andon check FILE`.
type checkFileCmd struct {
	File string `arg:"" placeholder:"FILE" help:"Events, one JSON object a line; .gz is inflated."`
}

// Help is shown by --help.
func (checkFileCmd) Help() string {
	return `Reads the file as andon import would, and needs no Kafka. Says of each line that cannot be taken what it holds and what was
expected, and warns about what can be taken and is probably not what was meant: members nobody reads, carrier statuses outside
the list, an event id used again with other content, quantities that are not in thousandths, lines out of order.

  andon check events.ndjson

Of each kind of problem the first lines are told and all are counted. Exit code 1 when a line cannot be taken.
docs/guides/send-events.md says what an event looks like.`
}

// Run checks the file.
func (c checkFileCmd) Run(ctx context.Context) error {
	review, told := ndjson.NewReview(), newTold(os.Stdout, c.File)
	for l, err := range ndjson.Read(c.File) {
		if err = errors.Join(err, ctx.Err()); err != nil {
			return err
		}
		told.problems(review.Line(l))
	}
	told.summary(review)
	if review.Refused > 0 {
		return fmt.Errorf("%s: %s of %s lines cannot be taken", c.File, thousands(review.Refused), thousands(review.Lines))
	}
	return nil
}

// Bounds of what is told of a file: the first lines of each kind of problem, of so many kinds. The rest is counted.
const (
	linesTold = 5
	kindsTold = 20
)

// problemKind is what problems are counted by.
type problemKind struct {
	warning        bool
	reason, member string
}

// told writes the problems of a file, each in a line that begins as a compiler's does, and counts them.
type told struct {
	out   io.Writer
	path  string
	kinds map[problemKind]int
}

func newTold(out io.Writer, path string) *told {
	return &told{out: out, path: path, kinds: map[problemKind]int{}}
}

// problems tells those of one line.
func (t *told) problems(list []ndjson.Problem) {
	for _, p := range list {
		k := problemKind{!p.Refused, p.Reason, p.Member}
		if _, known := t.kinds[k]; !known && len(t.kinds) >= kindsTold {
			k.member = "(others)"
		}
		if t.kinds[k]++; t.kinds[k] > linesTold {
			continue
		}
		severity := "error"
		if k.warning {
			severity = "warning"
		}
		fmt.Fprintf(t.out, "%s:%d: %s: %s\n", t.path, p.Line, severity, p.Text)
	}
}

// summary tells what the file holds.
func (t *told) summary(r *ndjson.Review) {
	if len(t.kinds) > 0 {
		fmt.Fprintln(t.out)
	}
	fmt.Fprintf(t.out, "%s lines: %s events, %s of them duplicates; %s lines with errors, %s with warnings\n",
		thousands(r.Lines), thousands(r.Total()), thousands(r.Duplicates), thousands(r.Refused), thousands(r.Warned))
	if r.Total() > 0 {
		fmt.Fprintf(t.out, "\nevents by type\n")
	}
	for i := range event.ClockTick {
		if n := r.Events[i]; n > 0 {
			fmt.Fprintf(t.out, "  %-40s %9s\n", i, thousands(n))
		}
	}
	for _, part := range []struct {
		head    string
		warning bool
	}{{"errors by reason and member", false}, {"warnings by kind and member", true}} {
		t.count(part.head, part.warning)
	}
}

// count tells how many problems of each kind there are, the most first.
func (t *told) count(head string, warning bool) {
	kinds := slices.SortedFunc(maps.Keys(t.kinds), func(a, b problemKind) int {
		if n := t.kinds[b] - t.kinds[a]; n != 0 {
			return n
		}
		return strings.Compare(a.reason+" "+a.member, b.reason+" "+b.member)
	})
	for _, k := range kinds {
		if k.warning != warning {
			continue
		}
		if head != "" {
			fmt.Fprintf(t.out, "\n%s\n", head)
			head = ""
		}
		fmt.Fprintf(t.out, "  %-40s %9s\n", k.reason+" "+k.member, thousands(t.kinds[k]))
	}
}
