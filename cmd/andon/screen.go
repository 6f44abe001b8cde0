package main

import (
	"context"
	"fmt"
	"os"
	"strings"

	"andon/detectors/rule"

	"github.com/ClickHouse/clickhouse-go/v2/lib/driver"
	"golang.org/x/term"
)

// tally is how the exceptions of one code stand, less those that were retracted or turned out to be late data.
type tally struct{ raised, open, cleared uint64 }

// tallies asks ClickHouse how the exceptions of each code stand.
func tallies(ctx context.Context, conn driver.Conn) (map[string]tally, error) {
	const query = `SELECT code, count(), countIf(state = 'open'), countIf(state = 'cleared')
		FROM andon.exceptions_current WHERE state != 'retracted' AND NOT late_data GROUP BY code`
	rows, err := conn.Query(ctx, query)
	if err != nil {
		return nil, fmt.Errorf("count exceptions: %w", err)
	}
	defer rows.Close()
	all := map[string]tally{}
	for rows.Next() {
		var code string
		var t tally
		if err := rows.Scan(&code, &t.raised, &t.open, &t.cleared); err != nil {
			return nil, fmt.Errorf("count exceptions: %w", err)
		}
		all[code] = t
	}
	return all, rows.Err()
}

// table writes one line per code, and a head.
func table(all map[string]tally) []string {
	lines := []string{fmt.Sprintf("  %-6s %-24s %9s %9s %9s", "code", "", "raised", "open", "cleared")}
	for _, r := range rule.All {
		t := all[r.Code]
		lines = append(lines, fmt.Sprintf("  %-6s %-24s %9s %9s %9s", r.Code, r.Title,
			thousands(int(t.raised)), thousands(int(t.open)), thousands(int(t.cleared))))
	}
	return lines
}

// screen is a block of lines that is drawn over on a terminal. Elsewhere only its last state is written.
type screen struct {
	out      *os.File
	terminal bool
	drawn    int // lines on the terminal
}

func newScreen(out *os.File) *screen {
	return &screen{out: out, terminal: term.IsTerminal(int(out.Fd()))}
}

// draw shows the lines in the place of those drawn before.
func (s *screen) draw(lines ...string) {
	if !s.terminal {
		return
	}
	var b strings.Builder
	if s.drawn > 0 {
		fmt.Fprintf(&b, "\x1b[%dA", s.drawn)
	}
	for _, line := range lines {
		b.WriteString("\x1b[2K" + line + "\n")
	}
	s.drawn = len(lines)
	fmt.Fprint(s.out, b.String())
}

// last shows the lines for good.
func (s *screen) last(lines ...string) {
	if s.terminal {
		s.draw(lines...)
		return
	}
	fmt.Fprintln(s.out, strings.Join(lines, "\n"))
}
