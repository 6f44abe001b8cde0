package main

import (
	"context"
	"fmt"
	"iter"
	"slices"

	"andon/replay/history"
	"andon/replay/simulate"
	"andon/schemas/event"
)

// days yields simulated days that follow on one another, endlessly, merged by arrival: pickers work on one day's orders while the parcels of the
// days before travel. Each day has a seed and a tenant of its own, because the simulator names a day's orders from one on. A record's memory is
// the receiver's.
func days(seed uint64, orders int, start event.Micros) iter.Seq[history.Record] {
	return merged(start, func(number int) (func() (history.Record, bool), func()) {
		d := tellDay(simulate.Config{Seed: seed + uint64(number), Orders: orders, Start: start + event.Micros(number)*event.Day}, number)
		return d.next, d.end
	})
}

// merged yields the records of one day after the other by arrival. begin opens a day: next gives its records in order, end lets it go.
func merged(start event.Micros, begin func(number int) (next func() (history.Record, bool), end func())) iter.Seq[history.Record] {
	return func(yield func(history.Record) bool) {
		var open []*openDay
		defer func() {
			for _, d := range open {
				d.end()
			}
		}()
		for begun := 0; ; {
			if len(open) == 0 || open[earliest(open)].head.At >= start+event.Micros(begun)*event.Day {
				d := &openDay{}
				d.next, d.end = begin(begun)
				open = d.advance(append(open, d))
				begun++
				continue
			}
			d := open[earliest(open)]
			r := d.head
			open = d.advance(open)
			if !yield(r) {
				return
			}
		}
	}
}

// openDay is a day half told, and its next record.
type openDay struct {
	head history.Record
	next func() (history.Record, bool)
	end  func()
}

// advance goes on to the day's next record; a day that is over leaves the open ones.
func (d *openDay) advance(open []*openDay) []*openDay {
	var more bool
	if d.head, more = d.next(); more {
		return open
	}
	d.end()
	return slices.DeleteFunc(open, func(x *openDay) bool { return x == d })
}

func earliest(open []*openDay) (first int) {
	for i := range open {
		if open[i].head.At < open[first].head.At {
			first = i
		}
	}
	return first
}

// tellingDay is a day that a goroutine of its own makes up, some records ahead.
type tellingDay struct {
	ahead chan []history.Record
	batch []history.Record
	end   context.CancelFunc
}

// batchRecords is how many records a day is made up at a time.
const batchRecords = 500

func tellDay(c simulate.Config, number int) *tellingDay {
	ctx, end := context.WithCancel(context.Background())
	d := &tellingDay{ahead: make(chan []history.Record, 4), end: end}
	go d.tell(ctx, c, tenantOf(number))
	return d
}

// tenantOf begins a record of a day.
func tenantOf(day int) string { return fmt.Sprintf(`{"tenant":"day-%04d",`, day) }

// tell makes the day up as that of a tenant.
func (d *tellingDay) tell(ctx context.Context, c simulate.Config, tenant string) {
	defer close(d.ahead)
	batch := make([]history.Record, 0, batchRecords)
	pass := func() {
		select {
		case d.ahead <- batch:
			batch = make([]history.Record, 0, batchRecords)
		case <-ctx.Done():
		}
	}
	records, _ := simulate.Day(c)
	for r := range records {
		value := make([]byte, 0, len(tenant)+len(r.Value))
		r.Value = append(append(value, tenant...), r.Value[1:]...) // an event has members of its own
		if batch = append(batch, r); len(batch) == batchRecords {
			pass()
		}
		if ctx.Err() != nil {
			return
		}
	}
	pass()
}

// next is the next record; false when the day is over.
func (d *tellingDay) next() (r history.Record, more bool) {
	if len(d.batch) == 0 {
		d.batch = <-d.ahead
	}
	if len(d.batch) == 0 {
		return r, false
	}
	r, d.batch = d.batch[0], d.batch[1:]
	return r, true
}
