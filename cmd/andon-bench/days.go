package main

import (
	"fmt"
	"iter"

	"andon/replay/history"
	"andon/replay/simulate"
	"andon/schemas/event"
)

// days yields simulated days that follow on one another, endlessly, merged by arrival: pickers work on one day's orders while the parcels of the
// days before travel. Each day has a seed and a tenant of its own, because the simulator names a day's orders from one on. A record's memory is
// the receiver's.
func days(seed uint64, orders int, start event.Micros) iter.Seq[history.Record] {
	return func(yield func(history.Record) bool) {
		var open []*tellingDay
		defer func() {
			for _, d := range open {
				d.stop()
			}
		}()
		for begun := 0; ; {
			if next := start + event.Micros(begun)*event.Day; len(open) == 0 || open[earliest(open)].head.At >= next {
				if d := tellDay(simulate.Config{Seed: seed + uint64(begun), Orders: orders, Start: next}, begun); d != nil {
					open = append(open, d)
				}
				begun++
				continue
			}
			i := earliest(open)
			if !yield(open[i].take()) {
				return
			}
			if open[i].over {
				open = append(open[:i], open[i+1:]...)
			}
		}
	}
}

// tellingDay is a day half told.
type tellingDay struct {
	head   history.Record // the next one
	over   bool
	tenant string // as the first member of a record
	pull   func() (history.Record, bool)
	stop   func()
}

// tellDay is nil for a day without records.
func tellDay(c simulate.Config, number int) *tellingDay {
	records, _ := simulate.Day(c)
	d := &tellingDay{tenant: fmt.Sprintf(`{"tenant":"day-%d",`, number)}
	d.pull, d.stop = iter.Pull(records)
	d.next()
	if d.over {
		return nil
	}
	return d
}

func (d *tellingDay) next() {
	r, ok := d.pull()
	d.head, d.over = r, !ok
}

// take returns the head as the day's tenant's and goes on.
func (d *tellingDay) take() history.Record {
	r := d.head
	value := make([]byte, 0, len(d.tenant)+len(r.Value))
	r.Value = append(append(value, d.tenant...), r.Value[1:]...) // an event has members of its own
	d.next()
	return r
}

func earliest(open []*tellingDay) (first int) {
	for i := range open {
		if open[i].head.At < open[first].head.At {
			first = i
		}
	}
	return first
}
