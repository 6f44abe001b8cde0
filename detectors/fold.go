package detectors

import (
	"fmt"
	"runtime/debug"
	"slices"
	"strings"

	"andon/detectors/rule"
	"andon/detectors/setting"
	"andon/detectors/timeline"
	"andon/detectors/unitcost"
	"andon/schemas/beat"
	"andon/schemas/event"
)

// finding is what the rules said of one entity at one instant: the complete set of their verdicts, and all that Settle needs to know.
type finding struct {
	entity   *entity
	at       event.Micros // the lane's time
	from, to int          // verdicts
	site     string
	item     int          // index of the item that brought it about; -1 for a timer
	timer    event.Micros // due time of that timer

	asks, asked int // its questions

	forgotten bool // the entity's timeline ended: no verdicts
	rejudged  bool // by other logic or settings: nothing happened
}

// fold adds one event to its entity's timeline and lets the rules judge it. A rejected event leaves everything as it was.
func (e *Engine) fold(ent *entity, known bool, it *beat.Item, index int, st *beat.Stepped) (outcome timeline.Outcome, rejected *beat.Rejected) {
	mark, costs, size := e.mark(), len(e.costs), len(ent.facts)
	defer func() {
		if p := recover(); p != nil {
			e.cut(mark)
			e.costs = e.costs[:costs]
			rejected = &beat.Rejected{Index: index, Reason: event.RulePanic, Detail: fmt.Sprintf("%v\n%s", p, debug.Stack())}
		}
	}()
	if err := e.view.Load(ent.facts); err != nil {
		panic(err)
	}
	limit := event.Micros(0)
	if e.clock == setting.Wall {
		limit = it.At + maxSkew
	}
	timeline.Of(&it.Event, it.At, limit, &e.fact, &e.document)
	priced := unitcost.Touches(&e.fact, e.view.Latest(&e.fact)) || e.view.Knows(e.fact.ID)
	if priced {
		e.before = e.lane.terms.book.Of(e.family, e.view.Live, e.before[:0])
	}
	outcome = e.view.Add(&e.fact)
	if e.view.Unchanged() {
		return outcome, nil
	}
	var extends bool
	if e.buf, extends = e.view.AppendNew(e.buf[:0]); !extends {
		size = 0
	}
	if size += len(e.buf); size > timeline.MaxBytes {
		return 0, &beat.Rejected{Index: index, Reason: event.EntityFull, Detail: "the timeline of " + ent.subject() + " is full"}
	}
	f := finding{entity: ent, at: e.lane.time, item: index}
	next := e.judge(&f, e.lane.time)
	if priced {
		e.price(ent)
	}

	// Nothing below can fail.
	if e.fact.Skewed {
		st.Skewed++
	}
	e.touch(ent, !known)
	if !known {
		e.entities[ent.key] = ent
	}
	e.lane.bytes += int64(size - len(ent.facts))
	if !extends {
		ent.facts = nil
	}
	ent.facts = extend(ent.facts, e.buf)
	ent.latest = max(ent.latest, e.fact.Time, e.lane.terms.forget.due(&e.fact))
	e.arm(ent, next)
	e.report(f, st)
	return outcome, nil
}

// spare is the room left behind facts that are copied: most of what comes next fits, and then nothing is copied.
const spare = 2 * 32

// extend is facts with more behind them. What facts held before stays as it was: a beat that is undone goes back to the shorter slice.
func extend(facts, more []byte) []byte {
	n := len(facts) + len(more)
	if n <= cap(facts) {
		return append(facts, more...)
	}
	room := 0
	if len(facts) > 0 {
		room = spare
	}
	fresh := append([]byte(nil), make([]byte, n+room)...) // the capacity is what the allocator gives anyway
	copy(fresh, facts)
	copy(fresh[len(facts):], more)
	return fresh[:n]
}

// arm sets the entity's next timer: when a rule wants to judge again, else when it is to be forgotten.
func (e *Engine) arm(ent *entity, next event.Micros) {
	if ent.wake = next; next == 0 {
		ent.wake = e.lane.terms.forget.at(ent.latest, closed(e.view.Live))
	}
	e.wakes.arm(ent)
}

// judge lets every rule judge the loaded timeline at an instant, and returns when the first of them wants to judge again; 0 = never.
func (e *Engine) judge(f *finding, now event.Micros) (next event.Micros) {
	c := &e.context
	f.site, c.Reference = site(e.view.Live), e.lane.terms.reference
	c.Begin(e.view.Live, now, e.lane.terms.sends.of(e.family, f.entity.subject(), f.site))
	if c.Site = f.site; e.family == event.Carrier {
		c.Carrier, _, _ = strings.Cut(f.entity.subject(), "/")
	}
	f.from, e.found.Next = len(e.found.List), 0
	for i := range e.lane.terms.rules {
		r := &e.lane.terms.rules[i]
		c.Values, e.found.Rule = r.values, r.rule
		r.rule.Judge(c, &e.found)
	}
	f.to = len(e.found.List)
	e.ask(f)
	return e.found.Next
}

// report keeps a finding for Settle and counts what the rules abstained from.
func (e *Engine) report(f finding, st *beat.Stepped) {
	e.findings = append(e.findings, f)
	for i := f.from; i < f.to; i++ {
		if v := &e.found.List[i]; v.Kind == rule.Abstains {
			countAbstention(st, v.Rule.Code, v.Missing)
		}
	}
}

func countAbstention(st *beat.Stepped, code, missing string) {
	for i := range st.Abstained {
		if a := &st.Abstained[i]; a.Code == code && a.Missing == missing {
			a.Count++
			return
		}
	}
	st.Abstained = append(st.Abstained, beat.Abstention{Code: code, Missing: missing, Count: 1})
}

// fireDue fires the timers due at or before the lane's time in the order of (due, entity), each judged at its due time. It returns false when
// the budget is used up before they are all fired, or the beat has asked all it may.
func (e *Engine) fireDue(budget *int, disarm []beat.Timer, st *beat.Stepped) bool {
	for {
		if e.asked >= maxAsked {
			return false
		}
		due := e.wakes.next(e.lane.time)
		if due == 0 || due > e.lane.time {
			return true
		}
		if *budget == 0 {
			return false
		}
		*budget--
		e.fire(e.wakes.pop(), disarm, st)
	}
}

// caught disarms a timer whose rule panicked; what the rule had said is cut away. It is deferred by what judges.
func (e *Engine) caught(timer beat.Timer, mark marks, st *beat.Stepped) {
	if p := recover(); p != nil {
		e.cut(mark)
		st.Disarmed = append(st.Disarmed, beat.Disarmed{Timer: timer, Detail: fmt.Sprintf("%v\n%s", p, debug.Stack())})
	}
}

// fire judges an entity at its due time, and forgets it when no rule waits for anything and its time is up.
func (e *Engine) fire(w wake, disarm []beat.Timer, st *beat.Stepped) {
	ent := w.entity
	e.touch(ent, false)
	timer := beat.Timer{Tenant: ent.tenant(), Subject: ent.subject(), Due: w.due}
	ent.wake, ent.armed = 0, 0
	if slices.Contains(disarm, timer) { // all that is left of it is that it ends
		ent.wake = e.lane.terms.forget.at(max(ent.latest, w.due), false)
		e.wakes.arm(ent)
		return
	}
	defer e.caught(timer, e.mark(), st)
	if err := e.view.Load(ent.facts); err != nil {
		panic(err)
	}
	f := finding{entity: ent, at: e.lane.time, item: -1, timer: w.due}
	next, over := e.judge(&f, w.due), closed(e.view.Live)
	e.report(f, st)
	st.Fired++
	if next == 0 && w.due == e.lane.terms.forget.at(ent.latest, over) {
		e.end(ent, over, st)
		return
	}
	ent.latest = max(ent.latest, w.due)
	e.arm(ent, next)
}

// site is the building the entity's documents name; the latest wins.
func site(facts []*timeline.Fact) (site string) {
	for _, f := range facts {
		if f.Doc != nil && f.Doc.Site != "" {
			site = f.Doc.Site
		}
	}
	return site
}

func appendKey(b []byte, family event.Family, ev *event.Event) []byte {
	b = append(append(b, ev.Tenant...), 0)
	if family == event.Carrier {
		return append(append(append(b, ev.Carrier...), '/'), ev.TrackingNo...)
	}
	return append(b, ev.Key(family)...)
}

func (ent *entity) tenant() string  { return ent.key[:strings.IndexByte(ent.key, 0)] }
func (ent *entity) subject() string { return ent.key[strings.IndexByte(ent.key, 0)+1:] }
