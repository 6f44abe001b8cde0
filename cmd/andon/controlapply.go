package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"slices"
	"strings"

	"andon/detectors"
	"andon/detectors/rule"
	"andon/detectors/setting"
	"andon/pipeline/kafka"
	"andon/schemas/control"
)

// controlApplyCmd is `andon control apply`.
type controlApplyCmd struct {
	configured
	File string `required:"" placeholder:"FILE" help:"Control records, one JSON object a line."`
}

// Help is shown by --help.
func (controlApplyCmd) Help() string {
	return `Writes control records to andon.control: lanes work by them from one of their next beats on, and the journal says from which. All of the file is
checked first, against itself and what is there, and written in one transaction or not at all.

  andon control show --config andon.yaml
  andon control apply --config andon.yaml --file promote.ndjson

A line is one record: a version of one object, which never changes. The next version is one more than show says, so that of two people who change the
same object at once one is refused. To go back, write the old content as a new version.
  {"kind":"bundle","version":1,"author":"ada","bundle":{"name":"carrier-lateness","version":1,"sha256":"...","features":"carrier/1","size_bytes":412345}}
  {"kind":"policy","version":1,"author":"ada","policy":{"code":"CA-05","mode":"shadow","bundle":"carrier-lateness@1","threshold_bp":7000,"sample_bp":100}}
  {"kind":"policy","version":2,"author":"ada","approved_by":"bob","note":"two weeks of shadow","policy":{"code":"CA-05","mode":"live", ...}}

mode is off or shadow (the rule decides), canary (the model decides for canary_bp of the entities) or live (the model decides, the rule is its
fallback); live needs approved_by, someone other than the author. floor is up to which severity a model may silence the rule: minor, major or critical.
A record of kind settings gives lanes other settings than those they began with, by which every entity is judged anew; what changes is marked logic_change.
  {"kind":"settings","version":1,"author":"ada","settings":{"rules":{"CA-04":{"grace_s":14400}}, ...}}
It holds all of them, as they stand under settings in the configuration: what it leaves out is written as this build has it by default. The configuration stays
as it was. Other reference figures are other features: guards may take what models then say for drift.

Shares and probabilities are basis points. A bundle is registered before a policy names it. A file may be sent again: what is there already is not
written twice. schemas/jsonschema/control.schema.json has every member.`
}

// Run writes the records.
func (c controlApplyCmd) Run(ctx context.Context) error {
	cfg, err := c.read()
	if err != nil {
		return err
	}
	wrong := &wrongLines{path: c.File}
	list, err := readLines[control.Record](c.File, wrong)
	if err != nil {
		return err
	}
	for i := range list {
		r := &list[i].value
		r.Complete()
		err := checkRecord(r)
		if err == nil && r.Kind == control.KindSettings {
			err = completeSettings(cfg.Settings, r)
		}
		if err != nil {
			wrong.add(list[i].line, err)
		}
	}
	if err := wrong.err(); err != nil {
		return err
	}
	at := kafkaConfig(cfg)
	a, err := kafka.NewAppender(ctx, at, at.Control(), slog.New(slog.DiscardHandler))
	if err != nil {
		return err
	}
	defer a.Close()
	state, err := readControl(a.Records(ctx), os.Stderr)
	if err != nil {
		return err
	}
	var fresh []control.Record
	for _, l := range list {
		there, err := state.takes(&l.value)
		if err != nil {
			wrong.add(l.line, err)
		} else if !there {
			state.add(l.value, 0)
			fresh = append(fresh, l.value)
		}
	}
	if err := wrong.err(); err != nil {
		return err
	}
	return writeControl(ctx, a, fresh, len(list)-len(fresh))
}

// settingsMost is the most bytes a record of settings may have: a broker takes a million.
const settingsMost = 950_000

// completeSettings writes out what a record of settings leaves to the defaults: those of another build may be others.
func completeSettings(now setting.Settings, r *control.Record) error {
	s, err := detectors.Revised(now, r)
	if err != nil {
		return err
	}
	if r.Settings, err = json.Marshal(s); err != nil {
		return err
	}
	if n := len(control.Append(nil, r)); n > settingsMost {
		return fmt.Errorf("the record has %s bytes, a broker takes %s: give settings.reference fewer rows (weights of items that matter), or start over with them in the configuration",
			thousands(n), thousands(settingsMost))
	}
	return nil
}

func writeControl(ctx context.Context, a *kafka.Appender, fresh []control.Record, there int) error {
	if len(fresh) > 0 {
		records := make([][2][]byte, len(fresh))
		for i := range fresh {
			records[i] = [2][]byte{[]byte(fresh[i].Key()), control.Append(nil, &fresh[i])}
		}
		if err := a.Append(ctx, records); err != nil {
			return oneLine(err)
		}
	}
	for i := range fresh {
		fmt.Printf("%s version %d: %s\n", fresh[i].Object, fresh[i].Version, says(&fresh[i]))
	}
	fmt.Printf("%s records written to %s, %s were there already\n", thousands(len(fresh)), a.Control(), thousands(there))
	return nil
}

// checkRecord says what is wrong with a record, whatever is there.
func checkRecord(r *control.Record) error {
	if err := r.Check(); err != nil {
		return err
	}
	switch r.Kind {
	case control.KindPolicy:
		return checkCode("policy.code", r.Policy.Code)
	case control.KindGuard:
		return checkCode("guard.code", r.Guard.Code)
	case control.KindSettings, control.KindBundle:
	}
	return nil
}

// contested is the rule of a contested code or risk; nil when there is none.
func contested(code string) *rule.Rule {
	for _, r := range slices.Concat(rule.All, rule.Risks) {
		if r.Contested && r.Code == code {
			return r
		}
	}
	return nil
}

func checkCode(name, code string) error {
	if contested(code) != nil {
		return nil
	}
	var codes []string
	for _, r := range slices.Concat(rule.All, rule.Risks) {
		if r.Contested {
			codes = append(codes, r.Code)
		}
	}
	return fmt.Errorf("%s is %q: a model may be asked about %s", name, code, strings.Join(codes, ", "))
}

// takes says whether a record may follow what is there, or is there already.
func (s *controlled) takes(r *control.Record) (there bool, err error) {
	if value, known := s.all[r.Object][r.Version]; known {
		if bytes.Equal(value, control.Append(nil, r)) {
			return true, nil
		}
		return false, fmt.Errorf("%s has a version %d that says something else: records never change; write this one as version %d", r.Object, r.Version,
			s.latest[r.Object].Version+1)
	}
	latest := s.latest[r.Object].Version
	if r.Version <= latest || r.Kind != control.KindBundle && r.Version != latest+1 {
		return false, fmt.Errorf("version is %d, the next of %s is %d: look at andon control show, it may have changed meanwhile", r.Version, r.Object, latest+1)
	}
	switch {
	case r.Kind == control.KindPolicy && r.Policy.Bundle != "":
		return false, s.fits("policy", r.Policy.Code, r.Policy.Bundle)
	case r.Kind == control.KindGuard:
		return false, s.fits("guard", r.Guard.Code, r.Guard.Bundle)
	}
	return false, nil
}

// fits refuses a bundle that is not registered, or is fed other features than the code's.
func (s *controlled) fits(kind, code, bundle string) error {
	name, version, err := control.ParseBundle(bundle)
	if err != nil {
		return err
	}
	value, known := s.all["bundle/"+name][version]
	if !known {
		return fmt.Errorf("%s.bundle %s is not registered: write a record of kind bundle for it first", kind, bundle)
	}
	var b control.Record
	if err := control.Decode(value, &b); err != nil {
		return err
	}
	set, _, _ := strings.Cut(b.Bundle.Features, "/")
	if r := contested(code); r == nil {
		return errors.New("no contested code")
	} else if set != r.Features {
		return fmt.Errorf("%s.bundle %s is fed %s, a model of %s is fed %s", kind, bundle, b.Bundle.Features, code, r.Features)
	}
	return nil
}
