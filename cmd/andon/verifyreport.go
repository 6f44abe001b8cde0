package main

import (
	"fmt"
	"io"
	"strings"
	"text/tabwriter"

	"andon/pipeline/audit"
	"andon/schemas/journal"
)

// headWord begins the line of a head.
const headWord = "head"

// printReport writes a report to be read.
func printReport(to io.Writer, r *audit.Report) {
	table := tabwriter.NewWriter(to, 0, 0, 2, ' ', tabwriter.AlignRight)
	fmt.Fprintln(table, "lane\tentries\tchecked\trecords\toutputs\tcompacted\texpired\t")
	row := func(l audit.LaneReport) {
		fmt.Fprintf(table, "%s\t%s\t%s\t%s\t%s\t%s\t%s\t\n", l.Lane, thousands(int(l.Entries)), thousands(int(l.Checked)), thousands(int(l.Events)),
			thousands(int(l.Compared)), thousands(int(l.Compacted)), thousands(int(l.Expired)))
	}
	for _, l := range r.Lanes {
		row(l)
	}
	if len(r.Lanes) > 1 {
		total := r.Total()
		total.Lane = "all"
		row(total)
	}
	_ = table.Flush() // to a screen; what comes after fails likewise
	fmt.Fprint(to, `
  records    run again, from the lane's start on
  outputs    exceptions, tombstones and costs that stand in their topics as the beats came to them, byte for byte
  compacted  not compared: Kafka removed them, a later record of the same key stands
  expired    not compared: older than the first record of their topic
`)
	for _, u := range r.Unchecked {
		fmt.Fprintf(to, "\nNOT CHECKED  %s\n  %s\n", uncheckedPlace(u), u.Says)
	}
	for _, l := range r.Lanes {
		for _, seq := range l.Resumed {
			fmt.Fprintf(to, "\nTAKEN UP     lane %s behind entry %d, at a snapshot: from there on it is checked\n", l.Lane, seq)
		}
	}
	recreated := map[string]bool{}
	for i := range r.Findings {
		f := &r.Findings[i]
		if f.Kind != audit.TopicRecreated || !recreated[f.Topic] { // each of its lanes says so
			printFinding(to, f)
		}
		recreated[f.Topic] = recreated[f.Topic] || f.Kind == audit.TopicRecreated
	}
	if r.More > 0 {
		fmt.Fprintf(to, "\n%s more that are not listed\n", thousands(r.More))
	}
	fmt.Fprint(to, "\nThe heads of the chains, to be kept elsewhere for --heads:\n\n")
	for _, l := range r.Lanes {
		if l.Head.Hash != "" {
			fmt.Fprintf(to, "%s %s %d %s\n", headWord, l.Head.Lane, l.Head.Seq, l.Head.Hash)
		}
	}
	fmt.Fprintln(to)
	if t := r.Total(); r.Count()+len(r.Unchecked) == 0 && t.Entries > 0 {
		fmt.Fprintf(to, "All matches: %s, %s run again, %s compared.\n", counted(int(t.Checked), "entry", "entries"),
			counted(int(t.Events), "record", "records"), counted(int(t.Compared), "output", "outputs"))
	}
}

func uncheckedPlace(u audit.Unchecked) string {
	if u.Count == 0 {
		return "lane " + u.Lane
	}
	place := fmt.Sprintf("lane %s, entry %d", u.Lane, u.From)
	if u.To > u.From {
		place = fmt.Sprintf("lane %s, %s of entries %d to %d", u.Lane, thousands(int(u.Count)), u.From, u.To)
	}
	return place + ": " + strings.ReplaceAll(string(u.Reason), "_", " ")
}

func printFinding(to io.Writer, f *audit.Finding) {
	fmt.Fprintf(to, "\nMISMATCH  %s\n", strings.ReplaceAll(string(f.Kind), "_", " "))
	row := func(name, format string, args ...any) {
		fmt.Fprintf(to, "  %-9s %s\n", name, fmt.Sprintf(format, args...))
	}
	switch {
	case f.Kind == audit.TopicRecreated:
		row("lane", "%s, and whatever else reads the topic", f.Lane)
	case f.Lane != "":
		row("lane", "%s", f.Lane)
	}
	if f.Seq != nil {
		row("entry", "%d%s", *f.Seq, ranges(f.Input, f.Side))
	}
	place := fmt.Sprintf("%s partition %d", f.Topic, f.Partition)
	if f.Offset != nil {
		place += fmt.Sprintf(" offset %d", *f.Offset)
	}
	row("where", "%s", place)
	if f.Key != "" {
		row("key", "%s", plain(f.Key, 80))
	}
	row("what", "%s", f.Says)
	row("meaning", "%s", f.Kind.Meaning())
}

// ranges says which records an entry is about.
func ranges(input, side *journal.Range) (s string) {
	for i, r := range []*journal.Range{input, side} {
		if r != nil && r.To > r.From {
			s += fmt.Sprintf(", %s offsets %d to %d", []string{"input", "side"}[i], r.From, r.To-1)
		}
	}
	return s
}
