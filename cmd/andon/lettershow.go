package main

import (
	"context"
	"encoding/hex"
	"fmt"
	"log/slog"
	"os"
	"strings"
	"text/tabwriter"
	"unicode"
	"unicode/utf8"

	"andon/pipeline/kafka"
	"andon/replay/ndjson"
)

// letterShowCmd is `andon deadletter show`.
type letterShowCmd struct {
	configured
	From string `arg:"" placeholder:"TOPIC/PARTITION/OFFSET" help:"Where the record lay, as list prints it."`
}

// Help is shown by --help.
func (letterShowCmd) Help() string {
	return `Prints where the record lay, when it arrived and was put aside, the reason, what was expected, the key and the bytes: as they
are when they are text, else as a hex dump.

  andon deadletter show fulfillment.carrier/3/1841 --config andon.yaml`
}

// Run shows the letter. Of several about one record it shows the newest, and how often the record was sent again.
func (c letterShowCmd) Run(ctx context.Context) error {
	cfg, err := c.read()
	if err != nil {
		return err
	}
	var name letterName
	if err := name.UnmarshalText([]byte(c.From)); err != nil {
		return usageError{err}
	}
	at := kafkaConfig(cfg)
	var found *kafka.Letter
	told := stories{}
	for l, err := range kafka.Letters(ctx, at, slog.New(slog.DiscardHandler), name.partition, 0) {
		if err != nil {
			return fmt.Errorf("read the dead letters: %w", oneLine(err))
		}
		if l.Name != c.From {
			continue
		}
		if told.add(&l); !l.Redriven {
			found = &l
		}
	}
	if found == nil {
		return fmt.Errorf("no dead letter %s: andon deadletter list prints those there are", c.From)
	}
	return showLetter(found, told, explained(at, found))
}

// explained says what the record holds and what was expected; empty when it was put aside for another reason than what it holds.
func explained(at kafka.Config, l *kafka.Letter) string {
	lane, known := at.LaneOf(&l.Letter)
	if !known || !l.Whole() {
		return ""
	}
	return ndjson.Explain(lane.Family, l.Key, l.Raw)
}

func showLetter(l *kafka.Letter, told stories, why string) error {
	table := tabwriter.NewWriter(os.Stdout, 0, 0, 2, ' ', 0)
	row := func(name, format string, args ...any) {
		fmt.Fprintf(table, "%s\t%s\n", name, fmt.Sprintf(format, args...))
	}
	row("from", "topic %s, partition %d, offset %d", l.Topic, l.Partition, l.Offset)
	if l.Letter.At != 0 {
		row("arrived", "%s", l.Letter.At)
	}
	row("put aside", "%s", l.At)
	row("reason", "%s", l.Reason)
	detail, stack, _ := strings.Cut(l.Detail, "\n")
	if detail != "" {
		row("detail", "%s", plain(detail, 1<<10))
	}
	if why != "" {
		row("explained", "%s", plain(why, 1<<10))
	}
	if l.Timer != "" {
		row("timer", "%s", plain(l.Timer, 1<<10))
	} else {
		row("key", "%s", plain(string(l.Key), 1<<10))
		row("bytes", "%d", l.Bytes)
		row("sha256", "%s", l.SHA256)
	}
	switch at := told[l.Name]; {
	case at.sent == 0:
		row("sent again", "never")
	case told.away(l):
		row("sent again", "%s, the last %s; not come back", times(at.sent), at.at)
	default:
		row("sent again", "%s, the last %s; came back", times(at.sent), at.at)
	}
	if err := table.Flush(); err != nil {
		return err
	}
	if stack != "" {
		fmt.Println()
	}
	for line := range strings.Lines(stack) {
		fmt.Println(" ", plain(strings.ReplaceAll(strings.TrimRight(line, "\n"), "\t", "  "), 1<<10))
	}
	if len(l.Raw) == 0 {
		return nil
	}
	if len(l.Raw) < l.Bytes {
		fmt.Printf("\nthe first %d of %d bytes:\n", len(l.Raw), l.Bytes)
	} else {
		fmt.Println()
	}
	control := func(r rune) bool { return unicode.IsControl(r) && r != '\n' && r != '\t' }
	if text := string(l.Raw); utf8.ValidString(text) && !strings.ContainsFunc(text, control) {
		fmt.Println(text)
	} else {
		fmt.Print(hex.Dump(l.Raw))
	}
	return nil
}
