package history

import (
	"iter"

	"andon/schemas/event"
)

// The steps and lateness of the two kinds of history. No record of one arrives later than its lateness after it happened.
const (
	ImportStep       = 6 * event.Hour
	ImportLateness   = 48 * event.Hour
	SimulateStep     = event.Minute
	SimulateLateness = 2 * event.Hour
)

// Tail is how far the last tick lies after the latest instant any record speaks of: longer than any rule waits.
const Tail = 90 * event.Day

// Ticked yields the records, which come in arrival order, with ticks put in. A tick is one record on each of the partitions of all three
// families. It comes each time the highest event time so far enters another step, and says that time has passed that step's beginning less
// the lateness; several steps skipped at once need one tick. The last tick passes every due time.
func Ticked(records iter.Seq[Record], partitions int32, step, lateness event.Micros) iter.Seq[Record] {
	return func(yield func(Record) bool) {
		var high, latest, at event.Micros
		for r := range records {
			if !yield(r) {
				return
			}
			before := high / step
			high, latest, at = max(high, r.EventTime), max(latest, r.Latest), max(at, r.At)
			if high/step > before && !tick(high/step*step-lateness, at, partitions, yield) {
				return
			}
		}
		if latest > 0 {
			tick(min(latest+Tail, event.MaxTime-1), at, partitions, yield)
		}
	}
}

func tick(passed, at event.Micros, partitions int32, yield func(Record) bool) bool {
	e := event.Event{Type: event.ClockTick, Time: passed}
	value := event.Append(nil, &e)
	for _, family := range event.Families {
		for p := range partitions {
			if !yield(Record{Family: family, Value: value, At: at, Partition: p, EventTime: passed, Latest: passed}) {
				return false
			}
		}
	}
	return true
}

// IsTick reports whether the record is one that Ticked put in.
func (r *Record) IsTick() bool { return r.Partition != ByKey }
