// Package decision is the wire contract of andon.decisions: what a person, an outcome or an automatic rule decided about one item. Records are
// only ever added, keyed by their item, and are where labels come from: an item nobody decided about has no label, least of all a negative one.
package decision

import (
	"errors"
	"fmt"

	"andon/schemas/check"
	"andon/schemas/event"
	"andon/schemas/identity"

	"github.com/segmentio/encoding/json"
)

// ID names a decision.
type ID = identity.ID

// NewID is the id of the decision that a writer named with a key of its own, about an item.
func NewID(tenant string, item identity.ID, idempotencyKey string) ID {
	return identity.New(tenant, item.String(), idempotencyKey)
}

// Kind is what an item is.
type Kind string

// The kinds of items.
const (
	Exception Kind = "exception"
	Verdict   Kind = "verdict" // a judgement without an exception: a risk, or one of the sample
)

// Outcome is what was decided about an item.
type Outcome string

// The outcomes.
const (
	Confirmed  Outcome = "confirmed"   // it really was what the code says: a positive label
	FalseAlarm Outcome = "false_alarm" // it was not: a negative label
	Unsure     Outcome = "unsure"      // no label
	Duplicate  Outcome = "duplicate"   // the same matter as another item: no label of its own
)

// Source is where a decision stands on.
type Source string

// The sources.
const (
	Triage         Source = "triage"          // a person looked
	CarrierOutcome Source = "carrier_outcome" // what became of the parcel
	Auto           Source = "auto"            // an automatic rule
	Simulate       Source = "simulate"        // the truth of a simulated day
)

// Selection is why just this item was looked at.
type Selection string

// The selections.
const (
	FromRule Selection = "rule"   // a rule raised it
	FromML   Selection = "ml"     // a model raised it
	Random   Selection = "random" // drawn at random, with PropensityBP
)

// Decision is one decision about one item.
type Decision struct {
	ID       ID          `json:"decision_id"`
	ItemID   identity.ID `json:"item_id"` // an exception id or a verdict id
	ItemKind Kind        `json:"item_kind"`
	Tenant   string      `json:"tenant"`  // of the item, as the next two
	Code     string      `json:"code"`    // of a rule, e.g. CA-05, or of a risk, e.g. pick_short_risk
	Subject  string      `json:"subject"` // the entity: the key of its events

	Verdict   Outcome      `json:"verdict"`
	Cause     string       `json:"cause,omitempty"` // why it came about, in the words of who decided
	Reviewer  string       `json:"reviewer"`        // who decided: a person's name, or that of what did it for one
	DecidedAt event.Micros `json:"decided_at"`      // by the writer's clock

	Source       Source    `json:"source"`
	Selection    Selection `json:"selection"`
	PropensityBP int32     `json:"propensity_bp"`           // probability with which an item like this one is looked at, basis points, 1 to 10,000
	RevisionSeen int32     `json:"revision_seen,omitempty"` // of the exception, as it stood on the screen; 0 when it is not known, and for verdicts

	IdempotencyKey string `json:"idempotency_key"` // the writer's own name for this decision: sent again under it, it is the same one
	Note           string `json:"note,omitempty"`
}

// Append appends d as JSON.
func Append(dst []byte, d *Decision) []byte {
	out, err := json.Append(dst, d, 0)
	if err != nil {
		panic("decision: encode: " + err.Error()) // no field can fail to encode
	}
	return out
}

// Decode reads one record value of andon.decisions; unknown members are ignored. The strings of d share the memory of value.
func Decode(value []byte, d *Decision) error {
	*d = Decision{}
	rest, err := json.Parse(value, d, json.ZeroCopy|json.DontMatchCaseInsensitiveStructFields)
	if err == nil && len(rest) > 0 {
		err = errors.New("bytes after the decision")
	}
	return err
}

// Complete fills in what follows from the rest: the id, and the propensity of what is not drawn at random.
func (d *Decision) Complete() {
	if d.ID == (ID{}) {
		d.ID = NewID(d.Tenant, d.ItemID, d.IdempotencyKey)
	}
	if d.PropensityBP == 0 && d.Selection != Random {
		d.PropensityBP = 10_000
	}
}

// limit bounds each text of a decision, bytes.
const limit = 4096

// Check returns what is wrong with a decision and how to mend it, nil when it may be written.
func (d *Decision) Check() error {
	for _, t := range []struct {
		name, value string
		needed      bool
	}{
		{"tenant", d.Tenant, true}, {"code", d.Code, true}, {"subject", d.Subject, true}, {"reviewer", d.Reviewer, true},
		{"idempotency_key", d.IdempotencyKey, true}, {"cause", d.Cause, false}, {"note", d.Note, false},
	} {
		switch {
		case t.needed && t.value == "":
			return fmt.Errorf("%s is missing: %s", t.name, hints[t.name])
		case len(t.value) > limit:
			return fmt.Errorf("%s has %d bytes: at most %d", t.name, len(t.value), limit)
		}
	}
	switch {
	case d.ItemID == identity.ID{}:
		return errors.New("item_id is missing: the exception_id or verdict_id decided about, 32 hexadecimal digits")
	case d.DecidedAt == 0:
		return errors.New("decided_at is missing: when it was decided, e.g. 2026-03-02T08:15:00Z")
	case d.PropensityBP < 1 || d.PropensityBP > 10_000:
		return fmt.Errorf("propensity_bp is %d: how likely an item like this one is looked at, in basis points, 1 to 10000 (10000: always)", d.PropensityBP)
	case d.Selection != Random && d.PropensityBP != 10_000:
		return fmt.Errorf("propensity_bp is %d with selection %s: only a random draw has less than 10000", d.PropensityBP, d.Selection)
	case d.RevisionSeen < 0 || d.RevisionSeen > 0 && d.ItemKind == Verdict:
		return fmt.Errorf("revision_seen is %d: the revision of the exception that was looked at, leave it out where it is not known and for a verdict", d.RevisionSeen)
	}
	if err := check.OneLine(
		check.Among("item_kind", d.ItemKind, Exception, Verdict),
		check.Among("verdict", d.Verdict, Confirmed, FalseAlarm, Unsure, Duplicate),
		check.Among("source", d.Source, Triage, CarrierOutcome, Auto, Simulate),
		check.Among("selection", d.Selection, FromRule, FromML, Random),
	); err != nil {
		return err
	}
	if id := NewID(d.Tenant, d.ItemID, d.IdempotencyKey); d.ID != id {
		return fmt.Errorf("decision_id is %s, that of its tenant, item_id and idempotency_key is %s: leave it out", d.ID, id)
	}
	return nil
}

// hints say what belongs into a member that is missing.
var hints = map[string]string{
	"tenant": "that of the item, e.g. default", "code": "that of the item, e.g. CA-05", "subject": "that of the item, the key of its events",
	"reviewer":        "who decided",
	"idempotency_key": "a name of its own for each decision, the same when it is sent again, e.g. the ticket's number",
}
