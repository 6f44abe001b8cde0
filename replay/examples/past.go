package examples

import (
	"context"
	"fmt"
	"iter"
	"slices"

	"andon/detectors/setting"
	"andon/pipeline/mem"
	"andon/replay"
	"andon/replay/baseline"
	"andon/replay/datasets"
	"andon/replay/history"
	"andon/replay/simulate"
	"andon/schemas/control"
	"andon/schemas/decision"
	"andon/schemas/event"
	"andon/schemas/verdict"
)

// Simulated judges a simulated day by what is usual in the simulator's world, and labels by its hidden truth. The day is a tenant of its own, since
// the names of its orders are those of every other day.
func Simulated(ctx context.Context, day simulate.Config, codes ...string) (*Past, error) {
	usual, err := baseline.Simulated()
	if err != nil {
		return nil, err
	}
	records, labels := simulate.Day(day)
	l := replay.NewLine(setting.Settings{Clock: setting.Log, Costs: setting.DefaultCosts(), Reference: usual})
	verdicts, err := judged(ctx, l, history.Ticked(records, replay.Partitions, history.SimulateStep, history.SimulateLateness), codes)
	if err != nil {
		return nil, fmt.Errorf("examples of simulated day %d: %w", day.Seed, err)
	}
	for i := range verdicts {
		v := &verdicts[i]
		v.Tenant = fmt.Sprint("day-", day.Seed)
		v.ID = verdict.NewID(v.Tenant, v.Code, v.Subject, v.Episode, v.JudgedAt)
		v.ExceptionID = verdict.ID{}
	}
	return &Past{verdicts, Decide(codes, verdicts, replay.Truth(labels), decision.Simulate)}, nil
}

// Public judges a public data set. What is usual is learned from its records up to an instant, and only what happened after that is judged for the
// data set; labels are what the rules that see the outcome said in the end.
func Public(ctx context.Context, set *datasets.Set, from event.Micros, codes ...string) (*Past, error) {
	before := func(yield func(history.Record) bool) {
		for _, r := range set.Records {
			if r.At < from && !yield(r) {
				return
			}
		}
	}
	var err error
	settings := set.Settings
	if settings.Reference, err = baseline.Of(before, leastSeen); err != nil {
		return nil, err
	}
	l := replay.NewLine(settings)
	verdicts, err := judged(ctx, l, history.Ticked(slices.Values(set.Records), replay.Partitions, history.ImportStep, history.ImportLateness), codes)
	if err != nil {
		return nil, fmt.Errorf("examples of %s: %w", set.Name, err)
	}
	verdicts = slices.DeleteFunc(verdicts, func(v verdict.Verdict) bool { return v.JudgedAt < from })
	return &Past{verdicts, Decide(codes, verdicts, replay.Found(l.Final()), decision.Auto)}, nil
}

// leastSeen is of how many cases an entry of the tables of a public set is made.
const leastSeen = 5

// At is the instant before which a share of the records of a set arrived, in percent.
func At(set *datasets.Set, percent int) event.Micros {
	return set.Records[len(set.Records)*percent/100].At
}

// judged runs a history with every judgement of some codes on record.
func judged(ctx context.Context, l *replay.Line, records iter.Seq[history.Record], codes []string) ([]verdict.Verdict, error) {
	var rules []control.Record
	for _, code := range codes {
		r := control.Record{Version: 1, Kind: control.KindPolicy, Author: "history", Policy: &control.Policy{Code: code, Mode: verdict.Off, SampleBP: verdict.Certain}}
		r.Complete()
		rules = append(rules, r)
	}
	l.Govern(rules, nil)
	l.Append(records)
	if err := l.Run(ctx, mem.Options{}); err != nil {
		return nil, err
	}
	wanted := slices.DeleteFunc(slices.Clone(l.Verdicts()), func(v verdict.Verdict) bool { return !slices.Contains(codes, v.Code) })
	return wanted, nil
}
