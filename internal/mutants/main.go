// Command mutants plants faults, one at a time, and sees that the tests catch them: a test that no fault can fail proves nothing. Each fault is a file
// under faults/; go test takes it as an overlay, so the tree itself stays as it is.
package main

import (
	"flag"
	"fmt"
	"io"
	"os"
	"strings"
	"time"
)

const usage = `usage: go run ./internal/mutants [-write] [part of a name]

Plants each fault of internal/mutants/faults in turn and runs the one test that has to notice it. Run it from the root of the checkout.

  go run ./internal/mutants                the whole matrix (make mutants)
  go run ./internal/mutants pipeline/      the faults of one folder, or one fault
  go run ./internal/mutants -write         the whole matrix, and what came of it into ` + page + `

One line for each fault, then caught N/total. The exit code is 1 when one is not caught:

  caught     the test passes without the fault and fails with it
  SURVIVED   the test passes with it: a test is missing, or the fault is none
  BROKEN     nothing is known: the fault no longer applies, does not compile, or its test fails without it, is skipped or does not end

A fault is a patch: why it matters, the test or subtest that catches it (flags may follow), the file and what is changed in it. The lines before the change
must stand in the file exactly once; line numbers are not needed. Where code has moved on, amend the patch: never the test to suit it.

  Positions of lanes that did not move are not committed: nothing fences the former owner.

  test: ./pipeline/kafka TestAPausedFormerOwnerCannotCommitATimer
  --- pipeline/kafka/sink.go
  @@
   	for i := range b.Lanes {
  -		m.addPositions(req, &b.Lanes[i])
  +		...
   	}
`

func main() {
	flags := flag.NewFlagSet("mutants", flag.ExitOnError)
	flags.Usage = func() { fmt.Fprint(flags.Output(), usage) }
	write := flags.Bool("write", false, "")
	_ = flags.Parse(os.Args[1:]) // it ends the process itself
	if flags.NArg() > 1 || *write && flags.NArg() > 0 {
		flags.Usage()
		os.Exit(2)
	}
	all, err := read(".", "internal/mutants/faults", flags.Arg(0))
	if err == nil && len(all) == 0 {
		err = fmt.Errorf("no fault has %q in its name", flags.Arg(0))
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, "mutants:", err)
		os.Exit(2)
	}
	whole := matrix(os.Stdout, ".", all)
	if *write {
		if err := publish(all); err != nil {
			fmt.Fprintln(os.Stderr, "mutants:", err)
			os.Exit(1)
		}
	}
	if !whole {
		os.Exit(1)
	}
}

// matrix tries all faults in the module at root, tells what came of each, and reports whether all are caught.
func matrix(out io.Writer, root string, all []*fault) bool {
	begun, caught := time.Now(), 0
	sound := map[string]error{} // tests without any fault
	for _, f := range all {
		if _, known := sound[f.test]; !known {
			sound[f.test] = f.passes(root)
		}
		began := time.Now()
		f.verdict, f.why = f.try(root, sound[f.test])
		if f.verdict == isCaught {
			caught++
		}
		fmt.Fprintf(out, "%-9s %-44s %s in %s\n", f.verdict, f.name, f.testName(), time.Since(began).Round(100*time.Millisecond))
		if f.why != nil {
			fmt.Fprintf(out, "          %s\n", strings.ReplaceAll(f.why.Error(), "\n", "\n          "))
		}
	}
	fmt.Fprintf(out, "caught %d/%d in %s\n", caught, len(all), time.Since(begun).Round(time.Second))
	return caught == len(all)
}
