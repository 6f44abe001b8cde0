package main

import (
	"sync/atomic"

	"andon/schemas/beat"
	"andon/schemas/event"

	"andon/pipeline"
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

func (e *idle) Settle([]beat.Reply) (st beat.Settled) { return st }
func (e *idle) Keep()                                 {}
func (e *idle) Undo()                                 {}
func (e *idle) Due() event.Micros                     { return 0 }
func (e *idle) Size() (s beat.Size)                   { return s }

// counted tells how many events the engines of a run have folded for good.
type counted struct {
	pipeline.Engine
	beat   int64
	raised int64
	total  *atomic.Int64
	found  *atomic.Int64
	size   atomic.Pointer[beat.Size]
}

func (c *counted) Step(b beat.Batch) beat.Stepped {
	st := c.Engine.Step(b)
	c.beat = st.Counts.Read
	return st
}

func (c *counted) Settle(replies []beat.Reply) beat.Settled {
	st := c.Engine.Settle(replies)
	c.raised = int64(len(st.Exceptions))
	return st
}

func (c *counted) Keep() {
	c.Engine.Keep()
	c.total.Add(c.beat)
	c.found.Add(c.raised)
	size := c.Engine.Size()
	c.size.Store(&size)
}
