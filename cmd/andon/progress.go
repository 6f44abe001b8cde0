package main

import (
	"fmt"
	"io"
	"os"
	"strings"
	"time"

	"golang.org/x/term"
)

// progress tells how far a long piece of work is: a bar that is drawn over on a terminal, a line every tenth elsewhere.
type progress struct {
	out      io.Writer
	terminal bool
	what     string
	total    int
	begin    time.Time
	tenth    int // the last one told
}

// newProgress begins a piece of work of total steps.
func newProgress(out *os.File, what string, total int) *progress {
	return &progress{out: out, terminal: term.IsTerminal(int(out.Fd())), what: what, total: total, begin: time.Now()}
}

const barWidth = 30

// line is the bar and the numbers after n steps, without a line end.
func (p *progress) line(n int) string {
	share := 1.0
	if p.total > 0 {
		share = float64(n) / float64(p.total)
	}
	full := int(share * barWidth)
	return fmt.Sprintf("%s  %s%s %3d %%  %s of %s", p.what, strings.Repeat("#", full), strings.Repeat(".", barWidth-full), int(100*share),
		thousands(n), thousands(p.total))
}

// at tells that n steps are done.
func (p *progress) at(n int) {
	if p.terminal {
		fmt.Fprintf(p.out, "\r%s ", p.line(n))
		return
	}
	if tenth := 10 * n / max(p.total, 1); tenth > p.tenth && n < p.total {
		p.tenth = tenth
		fmt.Fprintln(p.out, p.line(n))
	}
}

// done tells that all is done, and how long it took.
func (p *progress) done() {
	begin := ""
	if p.terminal {
		begin = "\r"
	}
	fmt.Fprintf(p.out, "%s%s  %.1f s\n", begin, p.line(p.total), time.Since(p.begin).Seconds())
}

// thousands writes n in groups of three digits.
func thousands(n int) string {
	s := fmt.Sprint(n)
	for i := len(s) - 3; i > 0 && s[i-1] != '-'; i -= 3 {
		s = s[:i] + "," + s[i:]
	}
	return s
}
