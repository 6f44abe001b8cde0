package main

import (
	"sync/atomic"

	"andon/pipeline"
	"andon/schemas/beat"
	"andon/schemas/event"
	"andon/schemas/exception"
)

// idle is an engine that only counts: what is left of the line without detection.
type idle struct{ time event.Micros }

func (e *idle) Step(b beat.Batch) (st beat.Stepped) {
	st.Start, st.Items = e.time, len(b.Items)
	for i := range b.Items {
		switch it := &b.Items[i]; {
		case it.Skip:
			st.Counts.Read++
			st.Counts.DeadLettered++
		case it.Event.Type == event.ClockTick:
			st.Counts.Ticks++
			e.time = max(e.time, it.Event.Time)
		default:
			st.Counts.Read++
			st.Counts.Done++
		}
	}
	st.End = e.time
	return st
}

func (e *idle) Settle([]beat.Reply) (st beat.Settled)       { return st }
func (e *idle) Keep()                                       {}
func (e *idle) Undo()                                       {}
func (e *idle) Freeze()                                     {}
func (e *idle) Frozen(dst []byte, _ int) (_ []byte, _ bool) { return dst, true }
func (e *idle) Adopt([]exception.Exception)                 {}
func (e *idle) Load([]byte, bool) error                     { return nil }
func (e *idle) Settings() string                            { return "" }
func (e *idle) Due() event.Micros                           { return 0 }
func (e *idle) Size() (s beat.Size)                         { return s }

// tally is what the engines of a run have done for good.
type tally struct{ events, exceptions, costs atomic.Int64 }

// counted is an engine that tells what it did once that is final.
type counted struct {
	pipeline.Engine
	family event.Family
	of     *tally

	events            int64 // of the beat under way, as the next two
	exceptions, costs int64
	size              atomic.Pointer[beat.Size]
}

func (c *counted) Step(b beat.Batch) beat.Stepped {
	st := c.Engine.Step(b)
	c.events = st.Counts.Read
	return st
}

func (c *counted) Settle(replies []beat.Reply) beat.Settled {
	st := c.Engine.Settle(replies)
	c.exceptions, c.costs = int64(len(st.Exceptions)), int64(len(st.Costs))
	return st
}

func (c *counted) Keep() {
	c.Engine.Keep()
	c.of.exceptions.Add(c.exceptions)
	c.of.costs.Add(c.costs)
	size := c.Engine.Size()
	c.size.Store(&size)
	c.of.events.Add(c.events) // last: who waits for events finds the rest
}
