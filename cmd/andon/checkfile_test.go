package main

import (
	"fmt"
	"strings"
	"testing"
)

func TestCheckOfAGoodFile(t *testing.T) {
	out, code := said(t, "check", eventsFile(t, goodLine, goodLine))
	if want := "2 lines: 2 events, 1 of them duplicates; 0 lines with errors, 0 with warnings\n\nevents by type\n  pick.started                                     2\n"; code != exitOK || out != want {
		t.Errorf("exit code %d: %s\nwant %s", code, out, want)
	}
	out, code = said(t, "check", "../../schemas/event/testdata/events.ndjson")
	if code != exitOK || strings.Contains(out, "error:") {
		t.Errorf("the examples, exit code %d: %s", code, out)
	}
}

// However many lines are wrong, what is told stays short, and all is counted.
func TestCheckIsBounded(t *testing.T) {
	lines := []string{goodLine}
	for i := range 3000 {
		lines = append(lines, fmt.Sprintf(`{"event_id":"%d","type":"pick.start","event_time":"2026-03-02T06:30:00Z","fulfilment_id":"F-1"}`, i),
			fmt.Sprintf(`{"event_id":"a%d","type":"pick.started","event_time":"2026-03-02T06:30:00Z","fulfilment_id":"F-1","member_%d":1}`, i, i))
	}
	path := eventsFile(t, lines...)
	out, code := said(t, "check", path)
	for _, want := range []string{
		path + `:2: error: type holds "pick.start", which is not in its list: did you mean "pick.started"?`,
		path + `:3: warning: member_0 is no member of an event and is not read`,
		"6,001 lines: 3,001 events, 0 of them duplicates; 3,000 lines with errors, 3,000 with warnings",
		fmt.Sprintf("\n  %-40s %9s\n", "unknown_member (others)", "2,981"), fmt.Sprintf("\n  %-40s %9s\n", "unknown_type type", "3,000"), "3,000 of 6,001 lines cannot be taken",
	} {
		if !strings.Contains(out, want) {
			t.Errorf("no %q in\n%s", want, out)
		}
	}
	if n := strings.Count(out, "\n"); code != exitFailure || n > 80 {
		t.Errorf("exit code %d after %d lines", code, n)
	}
}
