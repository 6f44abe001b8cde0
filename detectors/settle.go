package detectors

import (
	"fmt"
	"runtime/debug"
	"slices"
	"strconv"
	"strings"

	"andon/detectors/policy"
	"andon/detectors/rule"
	"andon/schemas/beat"
	"andon/schemas/event"
	"andon/schemas/exception"
)

// Settle implements fold 2; see pipeline.Engine. Replies answer the requests of the Step before, in order.
func (e *Engine) Settle(replies []beat.Reply) (st beat.Settled) {
	e.replies = replies
	for i := range e.findings {
		if f := &e.findings[i]; f.forgotten {
			e.letGo(f.entity, &st)
		} else {
			e.settle(f, &st)
		}
	}
	st.Costs = e.costs
	return st
}

// letGo drops the exceptions of an entity that was forgotten. Those still open stay open where people ask: nothing more will be known of them.
func (e *Engine) letGo(ent *entity, st *beat.Settled) {
	for _, x := range ent.raised {
		if !x.State.Ended() {
			e.lane.open--
		}
		st.Forgotten = append(st.Forgotten, x.ID)
	}
	ent.raised = nil
}

func (e *Engine) settle(f *finding, st *beat.Settled) {
	defer func() {
		if p := recover(); p == nil {
			return
		} else if detail := fmt.Sprintf("%v\n%s", p, debug.Stack()); f.item >= 0 {
			st.Poisoned = append(st.Poisoned, beat.Rejected{Index: f.item, Reason: event.RulePanic, Detail: detail})
		} else {
			timer := beat.Timer{Tenant: f.entity.tenant(), Subject: f.entity.subject(), Due: f.timer}
			st.Disarm = append(st.Disarm, beat.Disarmed{Timer: timer, Detail: detail})
		}
	}()
	verdicts := e.found.List[f.from:f.to]
	if len(f.entity.raised) == 0 && f.asks == f.asked && !slices.ContainsFunc(verdicts, raises) {
		return
	}
	m := merge{engine: e, finding: f, raised: slices.Clone(f.entity.raised), by: byRule, out: st}
	m.said = make([]bool, len(m.raised))
	questions := e.questions[f.asks:f.asked]
	for i := range verdicts {
		switch v := &verdicts[i]; {
		case v.Rule.Contested:
			var q *question
			if len(questions) > 0 && questions[0].verdict == f.from+i {
				q, questions = &questions[0], questions[1:]
			}
			m.contest(v, q)
		case v.Kind == rule.Fires || v.Kind == rule.Satisfied:
			m.apply(v)
		}
	}
	m.retractUnsaid(verdicts)
	f.entity.raised = m.raised
}

// raises reports whether a verdict can begin an exception.
func raises(v rule.Verdict) bool {
	return v.Kind == rule.Fires || v.Kind == rule.Satisfied && v.Violated
}

// merge brings one finding and the exceptions its entity has into agreement.
type merge struct {
	engine  *Engine
	finding *finding
	raised  []*exception.Exception
	said    []bool // which of raised the finding spoke of
	byID    map[exception.ID]int
	by      policy.Decision // who decides
	out     *beat.Settled
}

// apply brings one verdict and its exception into agreement. What comes out depends on the verdict, not on which timer fired before: a violation
// that healed before anyone looked still opens and clears.
func (m *merge) apply(v *rule.Verdict) {
	if !raises(*v) && m.standing(v) < 0 {
		return
	}
	x := m.build(v)
	i := m.find(x.ID)
	active := i >= 0 && !m.raised[i].State.Ended()
	if i >= 0 {
		m.said[i] = true
	}
	switch {
	case v.Kind == rule.Fires:
		x.State = exception.Open
		m.change(i, x)
	case v.Violated && !active && (i < 0 || m.raised[i].State == exception.Retracted || m.raised[i].LateData):
		opened := x
		opened.State, opened.ClearedAt = exception.Open, 0
		i = m.change(i, opened)
		x.State = exception.Cleared
		m.change(i, x)
	case i < 0 || m.raised[i].State == exception.Retracted:
	default:
		x.State, x.LateData = exception.Cleared, !v.Violated
		m.change(i, x)
	}
}

// find is the index of an exception; -1 when it is new. Few entities have more than a handful.
func (m *merge) find(id exception.ID) int {
	if len(m.raised) < 16 {
		return slices.IndexFunc(m.raised, func(r *exception.Exception) bool { return r.ID == id })
	}
	for i := len(m.byID); i < len(m.raised); i++ {
		if m.byID == nil {
			m.byID = make(map[exception.ID]int, len(m.raised))
		}
		m.byID[m.raised[i].ID] = i
	}
	if i, ok := m.byID[id]; ok {
		return i
	}
	return -1
}

// change makes x the next revision of the i-th exception, or the first of a new one, unless it says nothing new. It returns its index.
func (m *merge) change(i int, x exception.Exception) int {
	wasOpen := i >= 0 && !m.raised[i].State.Ended()
	if i < 0 {
		i = len(m.raised)
		m.raised = append(m.raised, nil)
		m.said = append(m.said, true)
		x.Revision = 1
	} else {
		previous := m.raised[i]
		if same(previous, &x) {
			return i
		}
		x.Revision = previous.Revision + 1
		if wasOpen {
			m.engine.lane.open--
		}
	}
	if !x.State.Ended() {
		m.engine.lane.open++
	}
	x.Change, x.LogicChange = changeTo(x.State, wasOpen), m.finding.rejudged
	if x.DetectedAt == 0 { // the lane has no time yet
		x.DetectedAt = x.OpenedAt
	}
	if k := slices.Index(m.out.Forgotten, x.ID); k >= 0 { // let go of earlier in this beat, and begun anew
		m.out.Forgotten = slices.Delete(m.out.Forgotten, k, k+1)
	}
	m.raised[i] = &x
	m.out.Exceptions = append(m.out.Exceptions, x)
	return i
}

func changeTo(s exception.State, wasOpen bool) exception.Change {
	switch {
	case s == exception.Cleared:
		return exception.WasCleared
	case s == exception.Retracted:
		return exception.WasRetracted
	case wasOpen:
		return exception.WasUpdated
	}
	return exception.WasOpened
}

// retractUnsaid retracts what the finding no longer speaks of: the facts it stood on were corrected away. What was cleared as late data never
// was a violation and stays as it is.
func (m *merge) retractUnsaid(verdicts []rule.Verdict) {
	for i, said := range m.said {
		if x := m.raised[i]; !said && x.State != exception.Retracted && !x.LateData && (!x.State.Ended() || !blind(verdicts, x.Code)) {
			gone := *x
			gone.State, gone.ClearedAt, gone.DetectedAt = exception.Retracted, 0, m.finding.at
			m.change(i, gone)
		}
	}
}

// blind reports whether the rule of a code said that it no longer sees all it once saw.
func blind(verdicts []rule.Verdict, code string) bool {
	return slices.ContainsFunc(verdicts, func(v rule.Verdict) bool { return v.Kind == rule.Blind && v.Rule.Code == code })
}

// build is the exception a verdict claims, but for state and revision. It owns its strings.
func (m *merge) build(v *rule.Verdict) exception.Exception {
	ent := m.finding.entity
	episode := v.Episode.String()
	severity := v.Severity
	if severity == "" {
		severity = v.Rule.Severity
	}
	x := exception.Exception{
		ID:     exception.NewID(ent.tenant(), v.Rule.Code, ent.subject(), episode),
		Tenant: ent.tenant(), Code: v.Rule.Code, Subject: ent.subject(), Episode: episode,
		Severity: severity, DecidedBy: string(m.by.By), Fallback: m.by.Reason,
		Site: strings.Clone(m.finding.site), Item: strings.Clone(v.Episode.Item), Line: strings.Clone(v.Episode.Line),
		OpenedAt: v.OpenedAt, ClearedAt: v.ClearedAt, DetectedAt: m.finding.at,
		Unit: v.Rule.Unit, Expected: number(v.Expected), Observed: number(v.Observed), Delta: number(v.Delta),
		Reasons: v.Rule.Say(v), Evidence: m.engine.found.EvidenceOf(v), Rule: v.Rule.Code + "/" + strconv.Itoa(v.Rule.Version),
	}
	m.engine.rank(&x, v)
	return x
}

// rank says what is at stake and by when (domain reference 2.7), as of the instant the exception opened: a function of the facts.
func (e *Engine) rank(x *exception.Exception, v *rule.Verdict) {
	stake := e.stakeOf(v.Rule)
	x.Deadline = v.Deadline
	if x.Deadline == 0 {
		x.Deadline = x.OpenedAt + event.Micros(stake.WithinS)*event.Second
	}
	x.ActBy = x.Deadline - event.Micros(stake.RecoverS)*event.Second
	x.ProbabilityBP, x.AvoidableBP = 10_000, avoidableBefore // of a fact
	if x.OpenedAt >= x.Deadline {
		x.AvoidableBP = avoidableAfter
	}
	x.UrgencyBP = exception.UrgencyBP(int64((x.Deadline-x.OpenedAt)/event.Second), urgencyHalf[e.family], stake.Lasting)
	if cost, currency := stake.Cost(v.Value, v.Currency, e.lane.terms.book.Rates.Currency); cost.Known {
		x.CostAtRiskMinor, x.Currency = number(cost), strings.Clone(currency)
	}
	e.score(x)
}

// score says how much acting is worth, by what is at stake and how likely.
func (e *Engine) score(x *exception.Exception) {
	if x.CostAtRiskMinor != nil {
		score := exception.Score(*x.CostAtRiskMinor, x.ProbabilityBP, x.AvoidableBP, x.UrgencyBP)
		x.PriorityScore = &score
	}
	x.Priority = exception.PriorityOf(x.PriorityScore, x.Severity)
}

// What share of a cost acting still saves, before and after the deadline, until it is learned from resolutions; basis points.
const (
	avoidableBefore = 5000
	avoidableAfter  = 1500
)

// urgencyHalf is the slack at which half the urgency is left, seconds by family.
var urgencyHalf = [...]int64{event.ASN: 8 * 3600, event.Carrier: 4 * 3600, event.PickPack: 30 * 60}

func (e *Engine) stakeOf(r *rule.Rule) *rule.Stake {
	for i := range e.lane.terms.rules {
		if c := &e.lane.terms.rules[i]; c.rule == r {
			return &c.stake
		}
	}
	return &r.Stake
}

func number(n rule.Number) *int64 {
	if !n.Known {
		return nil
	}
	return &n.Value
}

// same reports whether two revisions say the same. Which version of the rule says it is no news.
func same(a, b *exception.Exception) bool {
	return a.State == b.State && a.LateData == b.LateData &&
		a.Severity == b.Severity && a.DecidedBy == b.DecidedBy && a.Fallback == b.Fallback && a.Model == b.Model && a.Site == b.Site &&
		a.OpenedAt == b.OpenedAt && a.ClearedAt == b.ClearedAt &&
		equal(a.CostAtRiskMinor, b.CostAtRiskMinor) && a.Currency == b.Currency && a.Deadline == b.Deadline && a.ActBy == b.ActBy &&
		equal(a.Expected, b.Expected) && equal(a.Observed, b.Observed) && equal(a.Delta, b.Delta) &&
		slices.Equal(a.Reasons, b.Reasons) && slices.Equal(a.Evidence, b.Evidence)
}

func equal(a, b *int64) bool {
	if a == nil || b == nil {
		return a == b
	}
	return *a == *b
}
