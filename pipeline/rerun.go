package pipeline

import (
	"bytes"
	"fmt"

	"andon/schemas/beat"
	"andon/schemas/control"
	"andon/schemas/event"
	"andon/schemas/exception"
	"andon/schemas/journal"
)

// Rerun runs beats that the journal tells of again, from an empty engine on, and keeps what came of each to be looked at. It is for one goroutine.
type Rerun struct{ lane }

// NewRerun begins a lane with an empty engine.
func NewRerun(id Lane, engine Engine) *Rerun {
	return &Rerun{lane{id: id, engine: engine, desk: new(desk)}}
}

// Redone is what came of a beat that was run again. It is valid until the next.
type Redone struct {
	Entry      journal.Entry // what it comes to: Start, End, Counts and Outputs; the rest is blank
	Items      []beat.Item   // one for each record, side first
	Exceptions []exception.Exception
	Outputs    []Output // of what was judged: exceptions, tombstones, costs, in the order they are written
	Wrong      string   // why it cannot be run as the journal tells it, in words; then there is nothing else, and no beat may follow
}

// Beat runs the beat of an entry over its records, those of andon.control first, and makes it final.
func (r *Rerun) Beat(e *journal.Entry, controls []control.Record, side, input []Record) Redone {
	r.controls, r.side.records, r.input.records = controls, side, input
	return r.rerun(e)
}

// rerun runs the beat of an entry again over the records at hand and makes it final.
func (l *lane) rerun(e *journal.Entry) Redone {
	l.decode()
	if i := l.skipDead(e.DeadLettered); i >= 0 {
		record, of := l.record(i)
		return Redone{Wrong: fmt.Sprintf("record %d (side: %t) cannot be judged now (%s), and the journal says that it was", record.Offset, of, l.rejects[i].reason)}
	}
	stepped := l.engine.Step(beat.Batch{Control: l.controls, Items: l.items, End: e.End, Disarm: e.Disarmed})
	replies := journal.Unfold(e.Replies)
	if len(stepped.Requests) != len(replies) {
		return Redone{Wrong: fmt.Sprintf("it asks models %d questions, the journal has %d answers", len(stepped.Requests), len(replies))}
	}
	settled := l.engine.Settle(replies)
	if refused := refusals(stepped, settled); stepped.Items != len(l.items) || refused > 0 {
		return Redone{Wrong: fmt.Sprintf("%d of its %d records are folded and %d refused", stepped.Items, len(l.items), refused)}
	}
	done := Redone{Entry: journal.Entry{Start: stepped.Start, End: stepped.End, Counts: stepped.Counts}, Items: l.items, Exceptions: settled.Exceptions}
	for i := range l.items {
		if record, _ := l.record(i); record.Unreadable { // one item, and as many records as it has offsets
			n := record.Next - record.Offset - 1
			done.Entry.Counts.Add(beat.Counts{Read: n, DeadLettered: n})
		}
	}
	done.Entry.Outputs = l.out.judged(&Outcome{Exceptions: settled.Exceptions, Forgotten: settled.Forgotten, Verdicts: settled.Verdicts, Costs: settled.Costs})
	done.Outputs = l.out.list
	l.engine.Keep()
	return done
}

// Bridge folds records of which the journal does not tell how they were cut into beats, and moves the lane's time to end. It returns what came of
// it, in order, to keep; false when the engine refused some of it, and then no beat may follow.
func (r *Rerun) Bridge(side, input []Record, end event.Micros) (all []Output, ok bool) {
	r.side.records, r.input.records = side, input
	r.decode()
	for items := r.items; ; {
		stepped := r.engine.Step(beat.Batch{Items: items, End: end})
		settled := r.engine.Settle(nil)
		if len(stepped.Requests)+refusals(stepped, settled) > 0 {
			r.engine.Undo()
			return all, false
		}
		r.out.judged(&Outcome{Exceptions: settled.Exceptions, Forgotten: settled.Forgotten, Verdicts: settled.Verdicts, Costs: settled.Costs})
		for _, o := range r.out.list {
			all = append(all, Output{o.Topic, bytes.Clone(o.Key), bytes.Clone(o.Value)})
		}
		r.engine.Keep()
		items = items[stepped.Items:]
		if due := r.engine.Due(); len(items) == 0 && (due == 0 || due > stepped.End) {
			return all, true
		}
	}
}

// Settings names the settings in force after the last beat.
func (r *Rerun) Settings() string { return r.engine.Settings() }

// Record is the record of item i of the last beat, and whether it is a side record.
func (r *Rerun) Record(i int) (record *Record, side bool) { return r.record(i) }

func refusals(stepped beat.Stepped, settled beat.Settled) int {
	return len(stepped.Rejected) + len(stepped.Disarmed) + len(settled.Poisoned) + len(settled.Disarm)
}
