package main

import (
	"iter"
	"regexp"

	"andon/replay/history"
	"andon/replay/simulate"
	"andon/schemas/event"
)

// repeated yields one simulated day again and again, merged as days merges them: each time a day later and as another tenant's. To make a day up
// anew costs more than to judge it; this costs next to nothing, but for the memory of one day.
func repeated(seed uint64, orders int, start event.Micros) iter.Seq[history.Record] {
	records, _ := simulate.Day(simulate.Config{Seed: seed, Orders: orders, Start: start})
	var told []datedRecord
	for r := range records {
		told = append(told, dated(r))
	}
	dates := laterDates{}
	return merged(start, func(number int) (func() (history.Record, bool), func()) {
		at := 0
		return func() (r history.Record, more bool) {
			if at == len(told) {
				return r, false
			}
			at++
			return told[at-1].later(number, dates), true
		}, func() {}
	})
}

// datedRecord is a record with a tenant's name before its members, and where dates stand in it.
type datedRecord struct {
	history.Record
	dates [maxDates]int16 // offsets; 0: no more
}

// maxDates is how many instants an event states at most.
const maxDates = 4

// date is the date of an instant that a member has as its value.
var date = regexp.MustCompile(`":"(20[0-9]{2}-[0-9]{2}-[0-9]{2})T`)

const dateBytes = len("2026-06-01")

func dated(r history.Record) (d datedRecord) {
	d.Record = r
	d.Value = append([]byte(tenantOf(0)), r.Value[1:]...) // an event has members of its own
	for i, found := range date.FindAllSubmatchIndex(d.Value, maxDates) {
		d.dates[i] = int16(found[2])
	}
	return d
}

// later is the record so many days later, in memory of its own.
func (d *datedRecord) later(days int, dates laterDates) history.Record {
	r := d.Record
	by := event.Micros(days) * event.Day
	r.At, r.EventTime, r.Latest = r.At+by, r.EventTime+by, r.Latest+by
	r.Value = make([]byte, len(d.Value))
	copy(r.Value, d.Value)
	copy(r.Value, tenantOf(days))
	for _, at := range d.dates {
		if at == 0 {
			break
		}
		text := r.Value[at : int(at)+dateBytes]
		copy(text, dates.of(string(text), days))
	}
	return r
}

// laterDates are dates so many days later. Few are asked for, so each is worked out once.
type laterDates map[datePlus]string

type datePlus struct {
	text string
	days int
}

func (l laterDates) of(text string, days int) string {
	key := datePlus{text, days}
	if known, ok := l[key]; ok {
		return known
	}
	t, err := event.ParseTime(text + "T00:00:00Z")
	if err != nil {
		panic("andon-bench: " + err.Error()) // an event was encoded with it
	}
	l[key] = (t + event.Micros(days)*event.Day).String()[:dateBytes]
	return l[key]
}
