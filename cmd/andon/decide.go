package main

import (
	"context"
	"fmt"
	"log/slog"

	"andon/pipeline/kafka"
	"andon/schemas/decision"
)

// decideCmd is `andon decide`.
type decideCmd struct {
	configured
	File string `required:"" placeholder:"FILE" help:"Decisions, one JSON object a line."`
}

// Help is shown by --help.
func (decideCmd) Help() string {
	return `Writes what was decided about exceptions and judgements to andon.decisions, from where labels are taken. All of the file is checked first, and
written in one transaction or not at all.

  andon decide --config andon.yaml --file decisions.ndjson

A line is one decision:
  {"item_id":"<exception_id or verdict_id>","item_kind":"exception","tenant":"default","code":"CA-05","subject":"dhl/00340","verdict":"confirmed",
   "reviewer":"ada","decided_at":"2026-03-02T08:15:00Z","source":"triage","selection":"rule","idempotency_key":"ticket-4711"}

verdict is confirmed or false_alarm (labels), unsure or duplicate (none). selection says why just this item was looked at: rule or ml raised it, or it was
drawn at random; then propensity_bp says how likely, in basis points. cause, revision_seen and note may be added; schemas/jsonschema/decision.schema.json
has them all.

idempotency_key is your own name for a decision, the same when you send it again: what is there under it already is not written twice, so a file may be
sent again at any time. Two lines of one key, and a key that is there with another content, are refused with their lines. A change of mind is a decision
of its own: the latest of an item holds.`
}

// Run writes the decisions.
func (c decideCmd) Run(ctx context.Context) error {
	cfg, err := c.read()
	if err != nil {
		return err
	}
	list, err := readDecisions(c.File)
	if err != nil {
		return err
	}
	at, quiet := kafkaConfig(cfg), slog.New(slog.DiscardHandler)
	a, err := kafka.NewAppender(ctx, at, at.Decisions(), quiet)
	if err != nil {
		return err
	}
	defer a.Close()
	there, err := c.there(ctx, a, list)
	if err != nil {
		return err
	}
	var records [][2][]byte
	for _, d := range list {
		if !there[d.value.ID] {
			records = append(records, [2][]byte{[]byte(d.value.ItemID.String()), decision.Append(nil, &d.value)})
		}
	}
	if len(records) > 0 {
		if err := a.Append(ctx, records); err != nil {
			return oneLine(err)
		}
	}
	fmt.Printf("%s decisions written to %s, %s were there already\n", thousands(len(records)), at.Decisions(), thousands(len(there)))
	return nil
}

// keyed names a decision as its writer does.
type keyed struct{ tenant, key string }

func nameOf(d *decision.Decision) keyed { return keyed{d.Tenant, d.IdempotencyKey} }

// readDecisions reads and checks a whole file.
func readDecisions(path string) ([]numbered[decision.Decision], error) {
	wrong := &wrongLines{path: path}
	list, err := readLines[decision.Decision](path, wrong)
	if err != nil {
		return nil, err
	}
	first := map[keyed]int{}
	for i := range list {
		d := &list[i].value
		d.Complete()
		if err := d.Check(); err != nil {
			wrong.add(list[i].line, err)
		} else if before, double := first[nameOf(d)]; double {
			wrong.add(list[i].line, fmt.Errorf("idempotency_key %q is that of line %d: give each decision its own", d.IdempotencyKey, before))
		} else {
			first[nameOf(d)] = list[i].line
		}
	}
	return list, wrong.err()
}

// there finds those of the list that stand in the topic, and refuses keys that stand there for something else.
func (c decideCmd) there(ctx context.Context, a *kafka.Appender, list []numbered[decision.Decision]) (map[decision.ID]bool, error) {
	asked := map[keyed]*numbered[decision.Decision]{}
	for i := range list {
		asked[nameOf(&list[i].value)] = &list[i]
	}
	there, wrong := map[decision.ID]bool{}, &wrongLines{path: c.File}
	for r, err := range a.Records(ctx) {
		if err != nil {
			return nil, fmt.Errorf("read the decisions: %w", oneLine(err))
		}
		var d decision.Decision
		if decision.Decode(r.Value, &d) != nil {
			continue // not Andon's; the loader tells of it
		}
		switch l := asked[nameOf(&d)]; {
		case l == nil || there[l.value.ID]:
		case l.value == d:
			there[d.ID] = true
		default:
			wrong.add(l.line, fmt.Errorf("idempotency_key %q stands at offset %d for another content (item %s, %s by %s): a change of mind needs a key of its own",
				d.IdempotencyKey, r.Offset, d.ItemID, d.Verdict, d.Reviewer))
		}
	}
	return there, wrong.err()
}
