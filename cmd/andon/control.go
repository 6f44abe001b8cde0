package main

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"iter"
	"log/slog"
	"maps"
	"os"
	"slices"
	"text/tabwriter"
	"time"

	"andon/pipeline"
	"andon/pipeline/kafka"
	"andon/schemas/control"
	"andon/schemas/event"
	judgement "andon/schemas/verdict"
)

// controlCmd is `andon control`.
type controlCmd struct {
	Apply controlApplyCmd `cmd:"" help:"Write policies, bundles, guards and settings that lanes work by from then on."`
	Show  controlShowCmd  `cmd:"" help:"Show what lanes work by."`
}

// controlShowCmd is `andon control show`.
type controlShowCmd struct {
	configured
	Object []string `placeholder:"OBJECT,..." help:"Only these objects, e.g. policy/CA-05."`
	JSON   bool     `help:"The records themselves, as a JSON array."`
}

// Help is shown by --help.
func (controlShowCmd) Help() string {
	return `Reads andon.control up to now and shows the latest version of each object: policies (who decides a contested code), bundles (models that are
registered), guards (whether a model is trusted just now) and settings.

  andon control show --config andon.yaml
  andon control show --config andon.yaml --object policy/CA-05,guard/CA-05/carrier-lateness@1
  andon control show --config andon.yaml --json

An older version stands in the topic under the key OBJECT/VERSION; of guards the table model_health has every one.`
}

// Run shows the latest versions.
func (c controlShowCmd) Run(ctx context.Context) error {
	cfg, err := c.read()
	if err != nil {
		return err
	}
	at := kafkaConfig(cfg)
	state, err := readControl(kafka.Ordered(ctx, at, at.Control(), slog.New(slog.DiscardHandler)), os.Stderr)
	if err != nil {
		return err
	}
	names := slices.Sorted(maps.Keys(state.latest))
	for _, object := range c.Object {
		if _, known := state.latest[object]; !known {
			return usageError{fmt.Errorf("--object: there is no %s in %s: andon control show lists all", object, at.Control())}
		}
		names = slices.DeleteFunc(names, func(n string) bool { return !slices.Contains(c.Object, n) })
	}
	if c.JSON {
		list := []control.Record{}
		for _, n := range names {
			list = append(list, state.latest[n].Record)
		}
		out := json.NewEncoder(os.Stdout)
		out.SetIndent("", "  ")
		return out.Encode(list)
	}
	if len(names) == 0 {
		fmt.Println("nothing is controlled yet: every contested code is decided by its rule")
		return nil
	}
	table := tabwriter.NewWriter(os.Stdout, 0, 0, 2, ' ', 0)
	fmt.Fprintln(table, "object\tversion\tsays\tauthor\tapproved by\twritten\tnote")
	for _, n := range names {
		r := state.latest[n]
		fmt.Fprintf(table, "%s\t%d\t%s\t%s\t%s\t%s\t%s\n", r.Object, r.Version, says(&r.Record), plain(r.Author, 40), plain(r.ApprovedBy, 40),
			r.at.UTC().Format(time.DateTime), plain(r.Note, 80))
	}
	return table.Flush()
}

// stored is a control record as it stands in the topic.
type stored struct {
	control.Record
	at event.Micros // when it was written
}

// controlled is what the topic says.
type controlled struct {
	latest map[string]stored           // by object
	all    map[string]map[int32][]byte // object -> version -> the record as Append writes it
}

func (s *controlled) add(r control.Record, at event.Micros) {
	if s.all[r.Object] == nil {
		s.all[r.Object] = map[int32][]byte{}
	}
	if _, double := s.all[r.Object][r.Version]; double {
		return // the first holds
	}
	s.all[r.Object][r.Version] = control.Append(nil, &r)
	if r.Version > s.latest[r.Object].Version {
		s.latest[r.Object] = stored{r, at}
	}
}

// readControl folds the records of the topic. One that is no control record was not written by Andon: it is told to warn and passed over.
func readControl(records iter.Seq2[pipeline.Record, error], warn io.Writer) (*controlled, error) {
	s := &controlled{latest: map[string]stored{}, all: map[string]map[int32][]byte{}}
	for record, err := range records {
		if err != nil {
			return nil, fmt.Errorf("read the control records: %w", oneLine(err))
		}
		var r control.Record
		err := control.Decode(record.Value, &r)
		if err == nil {
			err = r.Check()
		}
		if err != nil {
			fmt.Fprintf(warn, "warning: offset %d is no control record and is passed over: %v\n", record.Offset, oneLine(err))
			continue
		}
		s.add(r, record.At)
	}
	return s, nil
}

// says is a record in a few words.
func says(r *control.Record) string {
	switch r.Kind {
	case control.KindPolicy:
		return saysPolicy(r.Policy)
	case control.KindBundle:
		return fmt.Sprintf("%s, features %s, %s bytes, sha256 %.16s", r.Bundle.ID(), r.Bundle.Features, thousands(int(r.Bundle.SizeBytes)), r.Bundle.SHA256)
	case control.KindGuard:
		return saysGuard(r.Guard)
	case control.KindSettings:
	}
	return fmt.Sprintf("%s bytes of settings", thousands(len(r.Settings)))
}

func saysPolicy(p *control.Policy) string {
	if p.Mode == judgement.Off {
		return "off: the rule decides"
	}
	s := fmt.Sprintf("%s: %s raises from %s", p.Mode, p.Bundle, share(p.ThresholdBP))
	if p.Mode == judgement.Canary {
		s += ", decides for " + share(p.CanaryBP)
	}
	if p.ClearBP > 0 {
		s += ", clears below " + share(p.ClearBP)
	}
	if p.Floor != "" {
		s += ", may silence up to " + string(p.Floor)
	}
	if p.SampleBP > 0 {
		s += ", records " + share(p.SampleBP) + " of the rest"
	}
	return s
}

func saysGuard(g *control.Guard) string {
	s := string(g.State)
	if g.Reason != "" {
		s += ": " + g.Reason
	}
	if g.Signal != "" {
		s += fmt.Sprintf(", %s saw %g against %g", g.Signal, g.Statistic, g.Threshold)
	}
	if g.HoldUntil > 0 {
		s += ", holds until " + g.HoldUntil.UTC().Format(time.DateTime)
	}
	return s
}
