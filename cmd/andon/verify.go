package main

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"os"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"

	"andon/cmd/andon/config"
	"andon/detectors"
	"andon/pipeline"
	"andon/pipeline/audit"
	"andon/pipeline/kafka"
	"andon/schemas/event"
	"andon/schemas/journal"
)

// verifyCmd is `andon verify`.
type verifyCmd struct {
	configured
	Lane  string `placeholder:"LANE" help:"Only this lane, e.g. carrier/3: its family and its partition."`
	From  bound  `placeholder:"PLACE" help:"Only entries from there on: an instant of the lane's time in UTC (2026-03-02T08:15:00Z), so long before now (24h), or with --lane an offset of its input topic."`
	To    bound  `placeholder:"PLACE" help:"Only entries before there."`
	Heads string `placeholder:"FILE" help:"A report of an earlier verify: its heads must still be in the journal."`
	JSON  bool   `name:"json" help:"Print the report as JSON."`
}

// Help is shown by --help.
func (verifyCmd) Help() string {
	return `Runs every beat that the journal tells of again, over the same records, and compares: the chain of the entries, their order and
ranges, the settings and the logic they were judged by, counts, times and the digest of what came of them; then the records that
really stand in the topics of exceptions and costs, byte for byte. It only reads, joins no group, and may run beside the detectors:
it looks at what is committed when it begins. Reading the topics is all it needs to be allowed.

  andon verify --config andon.yaml
  andon verify --config andon.yaml --lane carrier/3 --from 2026-03-02T00:00:00Z --to 2026-03-03T00:00:00Z
  andon verify --config andon.yaml > verified.txt        keep this where nobody can change it who may write to Kafka
  andon verify --config andon.yaml --heads verified.txt  later: the journal is still the one it was then

The report ends with the head of each lane's chain. A journal whose end was rewritten with all that hangs on it fits in itself: only
a head that was kept elsewhere shows it.

With --from and --to a lane is run again from its start all the same, for that makes its memory; only what is between is compared
and reported. A span such as 24h counts back from now, not from the lane's time: of history (settings.clock: log) give instants. When
no entry is of the range nothing is proved, and it says so. --heads goes through all of every lane: it goes with none of the three.

Exit codes: 0 all matches, 1 something does not, 2 the command line or the configuration is wrong, 3 some could not be checked: it
was judged by another logic or with other settings, its records are gone, no entry is of the range, or Kafka did not let it read.`
}

// exitUnchecked is the exit code of an audit that found nothing wrong and could not check everything.
const exitUnchecked = 3

// uncheckedError is why something could not be checked.
type uncheckedError struct{ error }

func (u uncheckedError) Unwrap() error { return u.error }

// Run verifies and prints the report.
func (c verifyCmd) Run(ctx context.Context) error {
	if err := c.sound(); err != nil {
		return usageError{err}
	}
	kept, err := readHeads(c.Heads)
	if err != nil {
		return usageError{err}
	}
	a, lanes, err := c.openAudit(ctx, c.Lane)
	if err != nil {
		return err
	}
	for _, h := range kept {
		if _, err := a.lanes(h.Lane); err != nil {
			return fmt.Errorf("--heads %s: %w", c.Heads, err)
		}
	}
	a.Outputs, a.Kept, a.From, a.To = true, kept, c.From.Place, c.To.Place
	report, err := a.run(ctx, lanes)
	if err != nil {
		return err
	}
	a.nameSettings(&report)
	if c.JSON {
		err = json.NewEncoder(os.Stdout).Encode(report)
	} else {
		printReport(os.Stdout, &report)
	}
	return errors.Join(err, verdict(&report))
}

// sound says what is wrong with the flags.
func (c verifyCmd) sound() error {
	none := audit.Place{}
	switch {
	case (c.From.ByOffset || c.To.ByOffset) && c.Lane == "":
		return errors.New("an offset is of one lane's input topic: name the lane with --lane, or give an instant such as 2026-03-02T08:15:00Z")
	case c.Heads != "" && (c.Lane != "" || c.From.Place != none || c.To.Place != none):
		return errors.New("--heads: heads are compared by going through all of every lane: leave --lane, --from and --to out")
	}
	return nil
}

// verdict is the report as an exit code and a line.
func verdict(r *audit.Report) error {
	if n := r.Count(); n > 0 {
		return fmt.Errorf("%s found: what stands in Kafka is not what the beats came to", counted(n, "mismatch", "mismatches"))
	}
	var n int64
	for _, u := range r.Unchecked {
		n += max(u.Count, 1)
	}
	if n > 0 {
		return uncheckedError{fmt.Errorf("%s could not be checked: %s", counted(int(n), "entry", "entries"), r.Unchecked[0].Says)}
	}
	if r.Total().Entries == 0 {
		newest := slices.MaxFunc(r.Lanes, func(a, b audit.LaneReport) int { return cmp.Compare(a.Time, b.Time) })
		return uncheckedError{fmt.Errorf("nothing was verified, no entry is of the range: the newest lane, %s, is at %s and input offset %d; a span such as 24h counts back from now",
			newest.Lane, newest.Time, newest.Input)}
	}
	return nil
}

func counted(n int, one, many string) string {
	if n == 1 {
		return "1 " + one
	}
	return thousands(n) + " " + many
}

// auditor is an audit of a deployment.
type auditor struct {
	audit.Config
	books *kafka.Books
	cfg   config.Config
}

// openAudit opens the books of a deployment for the lane of a name, or all for none. What keeps it from reading leaves things unchecked.
func (c configured) openAudit(ctx context.Context, lane string) (*auditor, []pipeline.Lane, error) {
	cfg, err := c.read()
	if err != nil {
		return nil, nil, err
	}
	books, err := kafka.OpenBooks(ctx, kafkaConfig(cfg), slog.New(slog.DiscardHandler))
	if err != nil {
		return nil, nil, uncheckedError{oneLine(err)}
	}
	controls, err := kafka.OpenControls(ctx, kafkaConfig(cfg), slog.New(slog.DiscardHandler)) // after the books: all that their entries went by
	if err != nil {
		return nil, nil, uncheckedError{oneLine(err)}
	}
	controls.Close()
	a := &auditor{books: books, cfg: cfg, Config: audit.Config{
		Engine:   func(f event.Family) (pipeline.Engine, error) { return detectors.New(f, cfg.Settings) },
		Logic:    detectors.Logic(),
		Books:    books,
		Controls: controls,
	}}
	lanes, err := a.lanes(lane)
	return a, lanes, err
}

// run audits lanes and says on the way how far it is.
func (a *auditor) run(ctx context.Context, lanes []pipeline.Lane) (audit.Report, error) {
	a.Progress = tell(os.Stderr, 10*time.Second)
	report, err := audit.Run(ctx, a.Config, lanes)
	if err != nil {
		return report, uncheckedError{fmt.Errorf("it was not verified to the end: %w", oneLine(err))}
	}
	return report, nil
}

// tell is told of entries and writes a line now and then.
func tell(to io.Writer, every time.Duration) func(pipeline.Lane, *journal.Entry) {
	var mu sync.Mutex
	begin := time.Now()
	last, entries, events := begin, 0, int64(0)
	return func(lane pipeline.Lane, e *journal.Entry) {
		mu.Lock()
		defer mu.Unlock()
		entries++
		events += e.Counts.Read
		if now := time.Now(); now.Sub(last) >= every {
			last = now
			fmt.Fprintf(to, "%.0f s: %s entries with %s events run again, now entry %s of lane %s\n", now.Sub(begin).Seconds(), thousands(entries),
				thousands(int(events)), thousands(int(e.Seq)), lane)
		}
	}
}

// lanes is the lane of a name, or all for none.
func (a *auditor) lanes(name string) ([]pipeline.Lane, error) {
	all := a.books.Lanes()
	if name == "" {
		return all, nil
	}
	i := slices.IndexFunc(all, func(l pipeline.Lane) bool { return l.String() == name })
	if i < 0 {
		return nil, usageError{fmt.Errorf("there is no lane %s: a lane is a family and one of its partitions, %s to %s", name, all[0], all[len(all)-1])}
	}
	return all[i : i+1], nil
}

// bound is a place as people say it on a command line.
type bound struct{ audit.Place }

// UnmarshalText reads an offset, an instant, or a span before now.
func (b *bound) UnmarshalText(text []byte) error {
	if n, err := strconv.ParseInt(string(text), 10, 64); err == nil && n >= 0 {
		b.Place = audit.Place{Offset: n, ByOffset: true}
		return nil
	}
	var w when
	if err := w.UnmarshalText(text); err != nil {
		return fmt.Errorf("%w, and no offset", err)
	}
	b.At = w.Micros
	return nil
}

// readHeads reads the heads that a report lists; none without a file.
func readHeads(path string) (heads []audit.Head, err error) {
	if path == "" {
		return nil, nil
	}
	text, err := os.ReadFile(path)
	if err != nil {
		return nil, fmt.Errorf("--heads: %w", err)
	}
	var report audit.Report
	if json.Unmarshal(text, &report) == nil {
		for _, l := range report.Lanes {
			heads = append(heads, l.Head)
		}
	}
	for row := range strings.Lines(string(text)) {
		words := strings.Fields(row)
		if len(words) != 4 || words[0] != headWord {
			continue
		}
		seq, err := strconv.ParseInt(words[2], 10, 64)
		if err != nil {
			return nil, fmt.Errorf("--heads %s: %q is no seq: %w", path, words[2], err)
		}
		heads = append(heads, audit.Head{Lane: words[1], Seq: seq, Hash: journal.Hash(words[3])})
	}
	if len(heads) == 0 {
		return nil, fmt.Errorf("--heads %s: it lists no heads: give it what andon verify printed, with lines such as %s carrier/3 812 lW6_XeFi", path, headWord)
	}
	return heads, nil
}
