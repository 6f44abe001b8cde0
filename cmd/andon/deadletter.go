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
	List    letterListCmd    `cmd:"" help:"List what was put aside, the newest last, and count it by reason."`
	Show    letterShowCmd    `cmd:"" help:"Show one dead letter whole, with its bytes."`
	Redrive letterRedriveCmd `cmd:"" help:"Send what was put aside to its lane again, to be judged."`
}

// letterListCmd is `andon deadletter list`.
type letterListCmd struct {
	configured
	letterFilter
	Waiting bool `help:"Only what was never sent again, or came back."`
	Limit   int  `default:"50" help:"The newest so many; 0 is all. All are counted."`
}

// Help is shown by --help.
func (letterListCmd) Help() string {
	return `A record that cannot be judged does not stop its lane: it is put aside with its place, the reason and its bytes. List reads them
up to now and ends. A record that was sent again and came back is one row, as it was last put aside.

  andon deadletter list --config andon.yaml --since 24h
  andon deadletter list --config andon.yaml --family carrier --reason wrong_key --limit 5
  andon deadletter list --config andon.yaml fulfillment.carrier/3/1800-1900
  andon deadletter show fulfillment.carrier/3/1841 --config andon.yaml

reason is one of the names in schemas/jsonschema/deadletter.schema.json. What was wrong with the event its sender mends, and sends it again with
the same event_id; show says what was expected. What was wrong on this side (a build, a setting) redrive sends again once that is mended.`
}

// Run lists the letters.
func (c letterListCmd) Run(ctx context.Context) error {
	cfg, err := c.read()
	if err != nil {
		return err
	}
	if err := c.check(); err != nil {
		return err
	}
	if c.Limit < 0 {
		return usageError{errors.New("--limit is 0 or more")}
	}
	at := kafkaConfig(cfg)
	told, err := tellStories(ctx, at, c.Since)
	if err != nil {
		return err
	}
	listed := letterTable{stories: told, limit: c.Limit, reasons: map[event.Reason]int{}}
	err = eachLetter(ctx, at, c.Since, func(l *kafka.Letter) {
		if told.latest(l) && c.wants(at, l) && (!c.Waiting || !told.away(l)) {
			listed.add(l)
		}
	})
	if err != nil {
		return err
	}
	return listed.print()
}

// eachLetter hands over the letters and marks written from an instant on, in order within each partition.
func eachLetter(ctx context.Context, at kafka.Config, since when, take func(*kafka.Letter)) error {
	for l, err := range kafka.Letters(ctx, at, slog.New(slog.DiscardHandler), kafka.AllPartitions, since.Micros) {
		if err != nil {
			return fmt.Errorf("read the dead letters: %w", oneLine(err))
		}
		take(&l)
	}
	return nil
}

// letterTable is the newest of many letters, and how many there are of each reason.
type letterTable struct {
	stories
	limit   int // 0: no limit
	newest  []kafka.Letter
	reasons map[event.Reason]int
	away    int
}

func (t *letterTable) add(l *kafka.Letter) {
	t.reasons[l.Reason]++
	if t.stories.away(l) {
		t.away++
	}
	row := *l
	row.Raw = nil
	if t.newest = append(t.newest, row); t.limit > 0 && len(t.newest) >= 2*t.limit {
		t.newest = latest(t.newest, t.limit)
	}
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

func (t *letterTable) print() error {
	t.newest = latest(t.newest, t.limit)
	if len(t.newest) == 0 {
		fmt.Println("no dead letters")
		return nil
	}
	if err := t.rows(); err != nil {
		return err
	}
	fmt.Printf("\n%s in all, the newest %s shown; by reason:\n", thousands(total(t.reasons)), thousands(len(t.newest)))
	for _, reason := range slices.SortedFunc(maps.Keys(t.reasons), func(a, b event.Reason) int {
		return cmp.Or(t.reasons[b]-t.reasons[a], cmp.Compare(a, b))
	}) {
		fmt.Printf("  %-20s %9s\n", reason, thousands(t.reasons[reason]))
	}
	if t.away > 0 {
		fmt.Printf("%s of them were sent again and have not come back; --waiting leaves them out\n", thousands(t.away))
	}
	return nil
}

// rows prints the letters; how often they were sent again when one was.
func (t *letterTable) rows() error {
	table := tabwriter.NewWriter(os.Stdout, 0, 0, 2, ' ', 0)
	again := func(string) string { return "" }
	if slices.ContainsFunc(t.newest, func(l kafka.Letter) bool { return t.stories[l.Name].sent > 0 }) {
		again = func(cell string) string { return cell + "\t" }
	}
	fmt.Fprintf(table, "from\tput aside\treason\t%skey\tdetail\n", again("sent again"))
	for i := range t.newest {
		l := &t.newest[i]
		detail, _, _ := strings.Cut(l.Detail, "\n") // a stack is for show
		fmt.Fprintf(table, "%s\t%s\t%s\t%s%s\t%s\n", plain(l.Name, 120), l.At.UTC().Format(time.DateTime), l.Reason, again(t.tell(l)),
			plain(string(l.Key), 40), plain(detail, 120))
	}
	return table.Flush()
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
