package detectors

import (
	"cmp"
	"slices"
	"strconv"
	"strings"

	"andon/detectors/policy"
	"andon/detectors/rule"
	"andon/schemas/exception"
	"andon/schemas/verdict"
)

// record writes a judgement down when either side raised, or it is one of the sample.
func (m *merge) record(v *rule.Verdict, q *question, j policy.Judgement, d policy.Decision) {
	selection, propensity := selectionOf(j.Fires, d.Model), int32(verdict.Certain)
	switch {
	case selection != "":
	case q.sampled:
		selection, propensity = verdict.Sampled, q.policy.SampleBP
	default:
		return
	}
	ent, episode := m.finding.entity, v.Episode.String()
	x := verdict.Verdict{
		ID:     verdict.NewID(ent.tenant(), v.Rule.Code, ent.subject(), episode, v.JudgedAt),
		Tenant: ent.tenant(), Code: v.Rule.Code, Subject: ent.subject(), Episode: episode, Site: strings.Clone(m.finding.site),
		JudgedAt: v.JudgedAt, DetectedAt: cmp.Or(m.finding.at, v.JudgedAt), // the lane may have no time yet
		Rule: v.Rule.Code + "/" + strconv.Itoa(v.Rule.Version), RuleSays: says(v), RuleMissing: v.Missing,
		Mode: q.policy.Mode, DecidedBy: d.By, Raised: d.Raised, Selection: selection, PropensityBP: propensity,
	}
	if q.policy.Asks() {
		m.engine.recordModel(&x, q, j, d)
	}
	x.Features, x.Values = q.set.ID(), slices.Clone(q.features(m.engine))
	if (d.Raised || j.Stands) && !isRisk(v.Rule) {
		x.ExceptionID = exception.NewID(ent.tenant(), v.Rule.Code, ent.subject(), episode)
	}
	m.out.Verdicts = append(m.out.Verdicts, x)
}

// recordModel writes down what the model said.
func (e *Engine) recordModel(x *verdict.Verdict, q *question, j policy.Judgement, d policy.Decision) {
	x.Bundle, x.ThresholdBP = q.policy.Bundle, q.policy.ThresholdBP
	if x.Mode == verdict.Canary {
		x.CanaryBP = q.policy.CanaryBP
	}
	if x.Reason = j.NoScore; j.NoScore == "" {
		score := j.Score
		x.Score, x.Model = &score, e.lane.policies.models[x.Bundle]
	}
	if x.Reason == "" {
		x.Reason = d.Reason
	}
}

func selectionOf(rule, model bool) verdict.Selection {
	switch {
	case rule && model:
		return verdict.FromBoth
	case rule:
		return verdict.FromRule
	case model:
		return verdict.FromModel
	}
	return ""
}

func says(v *rule.Verdict) verdict.Says {
	switch v.Kind {
	case rule.Fires:
		return verdict.Raise
	case rule.Abstains:
		return verdict.Abstains
	default:
		return verdict.No
	}
}
