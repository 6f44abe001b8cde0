package detectors

import (
	"maps"
	"slices"
	"strings"

	"andon/detectors/rule"
	"andon/schemas/beat"
	"andon/schemas/exception"
)

// Adopt makes what was published the exceptions the engine has raised, whatever it has: the last revision of each, of any family. Those of entities it
// does not know are left alone.
func (e *Engine) Adopt(published []exception.Exception) {
	e.lane.open, e.lane.sweep = 0, sweep{}
	for _, ent := range e.entities {
		ent.raised = nil
	}
	for i := range published {
		x := &published[i]
		ent := e.entities[x.Tenant+"\x00"+x.Subject]
		if ent == nil || !e.judges(x.Code) {
			continue
		}
		ent.raised = append(ent.raised, x)
		if !x.State.Ended() {
			e.lane.open++
		}
	}
	e.kept = e.lane
}

// judges reports whether a code is of the engine's family. One that is no more is known by the letters it begins with.
func (e *Engine) judges(code string) bool {
	letters, _, _ := strings.Cut(code, "-")
	return slices.ContainsFunc(rule.All, func(r *rule.Rule) bool { return r.Family == e.family && strings.HasPrefix(r.Code, letters+"-") })
}

// maxRejudged bounds the entities one beat judges anew.
const maxRejudged = 5000

// sweep is where judging all entities anew stands.
type sweep struct {
	under bool
	left  []string // keys, in order
}

// rejudge lets the rules judge the next entities of the sweep at the lane's time. A rule that panics leaves its entity as it was; its timer is named by the lane's time.
func (e *Engine) rejudge(disarm []beat.Timer, st *beat.Stepped) {
	s := &e.lane.sweep
	n := min(maxRejudged, len(s.left))
	for _, key := range s.left[:n] {
		if ent := e.entities[key]; ent != nil { // else it was forgotten meanwhile
			e.rejudgeOne(ent, disarm, st)
		}
	}
	s.left = s.left[n:]
	if st.Unjudged = len(s.left); st.Unjudged == 0 {
		*s = sweep{}
	}
}

// sweepAll is all entities as of now, to be judged anew.
func (e *Engine) sweepAll() sweep {
	return sweep{true, slices.Sorted(maps.Keys(e.entities))}
}

func (e *Engine) rejudgeOne(ent *entity, disarm []beat.Timer, st *beat.Stepped) {
	timer := beat.Timer{Tenant: ent.tenant(), Subject: ent.subject(), Due: e.lane.time}
	if slices.Contains(disarm, timer) {
		return
	}
	defer e.caught(timer, e.mark(), st)
	if err := e.view.Load(ent.facts); err != nil {
		panic(err)
	}
	f := finding{entity: ent, at: e.lane.time, item: -1, timer: timer.Due, rejudged: true}
	next := e.judge(&f, e.lane.time)
	e.touch(ent, false)
	if over := e.lane.terms.forget.at(ent.latest, closed(e.view.Live)); next == 0 && over != 0 && over < e.lane.time {
		ent.latest = e.lane.time // it is forgotten a span from now on: what was judged just now stands
	}
	e.arm(ent, next)
	e.report(f, st)
	st.Rejudged++
}
