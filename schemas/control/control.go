// Package control is the wire contract of andon.control: what lanes are to work by from some beat on. A record is one version of one object and
// never changes; the latest version of an object holds. Objects and their records' keys are
//
//	policy/CA-05             policy/CA-05/3               how a contested code is decided
//	bundle/carrier-lateness  bundle/carrier-lateness/1    a model that policies may name, as carrier-lateness@1
//	guard/CA-05/NAME@1       guard/CA-05/NAME@1/7         whether the model of a code is trusted just now
//	settings                 settings/2                   what the detectors judge by
package control

import (
	"errors"
	"fmt"
	"strconv"
	"strings"

	"andon/schemas/event"
	"andon/schemas/exception"
	"andon/schemas/verdict"

	"github.com/segmentio/encoding/json"
)

// Language is of what records a build takes and what it makes of them: raise it when Check takes or refuses more, or a member means something else. Lanes
// of builds that speak another go by other records at the same offset.
const Language = 2

// Kind is what a record is about.
type Kind string

// The kinds; a record of each has just the member of that name.
const (
	KindPolicy   Kind = "policy"
	KindBundle   Kind = "bundle"
	KindGuard    Kind = "guard"
	KindSettings Kind = "settings"
)

// Record is one version of one object.
type Record struct {
	Object     string `json:"object"`  // see Name
	Version    int32  `json:"version"` // 1, 2, ... without a gap; of a bundle the bundle's own, which may leave out some
	Kind       Kind   `json:"kind"`
	Author     string `json:"author"`                // who wrote it: a person, or guard
	ApprovedBy string `json:"approved_by,omitempty"` // who else stands for it
	Note       string `json:"note,omitempty"`

	Policy   *Policy         `json:"policy,omitempty"`
	Bundle   *Bundle         `json:"bundle,omitempty"`
	Guard    *Guard          `json:"guard,omitempty"`
	Settings json.RawMessage `json:"settings,omitempty"` // the object that stands under settings in the configuration
}

// Policy says how a contested code or risk is decided. Shares and probabilities are basis points.
type Policy struct {
	Code        string             `json:"code"`
	Mode        verdict.Mode       `json:"mode"`
	CanaryBP    int32              `json:"canary_bp,omitempty"`    // of the entities, those the model decides for; with canary only
	Bundle      string             `json:"bundle,omitempty"`       // name@version; none with off only
	ThresholdBP int32              `json:"threshold_bp,omitempty"` // the model raises from this score on
	ClearBP     int32              `json:"clear_bp,omitempty"`     // and no longer below this one; 0: ThresholdBP
	Floor       exception.Severity `json:"floor,omitempty"`        // a model may silence what the rule raises up to this severity; empty: nothing
	SampleBP    int32              `json:"sample_bp,omitempty"`    // of the judgements neither side raises, those recorded
}

// Bundle is a model that was packed and checked, by the hash of what was.
type Bundle struct {
	Name      string `json:"name"`
	Version   int32  `json:"version"`
	SHA256    string `json:"sha256"`   // of the model file, 64 hexadecimal digits
	Features  string `json:"features"` // the feature set it is fed, e.g. carrier/1
	SizeBytes int64  `json:"size_bytes"`
}

// ID is the name policies call a bundle by: name@version.
func (b *Bundle) ID() string { return b.Name + "@" + strconv.Itoa(int(b.Version)) }

// State is how far a model is trusted.
type State string

// The states of a guard.
const (
	Closed   State = "closed"    // the model's answers count as the policy says
	Open     State = "open"      // they are recorded only, the rule decides
	HalfOpen State = "half_open" // they count for a share of the entities
)

// Signal is the guard that saw something.
type Signal string

// The signals.
const (
	G0 Signal = "G0" // single answers: late, out of range
	G1 Signal = "G1" // golden rows
	G2 Signal = "G2" // features computed again from the log
	G3 Signal = "G3" // what features look like
	G4 Signal = "G4" // what scores look like
	G5 Signal = "G5" // labels
	G6 Signal = "G6" // agreement of rule and model: tells, never trips
)

// Guard is one transition of the guard of a code's model, with what was seen.
type Guard struct {
	Code   string `json:"code"`
	Bundle string `json:"bundle"`           // name@version
	State  State  `json:"state"`            // from here on
	Signal Signal `json:"signal,omitempty"` // what it came of; empty: a person
	Reason string `json:"reason,omitempty"` // of fallbacks while it is open: one of the verdict.Guard reasons

	ChangedAt  event.Micros `json:"changed_at"`            // when, by the clock of what was judged
	WindowFrom event.Micros `json:"window_from,omitempty"` // what was looked at, from ...
	WindowTo   event.Micros `json:"window_to,omitempty"`   // ... up to here
	Statistic  float64      `json:"statistic"`             // what was seen
	Threshold  float64      `json:"threshold"`             // what it is compared with
	HoldUntil  event.Micros `json:"hold_until,omitempty"`  // it does not leave open before; by the clock of ChangedAt
	ValidUntil event.Micros `json:"valid_until,omitempty"` // while it is not open: afterwards it counts as open, nobody watches; 0: for good
	Trips      int32        `json:"trips"`                 // how often it opened so far
}

// Complete fills in what follows from the rest: the object.
func (r *Record) Complete() {
	if r.Object == "" {
		r.Object = r.Name()
	}
}

// Name is the object a record is about by what it says, e.g. policy/CA-05; empty when it does not say.
func (r *Record) Name() string {
	switch {
	case r.Kind == KindPolicy && r.Policy != nil:
		return "policy/" + r.Policy.Code
	case r.Kind == KindBundle && r.Bundle != nil:
		return "bundle/" + r.Bundle.Name
	case r.Kind == KindGuard && r.Guard != nil:
		return "guard/" + r.Guard.Code + "/" + r.Guard.Bundle
	case r.Kind == KindSettings:
		return "settings"
	}
	return ""
}

// Key is the key of the record on the topic: its object and version.
func (r *Record) Key() string { return r.Object + "/" + strconv.Itoa(int(r.Version)) }

// ParseBundle reads name@version.
func ParseBundle(id string) (name string, version int32, err error) {
	name, digits, ok := strings.Cut(id, "@")
	n, parsed := strconv.ParseInt(digits, 10, 32)
	if !ok || parsed != nil || n < 1 || strconv.FormatInt(n, 10) != digits || !plainName(name) {
		return "", 0, fmt.Errorf("%q is no name@version such as carrier-lateness@1", id)
	}
	return name, int32(n), nil
}

// plainName reports whether s is small letters, digits, dashes and underscores.
func plainName(s string) bool {
	return s != "" && len(s) <= 100 && strings.Trim(s, "abcdefghijklmnopqrstuvwxyz0123456789-_") == ""
}

// Append appends r, which Check must find right, as JSON.
func Append(dst []byte, r *Record) []byte {
	out, err := json.Append(dst, r, 0)
	if err != nil {
		panic("control: encode: " + err.Error()) // a number or settings that Check refuses
	}
	return out
}

// Decode reads one record value of andon.control; unknown members are ignored. It copies what it keeps.
func Decode(value []byte, r *Record) error {
	*r = Record{}
	rest, err := json.Parse(value, r, json.DontMatchCaseInsensitiveStructFields)
	if err == nil && len(rest) > 0 {
		err = errors.New("bytes after the record")
	}
	return err
}
