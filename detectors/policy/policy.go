// Package policy says who decides a contested judgement: the rule, the model, or the rule in the model's place.
package policy

import (
	"cmp"
	"math"

	"andon/schemas/control"
	"andon/schemas/event"
	"andon/schemas/exception"
	"andon/schemas/verdict"
)

// Policy is what holds for one code: what was decided about it, and what the guards say of its model. The zero value is off, guard closed.
type Policy struct {
	control.Policy
	Guard      control.State
	GuardedBy  string       // the fallback's reason while the guard is not closed: guard_golden and the like
	GuardUntil event.Micros // afterwards the guard counts as open: nobody watches; 0: it holds for good
}

// Asks reports whether the model is asked.
func (p *Policy) Asks() bool { return p.Mode != verdict.Off && p.Mode != "" }

// threshold is from which score on the model raises, or goes on raising, basis points.
func (p *Policy) threshold(stands bool) int32 {
	if stands && p.ClearBP > 0 {
		return p.ClearBP
	}
	return p.ThresholdBP
}

// halfOpenBP is the share of the entities on which a model is tried again.
const halfOpenBP = 1000

// Place is where an entity stands among 10,000, twice and independently: for canaries and for half-open guards. A share of p basis points is the
// entities below p, so who is in a small share is in every larger one.
type Place struct{ Canary, Trial int32 }

// PlaceOf is the place of an entity by a hash of its name.
func PlaceOf(hash uint64) Place {
	return Place{int32(hash & 0xffffffff % 10_000), int32(hash >> 32 % 10_000)}
}

// ByModel reports whether the model is the one to decide for an entity, guards apart.
func (p *Policy) ByModel(at Place) bool {
	return p.Mode == verdict.Live || p.Mode == verdict.Canary && at.Canary < p.CanaryBP
}

// Judgement is one contested question at one instant.
type Judgement struct {
	At       event.Micros       // the lane's time
	Fires    bool               // the rule raises
	Severity exception.Severity // with which, when it does
	Stands   bool               // the exception is open
	Score    float64            // of the model
	NoScore  string             // why there is none; empty: there is one
}

// Decision is who decided a judgement, and what.
type Decision struct {
	By     verdict.Decider
	Reason string // of a fallback
	Raised bool
	Model  bool // the model would raise, whoever decides
}

// Decide decides a judgement. A model that is not there, or not believed, is never an error: the rule's answer is the decision then.
func (p *Policy) Decide(at Place, j Judgement) Decision {
	d := Decision{By: verdict.ByRule, Raised: j.Fires, Model: p.raises(j)}
	if !p.ByModel(at) {
		return d
	}
	if d.Reason = p.whyNot(at, j); d.Reason != "" {
		d.By = verdict.ByFallback
		return d
	}
	if j.Fires && !d.Model && p.protects(j.Severity) {
		return d
	}
	d.By, d.Raised = verdict.ByModel, d.Model
	return d
}

// raises reports whether the model raises: from one score on, until the score is below another.
func (p *Policy) raises(j Judgement) bool {
	return j.NoScore == "" && p.Asks() && math.Round(j.Score*1e6) >= float64(p.threshold(j.Stands))*100
}

// whyNot is why the model may not decide; empty when it may.
func (p *Policy) whyNot(at Place, j Judgement) string {
	switch {
	case p.GuardUntil > 0 && j.At > p.GuardUntil && p.Guard != control.Open:
		return verdict.GuardSilent
	case p.Guard == control.Open || p.Guard == control.HalfOpen && at.Trial >= halfOpenBP:
		return cmp.Or(p.GuardedBy, verdict.GuardSilent)
	case j.NoScore != "":
		return j.NoScore
	}
	return ""
}

// Bound reports whether the rule's word holds whatever the model would say: it may not be overruled, or the model may not decide.
func (p *Policy) Bound(at Place, j Judgement) bool {
	j.NoScore = ""
	return p.protects(j.Severity) || p.whyNot(at, j) != ""
}

// protects reports whether the rule's word of a severity may not be overruled.
func (p *Policy) protects(s exception.Severity) bool { return s.Rank() > p.Floor.Rank() }
