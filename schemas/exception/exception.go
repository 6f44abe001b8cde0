// Package exception is the wire contract of andon.exceptions: the whole exception at each revision, keyed by its id.
package exception

import (
	"bytes"
	"encoding/binary"
	"encoding/hex"
	"fmt"

	"andon/schemas/event"
	"andon/schemas/identity"

	"github.com/segmentio/encoding/json"
)

// ID names an exception.
type ID = identity.ID

// NewID is the id of the obligation that (tenant, code, subject, episode) name.
func NewID(tenant, code, subject, episode string) ID {
	return identity.New(tenant, code, subject, episode)
}

// State is where an exception stands: a function of the facts known, not of the order they came in. New facts may open it again.
type State string

// The states.
const (
	Open      State = "open"      // the obligation is violated
	Cleared   State = "cleared"   // facts satisfied the obligation
	Retracted State = "retracted" // the facts it stood on were corrected away
)

// Change is what one revision did: opened -> updated -> cleared or retracted.
type Change string

// The changes. What is cleared or retracted once more is said anew with other facts.
const (
	WasOpened    Change = "opened"
	WasUpdated   Change = "updated" // still open; what is known of it changed
	WasCleared   Change = "cleared"
	WasRetracted Change = "retracted"
)

// Ended reports whether the exception asks for nothing any more.
func (s State) Ended() bool { return s == Cleared || s == Retracted }

// Severity is the impact of a code, apart from its priority.
type Severity string

// The severities.
const (
	Minor    Severity = "minor"
	Major    Severity = "major"
	Critical Severity = "critical"
)

// Rank orders severities: a higher one is worse. 0 is none.
func (s Severity) Rank() int {
	switch s {
	case Minor:
		return 1
	case Major:
		return 2
	case Critical:
		return 3
	}
	return 0
}

// Unit is the unit of Expected, Observed and Delta.
type Unit string

// The units.
const (
	Milli   Unit = "milli"   // thousandths of the goods' base unit
	Seconds Unit = "seconds" // a span of time
	Grams   Unit = "grams"   // a weight

	BasisPoints Unit = "bp" // a share; of risks, which are no exceptions
)

// Evidence is the sorted list of the events a verdict stands on, each by xxHash64 of its event id; 16 hexadecimal digits each on the wire.
type Evidence []uint64

// MarshalJSON writes an array of 16-digit strings (JSON numbers would lose bits).
func (ev Evidence) MarshalJSON() ([]byte, error) {
	b := []byte{'['}
	for i, h := range ev {
		if i > 0 {
			b = append(b, ',')
		}
		b = append(b, '"')
		b = hex.AppendEncode(b, binary.BigEndian.AppendUint64(nil, h))
		b = append(b, '"')
	}
	return append(b, ']'), nil
}

// UnmarshalJSON reads the form MarshalJSON writes.
func (ev *Evidence) UnmarshalJSON(b []byte) error {
	const written = len(`"0123456789abcdef",`)
	*ev = make(Evidence, 0, len(b)/written+1)
	for rest := bytes.TrimSuffix(bytes.TrimPrefix(b, []byte("[")), []byte("]")); len(rest) > 0; {
		element, after, _ := bytes.Cut(rest, []byte(","))
		element = bytes.TrimSpace(element)
		var hash [8]byte
		if len(element) != 18 || element[0] != '"' || element[17] != '"' {
			return fmt.Errorf("evidence %.40q has not 16 digits", element)
		}
		if _, err := hex.Decode(hash[:], element[1:17]); err != nil {
			return err
		}
		*ev, rest = append(*ev, binary.BigEndian.Uint64(hash[:])), after
	}
	return nil
}

// Exception is one revision. Two revisions of an id differ in what is known, never in tenant, code, subject or episode.
type Exception struct {
	ID        ID       `json:"exception_id"`
	Revision  int32    `json:"revision"` // 1, 2, ... counts changes, anew for one that comes back after its entity was forgotten
	Tenant    string   `json:"tenant"`
	Code      string   `json:"code"`
	Subject   string   `json:"subject"` // the entity: the key of its events
	Episode   string   `json:"episode"` // the violated obligation within the subject
	State     State    `json:"state"`
	Change    Change   `json:"change"`
	Severity  Severity `json:"severity"`
	DecidedBy string   `json:"decided_by"`         // rule, model or fallback
	Fallback  string   `json:"fallback,omitempty"` // why the model did not decide; of decided_by fallback only
	Model     string   `json:"model,omitempty"`    // name@version of the model that decided
	Site      string   `json:"site,omitempty"`
	Item      string   `json:"item,omitempty"` // GTIN or SKU, where the episode has one
	Line      string   `json:"line,omitempty"` // order or receipt line, where the episode has one

	OpenedAt    event.Micros `json:"opened_at"`              // the due time, or the latest event time of the evidence; never lane time
	ClearedAt   event.Micros `json:"cleared_at,omitempty"`   // latest event time of the satisfying facts
	DetectedAt  event.Micros `json:"detected_at"`            // the lane's time at this revision
	LogicChange bool         `json:"logic_change,omitempty"` // this revision came of other rules or settings, not of other facts
	LateData    bool         `json:"late_data,omitempty"`    // cleared by facts that were true before the judged instant: never a real violation

	Unit     Unit   `json:"unit"`
	Expected *int64 `json:"expected,omitempty"` // absent: unknown
	Observed *int64 `json:"observed,omitempty"`
	Delta    *int64 `json:"delta,omitempty"` // how far observed is off, in Unit, never negative

	// What is at stake and by when, as things stood at OpenedAt. Time passes: who ranks open exceptions computes urgency, score and priority anew.
	CostAtRiskMinor *int64       `json:"cost_at_risk_minor,omitempty"` // minor units of Currency; absent: unknown
	Currency        string       `json:"currency,omitempty"`           // ISO 4217
	ProbabilityBP   int32        `json:"probability_bp"`               // that the cost comes about if nobody acts, basis points; 10,000 for a fact
	AvoidableBP     int32        `json:"avoidable_bp"`                 // the share of it that acting can still save
	UrgencyBP       int32        `json:"urgency_bp"`
	PriorityScore   *int64       `json:"priority_score,omitempty"` // minor units; absent while the cost is unknown
	Priority        Priority     `json:"priority"`
	Deadline        event.Micros `json:"deadline"` // when acting no longer helps: the promise, ship-by, or a span after OpenedAt
	ActBy           event.Micros `json:"act_by"`   // last responsible moment: the deadline less what the best action takes

	Reasons  []string `json:"reasons"`  // plain sentences with the numbers in them
	Evidence Evidence `json:"evidence"` // at most MaxEvidence, then the earliest are left out
	Rule     string   `json:"rule"`     // code and version of the rule's logic, e.g. "CA-04/1"
}

// MaxEvidence bounds the evidence of one revision.
const MaxEvidence = 64

// The deciders.
const (
	DecidedByRule     = "rule"
	DecidedByModel    = "model"
	DecidedByFallback = "fallback" // the rule, in place of a model that has no answer or is not believed
)

// Append appends x as JSON.
func Append(dst []byte, x *Exception) []byte {
	out, err := json.Append(dst, x, 0)
	if err != nil {
		panic("exception: encode: " + err.Error()) // no field can fail to encode
	}
	return out
}
