package main

import (
	"context"
	"fmt"
	"os"
	"slices"
	"strings"

	"andon/replay/datasets"
	"andon/replay/history"

	"github.com/goccy/go-yaml"
)

// importCmd is `andon import NAME=PATH`.
type importCmd struct {
	configured
	From       origin `arg:"" name:"name=path" help:"ndjson and a file of your own events, one JSON object a line; or a public data set (adventureworks, cargo2000, olist, valio_aimo, wwi) and the folder of its files."`
	SkipErrors bool   `help:"Write the lines of an ndjson file that can be taken, though others cannot."`
}

// origin is a NAME=PATH argument: where a history comes from.
type origin struct{ dataset }

// UnmarshalText reads NAME=PATH.
func (o *origin) UnmarshalText(text []byte) error {
	name, path, _ := strings.Cut(string(text), "=")
	if path == "" || name != ndjsonFile && !slices.Contains(datasets.Names(), name) {
		return fmt.Errorf("%q is not NAME=PATH: ndjson=FILE, or one of %s and the folder of its files", text, strings.Join(datasets.Names(), ", "))
	}
	o.dataset = dataset{name, path}
	return nil
}

// Help is shown by --help.
func (importCmd) Help() string {
	return `Writes history to the input topics, with clock.tick records in between. They must be empty: each history needs a prefix of
its own. So take a configuration with kafka.input_prefix, kafka.own_prefix and the settings of the history (deploy/import has
one for each set and one for a file of your own), then:

  andon topics apply --config deploy/import/ndjson.yaml
  andon import ndjson=events.ndjson --config deploy/import/ndjson.yaml
  andon run --config deploy/import/ndjson.yaml

A file holds an event a line, in the order of arrival; a file that ends in .gz is inflated. It is read through first: when a line
cannot be taken nothing is written. andon check looks at it without Kafka; docs/guides/send-events.md says what an event
looks like.`
}

// Run imports the set.
func (c importCmd) Run(ctx context.Context) error {
	cfg, err := c.read()
	if err != nil {
		return err
	}
	if c.From.name == ndjsonFile {
		return c.file(ctx, cfg)
	}
	set, err := c.From.open()
	if err != nil {
		return err
	}
	if set.Settings.Hash() != cfg.Settings.Hash() {
		settings, err := yaml.Marshal(map[string]any{"settings": set.Settings})
		if err != nil {
			return err
		}
		fmt.Fprintf(os.Stderr, "andon: note: %s judges by other settings than %s calls for, which are:\n%s", c.Config, set.Name, settings)
	}
	records := past{events: slices.Values(set.Records), total: len(set.Records), step: history.ImportStep, lateness: history.ImportLateness}
	return records.tell(ctx, cfg.Kafka, "import "+set.Name)
}

// open reads the set and tells which rows it could not read.
func (d dataset) open() (*datasets.Set, error) {
	set, err := datasets.Open(d.name, d.dir)
	if err != nil {
		return nil, err
	}
	for i, skipped := range set.Skipped {
		if i == skipsTold {
			fmt.Fprintf(os.Stderr, "andon: note: %d more rows skipped\n", len(set.Skipped)-i)
			break
		}
		fmt.Fprintln(os.Stderr, "andon: note: row skipped:", skipped)
	}
	return set, nil
}

// skipsTold is how many skipped rows are told one by one.
const skipsTold = 5
