package main

import (
	"context"
	"fmt"
	"io/fs"
	"log/slog"
	"os"
	"path/filepath"

	"andon/models"
	"andon/pipeline/kafka"
	"andon/pipeline/scorer/bundle"
	"andon/replay/train"
	"andon/schemas/control"
	"andon/schemas/exception"
	judgement "andon/schemas/verdict"
)

// putInCharge lets the models that come with Andon decide what they are for, as people would with andon control apply: the demo's world is the one they
// learned from. They lie in dir, where models.dir points.
func (d *demo) putInCharge(ctx context.Context, dir string, log *slog.Logger) error {
	if err := os.CopyFS(dir, models.Files); err != nil { // dying here: what is there goes with the directory
		return fmt.Errorf("unpack the models: %w", err)
	}
	files, err := fs.Glob(models.Files, "*"+bundle.Extension)
	if err != nil {
		return err
	}
	var records [][2][]byte
	add := func(r control.Record) error {
		r.Version, r.Author, r.ApprovedBy = 1, "demo", "whoever watches"
		r.Complete()
		records = append(records, [2][]byte{[]byte(r.Key()), control.Append(nil, &r)})
		return r.Check()
	}
	for _, name := range files {
		b, err := bundle.Open(filepath.Join(dir, name), train.Sets)
		if err != nil {
			return err
		}
		m := &b.Manifest
		if err := add(control.Record{Kind: control.KindBundle, Bundle: &control.Bundle{Name: m.Name, Version: int32(m.Version), SHA256: m.Model.SHA256,
			Features: m.Features.Set, SizeBytes: m.Model.SizeBytes}}); err != nil {
			return fmt.Errorf("%s: %w", name, err)
		}
		for _, t := range m.Thresholds {
			if err := add(control.Record{Kind: control.KindPolicy, Policy: &control.Policy{Code: t.Code, Mode: judgement.Live, Bundle: m.ID(),
				ThresholdBP: t.ThresholdBP, ClearBP: t.ClearBP, Floor: exception.Critical, SampleBP: 100}}); err != nil {
				return fmt.Errorf("%s: %w", name, err)
			}
		}
	}
	at := kafkaConfig(d.cfg)
	a, err := kafka.NewAppender(ctx, at, at.Control(), log)
	if err != nil {
		return err
	}
	defer a.Close()
	return a.Append(ctx, records) // one transaction; dying here: the demo is over
}
