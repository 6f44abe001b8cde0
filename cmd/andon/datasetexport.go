package main

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"iter"
	"log/slog"
	"os"
	"strings"

	"andon/pipeline"
	"andon/pipeline/kafka"
	"andon/replay/examples"
	"andon/replay/parquet"
	"andon/schemas/event"
)

// datasetCmd is `andon dataset`.
type datasetCmd struct {
	Export  datasetExportCmd  `cmd:"" help:"Make a table of judgements with their features and labels, to train on."`
	History datasetHistoryCmd `cmd:"" help:"Judge simulated days or a public data set in memory, and write verdicts and decisions."`
}

// datasetExportCmd is `andon dataset export`.
type datasetExportCmd struct {
	Code      string `required:"" help:"Contested code or risk, e.g. CA-05: one table holds one."`
	Verdicts  string `xor:"verdicts" required:"" placeholder:"FILE" help:"Values of andon.verdicts, one a line."`
	Config    string `xor:"verdicts" required:"" placeholder:"FILE" help:"Read both topics of this configuration instead."`
	Decisions string `placeholder:"FILE" help:"Values of andon.decisions, one a line; with --verdicts."`
	Until     string `placeholder:"TIME" help:"As of an instant, RFC 3339 in UTC: what was decided later is not known yet. Without it, of the latest decision."`
	Out       string `required:"" placeholder:"FILE" help:"Ends in .parquet or .csv."`
}

// Help is shown by --help.
func (datasetExportCmd) Help() string {
	return `Writes one row for each judgement of a code: the features as they were logged when it was judged, what the rule said, the score, mode and
decider, why it was recorded and with which probability, and its label.

  andon dataset export --code CA-05 --config andon.yaml --out ca05.parquet
  andon dataset export --code CA-05 --verdicts verdicts.ndjson --decisions decisions.ndjson --out ca05.csv

A label comes from a decision about the judgement, or about its exception, and from nothing else: what nobody decided about has none. The latest
decision holds; unsure and duplicate are none. The column mature says that the window of the label had closed (matures_at) and that what was decided
counts: a false alarm decided before that may yet come true. Train on rows that are mature. The column group holds together what shares a label: the
rows of one order or shipment. Columns of features begin with x_; their units and missing policies are in the file's note "andon", in CSV its first line.`
}

// Run writes the table.
func (c datasetExportCmd) Run(ctx context.Context) error {
	write := parquet.Write
	switch {
	case strings.HasSuffix(c.Out, ".csv"):
		write = examples.WriteCSV
	case !strings.HasSuffix(c.Out, ".parquet"):
		return usageError{errors.New("--out: a file that ends in .parquet or .csv")}
	case c.Config != "" && c.Decisions != "":
		return usageError{errors.New("--decisions: with --config they are read from the topic")}
	}
	until := event.Micros(0)
	if c.Until != "" {
		var err error
		if until, err = event.ParseTime(c.Until); err != nil {
			return usageError{errors.New("--until: an instant in RFC 3339, UTC, e.g. 2026-03-02T00:00:00Z")}
		}
	}
	past, err := c.read(ctx)
	if err != nil {
		return err
	}
	rows, err := past.Join(c.Code, until)
	if err != nil {
		return usageError{fmt.Errorf("--code: %w", err)}
	}
	if len(rows.List) == 0 {
		return fmt.Errorf("no judgement of %s has features of %s: sample_bp of its policy says how many of those that are not raised are recorded", c.Code, rows.Set.ID())
	}
	// Dying while it is written leaves a part of the file, which no reader takes for a table.
	f, err := os.Create(c.Out)
	if err != nil {
		return err
	}
	out := bufio.NewWriterSize(f, 1<<20)
	if err := errors.Join(write(out, rows.Table()), out.Flush(), f.Close()); err != nil {
		return fmt.Errorf("write %s: %w", c.Out, err)
	}
	fmt.Println(rowsTold(c.Out, rows))
	return nil
}

// rowsTold sums up a table.
func rowsTold(path string, rows *examples.Rows) string {
	labelled, mature, positive := 0, 0, 0
	for i := range rows.List {
		r := &rows.List[i]
		switch {
		case r.Label == examples.Unknown:
		case !r.Mature:
			labelled++
		default:
			labelled++
			mature++
			if r.Label == examples.Positive {
				positive++
			}
		}
	}
	said := fmt.Sprintf("%s: %s judgements with features of %s, %s labelled, %s mature, %s of these positive", path, thousands(len(rows.List)), rows.Set.ID(),
		thousands(labelled), thousands(mature), thousands(positive))
	if rows.Others > 0 {
		said += fmt.Sprintf("; %s of another version of the features left out", thousands(rows.Others))
	}
	return said
}

func (c datasetExportCmd) read(ctx context.Context) (*examples.Past, error) {
	if c.Config == "" {
		return examples.Read(fileLines(c.Verdicts), fileLines(c.Decisions))
	}
	cfg, err := readConfig(c.Config)
	if err != nil {
		return nil, err
	}
	at, quiet := kafkaConfig(cfg), slog.New(slog.DiscardHandler)
	return examples.Read(values(kafka.Ordered(ctx, at, at.Verdicts(), quiet)), values(kafka.Ordered(ctx, at, at.Decisions(), quiet)))
}

func values(records iter.Seq2[pipeline.Record, error]) iter.Seq2[[]byte, error] {
	return func(yield func([]byte, error) bool) {
		for r, err := range records {
			if err != nil {
				err = fmt.Errorf("read the topic: %w", oneLine(err))
			}
			if !yield(r.Value, err) || err != nil {
				return
			}
		}
	}
}

// fileLines yields the lines of a file, none without a path; blank ones are passed over.
func fileLines(path string) iter.Seq2[[]byte, error] {
	return func(yield func([]byte, error) bool) {
		if path == "" {
			return
		}
		f, err := os.Open(path)
		if err != nil {
			yield(nil, err)
			return
		}
		defer f.Close()
		lines := bufio.NewReaderSize(f, 1<<20)
		for {
			line, err := lines.ReadBytes('\n')
			if line = []byte(strings.TrimSpace(string(line))); len(line) > 0 && !yield(line, nil) {
				return
			}
			switch {
			case errors.Is(err, io.EOF):
				return
			case err != nil:
				yield(nil, fmt.Errorf("read %s: %w", path, err))
				return
			}
		}
	}
}
