package detectors

import (
	"math"
	"slices"
	"strconv"
	"strings"

	"andon/detectors/feature"
	"andon/detectors/policy"
	"andon/detectors/rule"
	"andon/schemas/beat"
	"andon/schemas/exception"
	"andon/schemas/verdict"

	"github.com/cespare/xxhash/v2"
)

// question is one contested judgement of a finding: what a model is asked, and all that Settle needs to decide.
type question struct {
	verdict int // index into found.List
	policy  *policy.Policy
	place   policy.Place
	set     *feature.Set
	from    int    // its features in Engine.values, as many as the set has
	request int    // index into Stepped.Requests; -1: no model is asked
	noScore string // why not, when one should be
	sampled bool
}

// marks is how far Step had come: what is cut away when a rule panics.
type marks struct {
	found             [2]int
	questions, values int
	asked             int
}

func (e *Engine) mark() marks {
	return marks{e.found.Mark(), len(e.questions), len(e.values), e.asked}
}

func (e *Engine) cut(m marks) {
	e.found.Cut(m.found)
	e.questions, e.values, e.asked = e.questions[:m.questions], e.values[:m.values], m.asked
}

// ask puts down the contested judgements that a finding makes: those that an event brought about, or the timer that was set for them. Judging anew by
// other logic asks nothing. The context still is of the finding.
func (e *Engine) ask(f *finding) {
	f.asks = len(e.questions)
	f.asked = f.asks
	if f.rejudged {
		return
	}
	for i := f.from; i < f.to; i++ {
		if v := &e.found.List[i]; v.Ask && (f.item >= 0 || f.timer == v.JudgedAt) {
			e.question(f, i, v)
		}
	}
	f.asked = len(e.questions)
}

func (e *Engine) question(f *finding, i int, v *rule.Verdict) {
	p := e.lane.policies.of(v.Rule.Code)
	hash := xxhash.Sum64String(f.entity.key)
	q := question{verdict: i, policy: p, place: policy.PlaceOf(hash), set: feature.Of(v.Rule.Features), request: -1}
	q.sampled = sampled(hash, v, p.SampleBP)
	if !p.Asks() && v.Kind != rule.Fires && !q.sampled {
		return // nobody asks, and nothing is to be written down
	}
	q.from = len(e.values)
	e.context.Now, e.context.Asked = v.JudgedAt, v.Episode
	e.values = q.set.Append(e.values, &e.context)
	switch {
	case !p.Asks():
	case !q.set.Covered(e.values[q.from:]):
		q.noScore = verdict.LowCoverage
	default:
		q.request = e.asked
		e.asked++
	}
	e.questions = append(e.questions, q)
}

// sampled reports whether a judgement is one of those recorded whatever comes of them. Which ones is drawn by its name: the same on every machine.
func sampled(entity uint64, v *rule.Verdict, bp int32) bool {
	if bp == 0 {
		return false
	}
	var b [64]byte
	name := append(strconv.AppendUint(b[:0], entity, 16), v.Rule.Code...)
	return xxhash.Sum64(strconv.AppendInt(name, int64(v.JudgedAt), 16))%10_000 < uint64(bp)
}

// requests are what the questions of a Step ask of models, in order.
func (e *Engine) requests() []beat.Request {
	e.asking = slices.Grow(e.asking[:0], e.asked)
	for i := range e.findings {
		f := &e.findings[i]
		for k := f.asks; k < f.asked; k++ {
			if q := &e.questions[k]; q.request >= 0 {
				tenant, subject, _ := strings.Cut(f.entity.key, "\x00")
				e.asking = append(e.asking, beat.Request{
					Code: e.found.List[q.verdict].Rule.Code, Tenant: tenant, Subject: subject,
					Bundle: q.policy.Bundle, Model: e.lane.policies.models[q.policy.Bundle], Features: q.features(e),
				})
			}
		}
	}
	return e.asking
}

func (q *question) features(e *Engine) []float64 {
	to := q.from + len(q.set.Features)
	return e.values[q.from:to:to]
}

// byRule is the decision of all that no model is asked about.
var byRule = policy.Decision{By: verdict.ByRule}

// contest brings a contested verdict and its exception into agreement: by the rule alone where it is the one to decide, else as the policy says.
func (m *merge) contest(v *rule.Verdict, q *question) {
	if v.Kind == rule.Blind {
		return
	}
	e := m.engine
	p, place := e.lane.policies.of(v.Rule.Code), policy.PlaceOf(xxhash.Sum64String(m.finding.entity.key))
	i := m.standing(v)
	active := i >= 0 && !m.raised[i].State.Ended()
	if i >= 0 && (v.Kind != rule.Abstains || p.ByModel(place)) { // a rule that cannot tell any more says nothing of what it raised
		m.said[i] = true
	}
	j := policy.Judgement{At: m.finding.at, Fires: v.Kind == rule.Fires, Severity: severityOf(v), Stands: active}
	if q != nil {
		j.Score, j.NoScore = e.answer(q)
	}
	d := p.Decide(place, j)
	if q != nil {
		m.record(v, q, j, d)
	}
	switch {
	case isRisk(v.Rule):
	case !p.ByModel(place):
		if v.Kind != rule.Abstains && (i >= 0 || raises(*v)) {
			m.byRule(v, i)
		}
	case q == nil && active:
		m.goOn(i, v)
	case q == nil:
		if m.finding.rejudged && raises(*v) && p.Bound(place, j) { // other logic asks nobody, and nobody else may say no to it
			m.byRule(v, i)
		}
	case d.By == verdict.ByFallback:
		if i >= 0 || raises(*v) {
			m.by = d
			m.byRule(v, i)
			m.by = byRule
		}
	case d.Raised:
		m.raise(i, v, j, d)
	case active:
		m.end(i, v, d)
	}
}

// goOn goes on with an exception that stands when there is nothing new to judge: what the rule raised goes by the rule, what a model raised stands until
// the obligation is over.
func (m *merge) goOn(i int, v *rule.Verdict) {
	switch x := m.raised[i]; {
	case x.DecidedBy != exception.DecidedByModel:
		m.by = policy.Decision{By: verdict.Decider(x.DecidedBy), Reason: x.Fallback}
		m.byRule(v, i)
		m.by = byRule
	case !v.Ask && v.Kind == rule.Satisfied && v.JudgedAt > x.OpenedAt:
		m.end(i, v, byRule)
	}
}

// standing is the exception of a verdict's episode; -1 when there is none. Most entities have none, and then no id is worked out.
func (m *merge) standing(v *rule.Verdict) int {
	if !slices.ContainsFunc(m.raised, func(x *exception.Exception) bool { return x.Code == v.Rule.Code }) {
		return -1
	}
	ent := m.finding.entity
	return m.find(exception.NewID(ent.tenant(), v.Rule.Code, ent.subject(), v.Episode.String()))
}

// byRule applies a verdict as that of any rule. What a model had raised is no late datum when the rule does not see it.
func (m *merge) byRule(v *rule.Verdict, i int) {
	switch {
	case v.Kind == rule.Abstains && m.raised[i].DecidedBy != exception.DecidedByModel:
		m.said[i] = false
	case v.Kind == rule.Abstains && m.raised[i].State.Ended():
	case v.Kind == rule.Fires || i < 0 || m.raised[i].State.Ended() || m.raised[i].DecidedBy != exception.DecidedByModel:
		m.apply(v)
	default:
		m.end(i, v, m.by)
	}
}

// raise opens the exception, or goes on with it. As long as the same model stands by it, scores that move are no news.
func (m *merge) raise(i int, v *rule.Verdict, j policy.Judgement, d policy.Decision) {
	if i >= 0 && m.raised[i].State == exception.Open && m.raised[i].Model == m.engine.lane.policies.of(v.Rule.Code).Bundle && d.By == verdict.ByModel {
		return
	}
	x := m.build(v)
	x.State, x.ClearedAt = exception.Open, 0
	m.sign(&x, v, d)
	if d.By == verdict.ByModel {
		if !j.Fires {
			x.Reasons, x.Expected, x.Observed, x.Delta = nil, nil, nil, nil
		}
		x.ProbabilityBP = int32(math.Round(j.Score * 10_000))
		x.Reasons = append([]string{"the model " + x.Model + " gives " + percent(x.ProbabilityBP) + ", it raises from " + percent(m.engine.lane.policies.of(x.Code).ThresholdBP)}, x.Reasons...)
		m.engine.score(&x)
	}
	m.change(i, x)
}

// end clears the exception: the decider no longer sees what it claims, or what it was about is over.
func (m *merge) end(i int, v *rule.Verdict, d policy.Decision) {
	x := *m.raised[i]
	x.State, x.ClearedAt, x.DetectedAt = exception.Cleared, max(v.ClearedAt, v.JudgedAt), m.finding.at
	x.Evidence = m.engine.found.EvidenceOf(v)
	m.sign(&x, v, d)
	m.change(i, x)
}

// sign says in an exception who decided.
func (m *merge) sign(x *exception.Exception, v *rule.Verdict, d policy.Decision) {
	x.DecidedBy, x.Fallback, x.Model = string(d.By), d.Reason, ""
	if d.By == verdict.ByModel {
		x.Model = m.engine.lane.policies.of(v.Rule.Code).Bundle
	}
}

// answer is what the model said to a question, or why nothing.
func (e *Engine) answer(q *question) (score float64, noScore string) {
	if q.request < 0 {
		return 0, q.noScore
	}
	return e.replies[q.request].Score, e.replies[q.request].Reason
}

func severityOf(v *rule.Verdict) exception.Severity {
	if v.Severity != "" {
		return v.Severity
	}
	return v.Rule.Severity
}

func percent(bp int32) string {
	s := strconv.Itoa(int(bp/100)) + "." + strconv.Itoa(int(bp%100/10))
	return s + " %"
}

// isRisk reports whether a rule raises no exception.
func isRisk(r *rule.Rule) bool { return slices.Contains(rule.Risks, r) }
