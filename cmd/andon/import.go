package main

import (
	"context"
	"fmt"
	"os"
	"slices"

	"andon/replay/datasets"
	"andon/replay/history"

	"github.com/goccy/go-yaml"
)

// importCmd is `andon import NAME=DIR`.
type importCmd struct {
	configured
	Dataset dataset `arg:"" placeholder:"NAME=DIR" help:"Public data set (adventureworks, olist, valio_aimo, wwi) and the folder of its files."`
}

// Help is shown by --help.
func (importCmd) Help() string {
	return `Reads the set as canonical events and writes them, in the order in which they happened, with clock.tick records in
between, to the input topics. They must be empty: a set needs a prefix of its own. So take a configuration with
kafka.input_prefix, kafka.own_prefix and the settings of the set (deploy/import has one for each), then:

  andon topics apply --config deploy/import/olist.yaml
  andon import olist=DIR --config deploy/import/olist.yaml
  andon run --config deploy/import/olist.yaml`
}

// Run imports the set.
func (c importCmd) Run(ctx context.Context) error {
	cfg, err := c.read()
	if err != nil {
		return err
	}
	set, err := c.Dataset.open()
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
