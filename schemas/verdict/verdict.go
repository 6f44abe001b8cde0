// Package verdict is the wire contract of andon.verdicts: one contested judgement, with what the rule said, what the model said or why it said
// nothing, and who decided. A record is written for each judgement that either side raised, and for a random sample of the others, keyed by its
// subject. Of several records of one verdict id the latest in its partition holds: late facts judge anew.
package verdict

import (
	"math"
	"strconv"

	"andon/schemas/event"
	"andon/schemas/identity"

	"github.com/segmentio/encoding/json"
)

// ID names a judgement.
type ID = identity.ID

// NewID is the id of the judgement of the obligation that (tenant, code, subject, episode) name, at an instant.
func NewID(tenant, code, subject, episode string, judgedAt event.Micros) ID {
	return identity.New(tenant, code, subject, episode, strconv.FormatInt(int64(judgedAt), 10))
}

// Says is what a rule answers to the question whether to raise.
type Says string

// The answers of a rule.
const (
	Raise    Says = "raise"
	No       Says = "no"
	Abstains Says = "abstains" // it cannot say: RuleMissing names what it lacks
)

// Mode is how much of a code's decisions is the model's.
type Mode string

// The modes.
const (
	Off    Mode = "off"    // the rule decides, the model is not asked
	Shadow Mode = "shadow" // the rule decides, the model's answer is recorded
	Canary Mode = "canary" // the model decides for a stable share of the entities
	Live   Mode = "live"   // the model decides, the rule is fallback and floor
)

// Decider is who decided.
type Decider string

// The deciders.
const (
	ByRule     Decider = "rule"
	ByModel    Decider = "model"
	ByFallback Decider = "fallback" // the rule, in the place of a model that gave no score: Reason says why
)

// Selection is why a judgement is recorded.
type Selection string

// The selections.
const (
	FromRule  Selection = "rule"   // the rule alone raised
	FromModel Selection = "model"  // the model alone raised
	FromBoth  Selection = "both"   // both did
	Sampled   Selection = "sample" // neither did: drawn at random, with PropensityBP
)

// Verdict is one judgement.
type Verdict struct {
	ID      ID     `json:"verdict_id"`
	Tenant  string `json:"tenant"`
	Code    string `json:"code"`    // of a rule, e.g. CA-05, or of a risk, e.g. pick_short_risk
	Subject string `json:"subject"` // the entity: the key of its events
	Episode string `json:"episode"` // the obligation within the subject
	Site    string `json:"site,omitempty"`

	JudgedAt   event.Micros `json:"judged_at"`   // event time of the fact or due time judged; never lane time
	DetectedAt event.Micros `json:"detected_at"` // the lane's time when it was judged

	Rule        string `json:"rule"`                   // code and version of the rule's logic, e.g. "CA-05/1"
	RuleSays    Says   `json:"rule_says"`              // what the rule alone would decide
	RuleMissing string `json:"rule_missing,omitempty"` // what a rule that abstains lacks

	Mode        Mode     `json:"mode"`
	CanaryBP    int32    `json:"canary_bp,omitempty"`    // share of the entities the model decides for, basis points; 0 in other modes
	Bundle      string   `json:"bundle,omitempty"`       // the model asked for, name@version; empty when none is
	Model       string   `json:"model,omitempty"`        // the model file that answered, 16 digits of its SHA-256
	Score       *float64 `json:"score,omitempty"`        // probability in [0, 1]; absent: there is none
	Reason      string   `json:"reason,omitempty"`       // why there is none, though the model was asked: Timeout or another
	ThresholdBP int32    `json:"threshold_bp,omitempty"` // the model raises from here on, basis points; 0 when it is not asked

	DecidedBy Decider `json:"decided_by"`
	Raised    bool    `json:"raised"` // what was decided

	Selection    Selection `json:"selection"`
	PropensityBP int32     `json:"propensity_bp"` // probability with which a judgement like this one is recorded, basis points; 10,000 unless sampled

	Features    string `json:"features,omitempty"`    // the feature set, e.g. "carrier/1"; empty when none was computed
	Values      Values `json:"values,omitempty"`      // of its features, in its order
	ExceptionID ID     `json:"exception_id,omitzero"` // of the exception decided about; absent for a risk, and where there is none
}

// Certain is the propensity of what is always recorded, basis points.
const Certain = 10_000

// Values are the values of features; NaN is one that is missing, null on the wire. There is no infinite one.
type Values []float64

// Append appends v as JSON, as its tags say. It is written out because a model may be asked at every scan.
func Append(dst []byte, v *Verdict) []byte {
	b := append(dst, `{"verdict_id":"`...)
	b, _ = v.ID.AppendText(b)
	b = text(append(b, '"'), `,"tenant":`, v.Tenant)
	b = text(b, `,"code":`, v.Code)
	b = text(b, `,"subject":`, v.Subject)
	b = text(b, `,"episode":`, v.Episode)
	b = optional(b, `,"site":`, v.Site)
	b = append(v.JudgedAt.Append(append(b, `,"judged_at":"`...)), '"')
	b = append(v.DetectedAt.Append(append(b, `,"detected_at":"`...)), '"')
	b = text(b, `,"rule":`, v.Rule)
	b = text(b, `,"rule_says":`, string(v.RuleSays))
	b = optional(b, `,"rule_missing":`, v.RuleMissing)
	b = text(b, `,"mode":`, string(v.Mode))
	b = number(b, `,"canary_bp":`, v.CanaryBP)
	b = optional(b, `,"bundle":`, v.Bundle)
	b = optional(b, `,"model":`, v.Model)
	if v.Score != nil {
		b = appendFloat(append(b, `,"score":`...), *v.Score)
	}
	b = optional(b, `,"reason":`, v.Reason)
	b = number(b, `,"threshold_bp":`, v.ThresholdBP)
	b = text(b, `,"decided_by":`, string(v.DecidedBy))
	b = strconv.AppendBool(append(b, `,"raised":`...), v.Raised)
	b = text(b, `,"selection":`, string(v.Selection))
	b = strconv.AppendInt(append(b, `,"propensity_bp":`...), int64(v.PropensityBP), 10)
	b = optional(b, `,"features":`, v.Features)
	if len(v.Values) > 0 {
		b = v.Values.append(append(b, `,"values":`...))
	}
	if v.ExceptionID != (ID{}) {
		b, _ = v.ExceptionID.AppendText(append(b, `,"exception_id":"`...))
		b = append(b, '"')
	}
	return append(b, '}')
}

func (v Values) append(b []byte) []byte {
	b = append(b, '[')
	for i, f := range v {
		if i > 0 {
			b = append(b, ',')
		}
		b = appendFloat(b, f)
	}
	return append(b, ']')
}

// MarshalJSON writes an array of numbers and nulls.
func (v Values) MarshalJSON() ([]byte, error) { return v.append(nil), nil }

// UnmarshalJSON reads the form MarshalJSON writes.
func (v *Values) UnmarshalJSON(b []byte) error {
	var list []*float64
	if err := json.Unmarshal(b, &list); err != nil {
		return err
	}
	*v = make(Values, len(list))
	for i, f := range list {
		if (*v)[i] = math.NaN(); f != nil {
			(*v)[i] = *f
		}
	}
	return nil
}

// appendFloat writes the shortest number that reads back as f; null for what is no number.
func appendFloat(b []byte, f float64) []byte {
	if math.IsNaN(f) || math.IsInf(f, 0) {
		return append(b, "null"...)
	}
	return strconv.AppendFloat(b, f, 'g', -1, 64)
}

func text(b []byte, name, value string) []byte {
	return json.AppendEscape(append(b, name...), value, 0)
}

func optional(b []byte, name, value string) []byte {
	if value == "" {
		return b
	}
	return text(b, name, value)
}

func number(b []byte, name string, value int32) []byte {
	if value == 0 {
		return b
	}
	return strconv.AppendInt(append(b, name...), int64(value), 10)
}
