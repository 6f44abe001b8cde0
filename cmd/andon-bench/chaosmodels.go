package main

import (
	"context"
	"fmt"
	"io/fs"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"

	"andon/detectors/setting"
	"andon/models"
	"andon/pipeline/scorer/bundle"
	"andon/replay/baseline"
	"andon/replay/train"
	"andon/schemas/control"
	"andon/schemas/exception"
	judgement "andon/schemas/verdict"
)

// weighed is of how many items the processes know what they weigh: each that comes up reads its settings first.
const weighed = 1000

// usually is what is usual in the simulator's world.
func usually() (setting.Reference, error) {
	r, err := baseline.Simulated()
	r.Weights = r.Weights[:min(weighed, len(r.Weights))]
	return r, err
}

// charge is which models decide what in a run, and changes it as people and guards would.
type charge struct {
	*chaosRun
	random   *rand.Rand
	policies []control.Policy // of each code that a shipped model is for, live
	versions map[string]int32 // of each object, the latest
	next     []string         // modes and guard states to come, of each policy in turn
}

// unpack puts the shipped models where processes find them.
func (c *chaos) unpack() error {
	if err := os.CopyFS(c.models(), models.Files); err != nil {
		return fmt.Errorf("unpack the models: %w", err) // dying here: the data is removed, or kept to be looked at
	}
	return nil
}

func (c *chaos) models() string { return filepath.Join(c.dir, "models") }

// putInCharge registers the shipped models and lets each decide what it is for. Every judgement is recorded, so what is judged does not hang on who
// decides.
func (x *chaosRun) putInCharge(ctx context.Context) error {
	x.charge = &charge{chaosRun: x, random: rand.New(rand.NewPCG(x.seed, 1)), versions: map[string]int32{}}
	files, err := fs.Glob(models.Files, "*"+bundle.Extension)
	if err != nil {
		return err
	}
	var records []control.Record
	for _, name := range files {
		b, err := bundle.Open(filepath.Join(x.models(), name), train.Sets)
		if err != nil {
			return err
		}
		m := &b.Manifest
		records = append(records, control.Record{Kind: control.KindBundle, Version: int32(m.Version), Bundle: &control.Bundle{Name: m.Name, Version: int32(m.Version),
			SHA256: m.Model.SHA256, Features: m.Features.Set, SizeBytes: m.Model.SizeBytes}})
		for _, t := range m.Thresholds {
			x.charge.policies = append(x.charge.policies, control.Policy{Code: t.Code, Mode: judgement.Live, Bundle: m.ID(), ThresholdBP: t.ThresholdBP,
				ClearBP: t.ClearBP, Floor: exception.Critical, SampleBP: judgement.Certain})
		}
	}
	for i := range x.charge.policies {
		records = append(records, control.Record{Kind: control.KindPolicy, Policy: &x.charge.policies[i]})
	}
	return x.charge.apply(ctx, records...)
}

// governed are the codes that models may decide.
func (c *charge) governed() (codes []string) {
	if c == nil {
		return nil
	}
	for i := range c.policies {
		codes = append(codes, c.policies[i].Code)
	}
	return codes
}

// byRule are policies by which the rules decide and every judgement is recorded.
func (c *charge) byRule() (records []control.Record) {
	for _, code := range c.governed() {
		r := control.Record{Version: 1, Kind: control.KindPolicy, Author: "ada", Policy: &control.Policy{Code: code, Mode: judgement.Off, SampleBP: judgement.Certain}}
		r.Complete()
		records = append(records, r)
	}
	return records
}

// change changes one thing: the mode of a policy, or what the guard says of its model.
func (c *charge) change(ctx context.Context) error {
	if len(c.next) == 0 {
		c.next = []string{string(judgement.Off), string(judgement.Canary), string(judgement.Live), string(control.Open), string(control.HalfOpen),
			string(control.Closed), string(judgement.Shadow), string(judgement.Live)}
	}
	p := c.policies[c.random.IntN(len(c.policies))]
	to := c.next[0]
	c.next = c.next[1:]
	switch state := control.State(to); state {
	case control.Open, control.HalfOpen, control.Closed:
		g := control.Guard{Code: p.Code, Bundle: p.Bundle, State: state, Signal: control.G1, Reason: judgement.GuardGolden, ChangedAt: firstDay, Statistic: 1, Trips: 1}
		return c.apply(ctx, control.Record{Kind: control.KindGuard, Guard: &g})
	}
	if p.Mode = judgement.Mode(to); p.Mode == judgement.Canary {
		p.CanaryBP = 1 + c.random.Int32N(judgement.Certain-1)
	}
	return c.apply(ctx, control.Record{Kind: control.KindPolicy, Policy: &p})
}

// apply writes records as a person does: the next version of each, by andon control apply.
func (c *charge) apply(ctx context.Context, records ...control.Record) error {
	var lines []byte
	for _, r := range records {
		r.Author, r.ApprovedBy = "ada", "bob"
		r.Object = r.Name()
		if r.Version == 0 {
			c.versions[r.Object]++
			r.Version = c.versions[r.Object]
		}
		lines = append(control.Append(lines, &r), '\n')
	}
	path := filepath.Join(c.dir, c.instance("control")+".ndjson")
	if err := os.WriteFile(path, lines, 0o600); err != nil { // dying here: the run is over
		return err
	}
	c.row.Values["control_records"] += float64(len(records))
	_, err := c.tool(ctx, "control", "apply", "--file", path)
	return err
}

// tool runs a command of andon to its end, and returns what it prints.
func (x *chaosRun) tool(ctx context.Context, args ...string) ([]byte, error) {
	file, err := x.file("tool")
	if err != nil {
		return nil, err
	}
	var said strings.Builder
	command := exec.CommandContext(ctx, x.Andon, append(slices.Clone(args), "--config", file)...)
	command.Stderr = &said
	out, err := command.Output()
	if err != nil {
		err = fmt.Errorf("andon %s: %w: %s", strings.Join(args, " "), err, said.String())
	}
	return out, err
}
