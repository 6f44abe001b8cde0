package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"maps"
	"os"
	"slices"
	"strconv"
	"strings"
	"text/tabwriter"
	"time"
	"unicode"
	"unicode/utf8"

	"andon/pipeline/kafka"
	"andon/schemas/event"
)

// deadletterCmd is `andon deadletter`.
type deadletterCmd struct {
	List letterListCmd `cmd:"" help:"List what was put aside, the newest last, and count it by reason."`
	Show letterShowCmd `cmd:"" help:"Show one dead letter whole, with its bytes."`
}

// letterListCmd is `andon deadletter list`.
type letterListCmd struct {
	configured
	Topic  string `placeholder:"TOPIC" help:"Only what came from this topic."`
	Family string `placeholder:"FAMILY" help:"Only what came from the topics of this family: asn, carrier, pickpack."`
	Reason string `placeholder:"REASON" help:"Only this reason, e.g. wrong_key."`
	Since  when   `placeholder:"TIME" help:"Only what was put aside from then on: an instant in UTC (2026-03-02T08:15:00Z), or so long ago (90m, 24h)."`
	Until  when   `placeholder:"TIME" help:"Only what was put aside before then."`
	Limit  int    `default:"50" help:"The newest so many; 0 is all. All are counted."`
}

// Help is shown by --help.
func (letterListCmd) Help() string {
	return `A record that cannot be judged does not stop its lane: it is put aside with its place, the reason and its bytes. List reads them
up to now and ends.

  andon deadletter list --config andon.yaml --since 24h
  andon deadletter list --config andon.yaml --family carrier --reason wrong_key --limit 5
  andon deadletter show fulfillment.carrier/3/1841 --config andon.yaml

reason is one of the names in schemas/jsonschema/deadletter.schema.json. The sender mends what is wrong and sends the event again
with the same event_id; show says what was expected.`
}

// Run lists the letters.
func (c letterListCmd) Run(ctx context.Context) error {
	cfg, err := c.read()
	if err != nil {
		return err
	}
	if _, ok := event.ParseFamily(c.Family); !ok && c.Family != "" || c.Limit < 0 {
		return usageError{errors.New("--family is asn, carrier or pickpack, --limit 0 or more")}
	}
	var newest []kafka.Letter
	reasons := map[event.Reason]int{}
	at := kafkaConfig(cfg)
	for l, err := range kafka.Letters(ctx, at, slog.New(slog.DiscardHandler), kafka.AllPartitions, c.Since.Micros) {
		if err != nil {
			return fmt.Errorf("read the dead letters: %w", oneLine(err))
		}
		if !c.wants(at, &l) {
			continue
		}
		reasons[l.Reason]++
		l.Raw = nil
		if newest = append(newest, l); c.Limit > 0 && len(newest) >= 2*c.Limit {
			newest = latest(newest, c.Limit)
		}
	}
	if newest = latest(newest, c.Limit); len(newest) == 0 {
		fmt.Println("no dead letters")
		return nil
	}
	return printLetters(newest, reasons)
}

// wants reports whether the filters let a letter through.
func (c letterListCmd) wants(at kafka.Config, l *kafka.Letter) bool {
	if f, ok := event.ParseFamily(c.Family); ok && c.Family != "" && l.Topic != at.Input(f) && l.Topic != at.Side(f) {
		return false
	}
	return (c.Topic == "" || l.Topic == c.Topic) && (c.Reason == "" || string(l.Reason) == c.Reason) &&
		l.At >= c.Since.Micros && (c.Until.Micros == 0 || l.At < c.Until.Micros)
}

// latest sorts letters by the time they were put aside and keeps the last n, all when n is 0.
func latest(letters []kafka.Letter, n int) []kafka.Letter {
	slices.SortStableFunc(letters, func(a, b kafka.Letter) int {
		return cmp.Or(cmp.Compare(a.At, b.At), cmp.Compare(a.Topic, b.Topic), cmp.Compare(a.Partition, b.Partition), cmp.Compare(a.Offset, b.Offset))
	})
	if n == 0 || n >= len(letters) {
		return letters
	}
	return slices.Clone(letters[len(letters)-n:])
}

func printLetters(newest []kafka.Letter, reasons map[event.Reason]int) error {
	table := tabwriter.NewWriter(os.Stdout, 0, 0, 2, ' ', 0)
	fmt.Fprintln(table, "from\tput aside\treason\tkey\tdetail")
	for i := range newest {
		l := &newest[i]
		fmt.Fprintf(table, "%s\t%s\t%s\t%s\t%s\n", plain(l.Name, 120), l.At.UTC().Format(time.DateTime), l.Reason, plain(string(l.Key), 40), plain(l.Detail, 120))
	}
	if err := table.Flush(); err != nil {
		return err
	}
	total := 0
	for _, n := range reasons {
		total += n
	}
	fmt.Printf("\n%s in all, the newest %s shown; by reason:\n", thousands(total), thousands(len(newest)))
	for _, reason := range slices.SortedFunc(maps.Keys(reasons), func(a, b event.Reason) int {
		return cmp.Or(reasons[b]-reasons[a], cmp.Compare(a, b))
	}) {
		fmt.Printf("  %-20s %9s\n", reason, thousands(reasons[reason]))
	}
	return nil
}

// plain is text for a cell of a table: one line without control characters, cut where it is long.
func plain(s string, most int) string {
	if !utf8.ValidString(s) || strings.ContainsFunc(s, func(r rune) bool { return !unicode.IsPrint(r) }) {
		s = strconv.Quote(s)
	}
	if runes := []rune(s); len(runes) > most {
		return string(runes[:most-3]) + "..."
	}
	return s
}

// when is an instant as people say it on a command line.
type when struct{ event.Micros }

// UnmarshalText reads an instant in UTC, or a span before now.
func (w *when) UnmarshalText(text []byte) error {
	if ago, err := time.ParseDuration(string(text)); err == nil && ago >= 0 {
		w.Micros = event.At(time.Now().Add(-ago))
		return nil
	}
	at, err := event.ParseTime(string(text))
	if err != nil {
		return fmt.Errorf("%q is no instant in UTC such as 2026-03-02T08:15:00Z, and no span such as 90m or 24h", text)
	}
	w.Micros = at
	return nil
}
