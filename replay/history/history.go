// Package history writes the past: encoded events in the order they arrived, with the clock.tick records that let time pass in a log. Data
// sets, the simulator and the tests write through it, so that a detector reads all of them alike.
package history

import (
	"andon/schemas/event"
)

// Record is one record of a family's topic. It is not changed after New.
type Record struct {
	Family    event.Family
	Key       string       // empty for ticks
	Value     []byte       // the event as JSON
	At        event.Micros // when it arrived: the broker timestamp
	Partition int32        // ByKey, or set explicitly for ticks

	EventTime event.Micros // when it happened
	Latest    event.Micros // the latest instant the event speaks of: its own time, or a promise, ship-by or ETA after it
}

// ByKey as a partition leaves the choice to the key.
const ByKey int32 = -1

// usualBytes is what most encoded events fit in.
const usualBytes = 512

// New encodes an event that arrived at an instant. The event is not kept.
func New(family event.Family, e *event.Event, at event.Micros) Record {
	return Record{
		Family: family, Key: e.Key(family), Value: event.Append(make([]byte, 0, usualBytes), e), At: at, Partition: ByKey,
		EventTime: e.Time, Latest: max(e.Time, e.PromiseDeliverBy, e.ShipBy, e.ETA),
	}
}

// On is the partition of the record on a topic of n partitions.
func (r *Record) On(n int32) int32 {
	if r.Partition != ByKey {
		return r.Partition
	}
	return Partition(r.Key, n)
}
