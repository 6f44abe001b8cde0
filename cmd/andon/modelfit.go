package main

import (
	"context"
	"fmt"
	"log/slog"
	"os"

	"andon/pipeline/scorer"
	"andon/replay/examples"
	"andon/replay/parquet"
	"andon/replay/train"
)

// fitCmd is `andon model fit FILE`.
type fitCmd struct {
	File    string `arg:"" placeholder:"FILE" help:"What andon dataset export wrote, .parquet."`
	Name    string `required:"" help:"Of the bundle, e.g. carrier-lateness-plain."`
	Version int    `default:"1" help:"Of the bundle."`
	Author  string `required:"" help:"Who made the model."`
	Source  string `default:"recorded judgements" help:"Where the rows are from, for the manifest."`
	Label   string `default:"the case was confirmed" help:"What the label says, for the manifest."`
	Out     string `type:"existingdir" default:"." placeholder:"DIR" help:"Where the bundle goes."`
}

// Help is shown by --help.
func (fitCmd) Help() string {
	return `Fits a logistic regression to the mature rows of a dataset and packs it: the model that needs no Python, and the challenger every other one
has to beat. The last quarter of the groups, by time, is kept apart and gives the figures of the manifest, beside the rule's; then the model is fitted
to all rows. The same file gives the same bundle.

  andon dataset export --code CA-05 --config andon.yaml --out ca05.parquet
  andon model fit ca05.parquet --name carrier-lateness-plain --author ada --out models

train/train.py grows trees of the same file.`
}

// Run fits and packs.
func (c fitCmd) Run(ctx context.Context) error {
	file, err := os.ReadFile(c.File)
	if err != nil {
		return err
	}
	table, err := parquet.Read(file)
	if err != nil {
		return fmt.Errorf("%s: %w", c.File, err)
	}
	rows, err := examples.Of(table)
	if err != nil {
		return fmt.Errorf("%s: %w", c.File, err)
	}
	b, err := train.Bundle(rows, train.About{Name: c.Name, Version: c.Version, Author: c.Author, Source: c.Source, Label: c.Label})
	if err != nil {
		return fmt.Errorf("%s: %w", c.File, err)
	}
	raw, err := scorer.Raw(ctx, b, slog.New(slog.DiscardHandler))
	if err == nil {
		_, err = b.Activate(raw)
	}
	if err != nil {
		return err
	}
	path, err := writeBundle(b, c.Out)
	if err != nil {
		return err
	}
	for _, m := range b.Manifest.Metrics {
		fmt.Printf("%-14s %.4f (%.4f to %.4f) on %s\n", m.Name, m.Value, m.Low, m.High, m.On)
	}
	fmt.Println(path)
	return nil
}
