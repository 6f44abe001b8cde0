package main

import (
	"fmt"
	"io"
	"maps"
	"slices"
	"strings"

	"andon/schemas/event"
	"andon/schemas/exception"
)

// print writes the account to be read.
func (s *account) print(to io.Writer) {
	fmt.Fprintf(to, "%s  %s\n", s.Code, s.Title)
	rows := func(pairs ...string) {
		for i := 0; i < len(pairs); i += 2 {
			if pairs[i+1] != "" {
				fmt.Fprintf(to, "  %-10s %s\n", pairs[i], pairs[i+1])
			}
		}
	}
	rows("exception", s.ID, "lane", s.Lane)
	x := s.latest()
	if x != nil {
		rows("subject", plain(x.Subject, 120), "tenant", x.Tenant, "episode", plain(x.Episode, 200), "site", x.Site, "item", x.Item, "line", x.Line,
			"decided by", x.DecidedBy+" "+x.Rule)
		fmt.Fprintf(to, "\nThe rule\n  %s\n", s.Text)
		s.printSettings(to)
		fmt.Fprintf(to, "\nWhat it came to, revision %d\n", x.Revision)
		for _, reason := range x.Reasons {
			fmt.Fprintf(to, "  %s\n", plain(reason, 400))
		}
		rows("state", stateOf(x), "severity", string(x.Severity), "opened", x.OpenedAt.String(), "cleared", instant(x.ClearedAt), "detected", x.DetectedAt.String(),
			"expected", number(x.Expected, x.Unit), "observed", number(x.Observed, x.Unit), "off by", number(x.Delta, x.Unit))
		fmt.Fprintf(to, "\nWhat is at stake, as things stood when it opened\n")
		rows("cost", money(x.CostAtRiskMinor, x.Currency), "", fmt.Sprintf("x %s probable x %s avoidable x %s urgent", share(x.ProbabilityBP), share(x.AvoidableBP), share(x.UrgencyBP)),
			"score", money(x.PriorityScore, x.Currency), "priority", string(x.Priority), "deadline", x.Deadline.String(), "act by", x.ActBy.String())
	}
	s.printEvents(to)
	s.printRevisions(to)
	s.printProof(to)
}

func (s *account) printSettings(to io.Writer) {
	wide := 0
	for _, n := range s.Settings {
		wide = max(wide, len(n.Name))
	}
	for _, n := range s.Settings {
		how := "set"
		if n.Default {
			how = "default"
		}
		fmt.Fprintf(to, "  %-*s %9s  %s (%s)\n", wide, n.Name, thousands(int(n.Value)), n.Text, how)
	}
}

// latest is the last revision that is no tombstone; nil when there is none.
func (s *account) latest() *exception.Exception {
	for _, r := range slices.Backward(s.Revisions) {
		if r.Exception != nil {
			return r.Exception
		}
	}
	return nil
}

func (s *account) printEvents(to io.Writer) {
	for _, part := range []struct {
		title    string
		evidence bool
	}{{"The events it stands on", true}, {"Other events of the subject", false}} {
		said := false
		for i := range s.Evidence {
			ev := &s.Evidence[i]
			if len(ev.Revisions) > 0 != part.evidence {
				continue
			}
			if !said {
				fmt.Fprintf(to, "\n%s\n", part.title)
				said = true
			}
			if part.evidence {
				ev.print(to)
			} else {
				fmt.Fprintf(to, "  %-27s  %-20s %s\n", ev.Time, ev.Type, ev.place())
			}
		}
	}
}

// place is where an event stands.
func (ev *evidence) place() string {
	if len(ev.Again) == 0 {
		return ev.Stands
	}
	return ev.Stands + ", the same again at " + strings.Join(ev.Again, ", ")
}

func (ev *evidence) print(to io.Writer) {
	fmt.Fprintf(to, "  %-27s  %s\n", ev.Time, ev.Type)
	row := func(name, value string) { fmt.Fprintf(to, "    %-9s %s\n", name, value) }
	row("event id", plain(ev.EventID, 200))
	row("stands", ev.place())
	row("recorded", ev.RecordedAt.String())
	row("revision", strings.Trim(strings.ReplaceAll(fmt.Sprint(ev.Revisions), " ", ", "), "[]"))
	lines := stated(ev.Says)
	for i, line := range lines {
		name := ""
		if i == 0 {
			name = "says"
		}
		row(name, line)
	}
}

// stated is what an event states as lines of name=value, the lines of a document one each, last.
func stated(members map[string]any) (lines []string) {
	var below []string
	line := ""
	for _, name := range slices.Sorted(maps.Keys(members)) {
		if list, is := members[name].([]any); is {
			for _, m := range list {
				inner, _ := m.(map[string]any)
				below = append(below, name+": "+strings.Join(stated(inner), " "))
			}
			continue
		}
		pair := fmt.Sprintf("%s=%s", name, plain(value(members[name]), 80))
		if line != "" && len(line)+len(pair) > 100 {
			lines, line = append(lines, line), ""
		}
		line = strings.TrimSpace(line + " " + pair)
	}
	if line != "" {
		lines = append(lines, line)
	}
	return append(lines, below...)
}

// value is a member of JSON as people write it.
func value(v any) string {
	if n, is := v.(float64); is {
		return fmt.Sprintf("%.0f", n)
	}
	return fmt.Sprint(v)
}

func (s *account) printRevisions(to io.Writer) {
	fmt.Fprintf(to, "\nIts revisions\n")
	for i := range s.Revisions {
		r := &s.Revisions[i]
		name, why := "forgotten", "the story of its subject was long over"
		if x := r.Exception; x != nil {
			name, why = fmt.Sprintf("%d %s", x.Revision, x.Change), "an event came"
			if r.ByTime {
				why = "time passed, and no event came"
			}
		}
		stands := r.Stands
		if !r.Same {
			stands = "nowhere any more: Kafka keeps the last of each key"
		}
		fmt.Fprintf(to, "  %-12s %s\n    %-9s %s\n    %-9s %d\n", name, why, "stands", stands, "entry", r.Entry.Seq)
	}
	s.printEntries(to)
}

// printEntries lists the journal entries of the beats that wrote the revisions.
func (s *account) printEntries(to io.Writer) {
	fmt.Fprintf(to, "\nThe journal of the beats that wrote them\n")
	told := int64(-1)
	for i := range s.Revisions {
		r := &s.Revisions[i]
		e := &r.Entry
		if e.Seq == told {
			continue
		}
		told = e.Seq
		fmt.Fprintf(to, "  entry %d of lane %s%s\n", e.Seq, e.Lane, ranges(&e.Input, &e.Side))
		for _, row := range [][2]string{{"stands", r.At}, {"time", instant(e.Start) + " to " + instant(e.End)}, {"digest", string(e.Outputs)}, {"hash", string(r.Hash)}} {
			fmt.Fprintf(to, "    %-9s %s\n", row[0], row[1])
		}
	}
}

func (s *account) printProof(to io.Writer) {
	p := &s.Proof
	fmt.Fprintf(to, "\nThe proof\n  Lane %s was run again from its start to there: %s with %s,\n  logic %s, settings %s.\n", s.Lane,
		counted(int(p.Entries), "entry", "entries"), counted(int(p.Records), "record", "records"), p.Logic, p.Settings)
	fmt.Fprintf(to, "  %s of %s came to the counts, times and digests in the journal.\n", thousands(int(p.Checked)), counted(int(p.Entries), "entry", "entries"))
	if p.Proved {
		fmt.Fprintf(to, "  What stands of this exception came out again byte for byte.\n")
		return
	}
	fmt.Fprintf(to, "  NOT PROVED:\n")
	for _, but := range p.But {
		fmt.Fprintf(to, "  %s\n", but)
	}
}

func stateOf(x *exception.Exception) string {
	if x.LateData {
		return string(x.State) + ", by data that was only late: it never was one"
	}
	return string(x.State)
}

func instant(m event.Micros) string {
	if m == 0 {
		return ""
	}
	return m.String()
}

// number is a quantity in words; empty when it is unknown.
func number(n *int64, unit exception.Unit) string {
	switch {
	case n == nil:
		return ""
	case unit == exception.Milli:
		return fmt.Sprintf("%s.%03d units", thousands(int(*n/1000)), max(*n, -*n)%1000)
	}
	return thousands(int(*n)) + " " + string(unit)
}

func money(n *int64, currency string) string {
	if n == nil {
		return "unknown"
	}
	return fmt.Sprintf("%s minor units of %s", thousands(int(*n)), currency)
}

// share is basis points as a share.
func share(bp int32) string { return fmt.Sprintf("%g %%", float64(bp)/100) }
