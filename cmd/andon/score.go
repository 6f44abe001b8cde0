package main

import (
	"context"
	"fmt"

	"andon/detectors/rule"
	"andon/replay"

	"github.com/ClickHouse/clickhouse-go/v2/lib/driver"
)

// claimed asks ClickHouse which exceptions stand, less those that were retracted or turned out to be late data.
func claimed(ctx context.Context, conn driver.Conn) ([]replay.Pair, error) {
	rows, err := conn.Query(ctx, "SELECT DISTINCT code, subject FROM andon.exceptions_current WHERE state != 'retracted' AND NOT late_data")
	if err != nil {
		return nil, fmt.Errorf("read exceptions: %w", err)
	}
	defer rows.Close()
	var all []replay.Pair
	for rows.Next() {
		var p replay.Pair
		if err := rows.Scan(&p.Code, &p.Subject); err != nil {
			return nil, fmt.Errorf("read exceptions: %w", err)
		}
		all = append(all, p)
	}
	return all, rows.Err()
}

// scoreTable writes one line per code, a head, and what a reader must know to judge the numbers.
func scoreTable(scores []replay.Score) []string {
	lines := []string{fmt.Sprintf("  %-6s %-24s %8s %7s %7s %7s %8s %10s", "code", "", "in truth", "found", "missed", "false", "recall", "precision")}
	units, contested := 0, false
	for _, s := range scores {
		r := rule.ByCode(s.Code)
		contested = contested || r != nil && r.Contested
		title := s.Title
		if title == "" {
			title = "(no rule yet)"
		}
		lines = append(lines, fmt.Sprintf("  %-6s %-24s %8s %7s %7s %7s %8s %10s", s.Code, title, thousands(s.Truth), thousands(s.Found),
			thousands(s.Missed), thousands(s.False), percent(s.Found, s.Truth), percent(s.Found, s.Found+s.False)))
		units += s.Units
	}
	lines = append(lines, "", "  counted once per code and entity; what was cleared as late data or retracted does not count as said")
	if contested {
		lines = append(lines, "  CA-03, CA-05, PA-03 and PI-05 go by what is usual, so they are right more or less; models decide CA-05 and PA-03 (docs/guides/models.md)")
	}
	if units > 0 {
		lines = append(lines, fmt.Sprintf("  %s of the false are goods advised in the wrong unit (IN-10): they look short or over until IN-10 has a rule", thousands(units)))
	}
	return lines
}

// percent is a share with one digit behind the point, rounded down: only all of it is 100 %.
func percent(part, whole int) string {
	if whole == 0 {
		return "-"
	}
	tenths := 1000 * part / whole
	return fmt.Sprintf("%d.%d %%", tenths/10, tenths%10)
}
