// Package detectors is the pure core: one Engine folds the events of one lane into timelines, lets rules judge them, and merges what the rules
// find into exceptions. It knows no clock, no random, no network and no log; time is an input.
//
// A beat is Step (fold 1: events and timers into timelines; rules leave findings), Settle (fold 2: findings into exception changes), then Keep or
// Undo. Settle never reads timelines and Step never reads exceptions, so how a stream is cut into beats cannot change what comes out.
package detectors

import (
	"math"

	"andon/detectors/rule"
	"andon/detectors/setting"
	"andon/detectors/timeline"
	"andon/detectors/unitcost"
	"andon/schemas/beat"
	"andon/schemas/control"
	"andon/schemas/cost"
	"andon/schemas/event"
	"andon/schemas/exception"
)

// maxFired bounds the timers one beat fires; the rest, and the record before which they fall due, wait for the next beat.
const maxFired = 10_000

// maxAsked is how many questions of models end a beat: what is left waits for the next, for their answers stand in one journal entry, and a broker takes
// no record of over a megabyte.
const maxAsked = 20_000

// maxSkew is how far an event may be ahead of its record, with the wall clock, before its time is not believed.
const maxSkew = 15 * event.Minute

// Engine is one lane's state. It is not for concurrent use.
type Engine struct {
	family event.Family
	clock  setting.Clock
	began  string // hash of the settings it was made with

	entities map[string]*entity
	wakes    wakes
	lane     lane
	kept     lane // as of the last Keep
	undo     []undo
	beat     uint64
	frozen   freezing
	loading  []byte // of a snapshot, not yet an entity
	loads    bool   // its beginning was read
	ruled    bool   // and what is in force

	// Scratch, meaningless between calls.
	view     timeline.Timeline
	fact     timeline.Fact
	document timeline.Document
	context  rule.Context
	found    rule.Verdicts
	findings []finding
	costs    []cost.Cost

	// Of the contested judgements of a beat; see question.
	questions []question
	values    []float64
	asked     int
	asking    []beat.Request
	replies   []beat.Reply

	before   []unitcost.Claim
	after    []unitcost.Claim
	buf, key []byte
}

// lane is the part of the state that is not an entity's.
type lane struct {
	time  event.Micros
	open  int
	bytes int64
	sweep sweep

	terms    *terms       // never nil
	floor    event.Micros // an event before begins no timeline, by whatever settings
	policies *policies
}

// entity is what is remembered of one subject. Neither the bytes of facts nor the exceptions pointed to are ever written
// again: facts are extended behind their end, or replaced.
type entity struct {
	key     string // tenant, NUL, subject
	facts   []byte // timeline encoding
	raised  []*exception.Exception
	wake    event.Micros // when the next timer is due; 0 = none
	armed   event.Micros // where it stands among the wakes, at or before wake; 0 = nowhere
	latest  event.Micros // of its events and due times: what forgetting counts from
	touched uint64       // the beat in which undo last copied it
}

// undo is an entity as it was before the beat.
type undo struct {
	*entity
	was     entity
	created bool
}

// New makes an empty engine for a lane of the family. The error names a setting that does not exist.
func New(family event.Family, s setting.Settings) (*Engine, error) {
	t, err := compile(family, s)
	if err != nil {
		return nil, err
	}
	e := &Engine{family: family, clock: s.Clock, began: t.hash, entities: map[string]*entity{}, beat: 1}
	e.lane.terms = t
	e.kept = e.lane
	return e, nil
}

// Step implements fold 1; see pipeline.Engine. Before each item it fires the timers due at or before the lane's time, after the last one it
// moves the lane's time to the batch's end and fires the rest.
func (e *Engine) Step(b beat.Batch) (st beat.Stepped) {
	e.found.Reset()
	e.findings, e.costs = e.findings[:0], e.costs[:0]
	e.questions, e.values, e.asked = e.questions[:0], e.values[:0], 0
	defer func() { st.Requests, st.Models = e.requests(), e.askedBy() }()
	st.Start = e.lane.time
	e.heed(b.Control)
	budget := maxFired
	disarm := b.Disarm
	if b.Rejudge && !e.lane.sweep.under {
		e.lane.sweep = e.sweepAll()
	}
	if e.lane.sweep.under {
		e.rejudge(disarm, &st)
	}
	for i := range b.Items {
		e.advance(&b.Items[i])
		if !e.fireDue(&budget, disarm, &st) {
			st.End = e.lane.time
			return st
		}
		e.take(&b.Items[i], i, &st)
		st.Items++
	}
	e.lane.time = max(e.lane.time, b.End)
	e.fireDue(&budget, disarm, &st)
	st.End = e.lane.time
	return st
}

// heed goes by records of andon.control from here on.
func (e *Engine) heed(records []control.Record) {
	for i := range records {
		if r := &records[i]; r.Kind != control.KindSettings || e.revise(r) {
			e.lane.policies = e.lane.policies.with(r)
		}
	}
}

// advance moves the lane's time by a record: with the log clock only a tick does, with the wall clock the broker's timestamp.
func (e *Engine) advance(it *beat.Item) {
	switch {
	case e.clock == setting.Wall:
		e.lane.time = max(e.lane.time, it.At)
	case !it.Skip && it.Event.Type == event.ClockTick:
		e.lane.time = max(e.lane.time, it.Event.Time)
	}
}

// take folds one item and accounts for it.
func (e *Engine) take(it *beat.Item, i int, st *beat.Stepped) {
	switch {
	case it.Skip:
		st.Counts.Read++
		st.Counts.DeadLettered++
		return
	case it.Event.Type == event.ClockTick:
		st.Counts.Ticks++
		return
	}
	st.Counts.Read++
	e.key = appendKey(e.key[:0], e.family, &it.Event)
	ent, known := e.entities[string(e.key)]
	if !known {
		if it.Event.Time < e.lane.floor || e.lane.terms.forget.tooLate(it.Event.Time, e.lane.time) {
			st.Counts.TooLate++
			return
		}
		ent = &entity{key: string(e.key)}
	}
	outcome, rejected := e.fold(ent, known, it, i, st)
	switch {
	case rejected != nil:
		st.Rejected = append(st.Rejected, *rejected)
		st.Counts.DeadLettered++
	case outcome == timeline.Duplicate:
		st.Counts.Duplicate++
	case outcome == timeline.Parked:
		st.Counts.Parked++
	default:
		st.Counts.Done++
	}
}

// Keep makes the beat final.
func (e *Engine) Keep() {
	clear(e.undo)
	e.undo = e.undo[:0]
	e.kept = e.lane
	e.beat++
}

// Undo takes back everything since the last Keep.
func (e *Engine) Undo() {
	for i := len(e.undo) - 1; i >= 0; i-- {
		u := &e.undo[i]
		if u.created {
			delete(e.entities, u.key)
			u.armed = 0 // what the heap still holds of it is stale
			continue
		}
		armed := u.armed
		*u.entity = u.was
		e.frozen.keep(u.entity)
		e.entities[u.key] = u.entity // it may have been forgotten
		if u.armed != 0 && u.armed != armed {
			e.wakes.push(u.armed, u.entity)
		}
	}
	clear(e.undo)
	e.undo = e.undo[:0]
	e.lane = e.kept
	e.beat++
}

// touch copies the entity for undo at its first touch in a beat.
func (e *Engine) touch(ent *entity, created bool) {
	if ent.touched == e.beat {
		return
	}
	if !created {
		e.frozen.save(ent)
	}
	e.undo = append(e.undo, undo{entity: ent, was: *ent, created: created})
	ent.touched = e.beat
}

// Due is when the next timer falls due; 0 when none is armed.
func (e *Engine) Due() event.Micros { return e.wakes.next(math.MaxInt64) }

// Size is what the engine holds.
func (e *Engine) Size() beat.Size {
	return beat.Size{Entities: len(e.entities), Open: e.lane.open, Timers: len(e.wakes.heap), StateBytes: e.lane.bytes, Unjudged: len(e.lane.sweep.left)}
}
