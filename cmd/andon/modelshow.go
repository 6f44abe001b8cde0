package main

import (
	"cmp"
	"fmt"
	"strings"

	"andon/pipeline/scorer/bundle"
)

// modelShowCmd is `andon model show FILE`.
type modelShowCmd struct {
	File string `arg:"" placeholder:"FILE" help:"A packed bundle, or its directory."`
}

// Help is shown by --help.
func (modelShowCmd) Help() string {
	return `Prints what the bundle says of itself: the model card, what it was trained on and for which label, its figures with their
95 % intervals, the thresholds it proposes, and every feature with its unit and what happens when it is missing.

  andon model show models/carrier-lateness@1.zip

Asks the model nothing: andon model check does.`
}

// Run prints.
func (c modelShowCmd) Run() error {
	b, err := bundle.Open(c.File, nil)
	if err != nil {
		return err
	}
	m := &b.Manifest
	for _, line := range [][2]string{
		{"bundle", m.ID()},
		{"model", fmt.Sprintf("%s, calibrated by %s, SHA-256 %s", m.Format, m.Calibrator.Kind, m.Model.SHA256)},
		{"author", m.Author},
		{"approver", cmp.Or(m.Approver, "nobody yet")},
		{"label", m.Label.Definition},
		{"known", m.Label.Maturity},
		{"trained on", fmt.Sprintf("%s; %s to %s", m.Training.Source, m.Training.From, m.Training.Until)},
		{"rows", fmt.Sprintf("%s, %s of them positive", thousands(int(m.Training.Rows)), thousands(int(m.Training.Positives)))},
	} {
		fmt.Printf("%-12s %s\n", line[0], line[1])
	}
	for _, x := range m.Metrics {
		fmt.Printf("%-12s %.4f (%.4f to %.4f) on %s\n", x.Name, x.Value, x.Low, x.High, x.On)
	}
	for _, t := range m.Thresholds {
		fmt.Printf("%-12s raises from %.2f on, clears below %.2f\n", t.Code, float64(t.ThresholdBP)/10_000, float64(t.ClearBP)/10_000)
	}
	fmt.Printf("\nfeatures of %s\n", m.Features.Set)
	for _, f := range m.Features.Columns {
		policy := "may be missing"
		if f.Missing == bundle.Needed {
			policy = "needed"
		}
		fmt.Printf("  %-36s %-12s %s\n", f.Name, f.Unit, policy)
	}
	fmt.Printf("\n%s\n", strings.TrimSpace(m.Card))
	return nil
}
