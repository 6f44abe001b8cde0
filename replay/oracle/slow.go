package oracle

import (
	"math"
	"strconv"

	"andon/schemas/event"
)

// slow: PI-05, for each confirmed pick of which it is known when it began and what is usual.
func (s *story) slow() {
	for _, r := range s.of(event.PickConfirmed) {
		span, ok := s.worked(r)
		usual, known := s.took(r.QtyMilli)
		if !ok || !known || span <= s.span("PI-05", "least_s", 120) {
			continue
		}
		z := 6745 * (ln(int64(span/1000)) - ln(usual.MedianMS)) / (10 * usual.DeviationMicro)
		if z <= s.setting("PI-05", "z_milli", 3_500) {
			continue
		}
		want, got := usual.MedianMS/1000, int64(span/event.Second)
		s.report("PI-05", episode("line", r.Line, "event", strconv.FormatUint(event.IDHash(r.ID), 16)),
			Exception{OpenedAt: r.Time, Expected: want, Observed: got, Delta: max(0, got-want)})
	}
}

// ln is a logarithm in millionths.
func ln(n int64) int64 { return int64(math.Round(1e6 * math.Log(float64(max(1, n))))) }

// worked is how long a pick took: since its task, or else its line, was last started or picked; else its share of the time since anything was.
func (s *story) worked(r fact) (event.Micros, bool) {
	if at, ok := s.own(r); ok {
		return r.Time - at, true
	}
	var before event.Micros
	found, sharing := false, event.Micros(0)
	for _, o := range s.of(event.PickStarted, event.PickConfirmed, event.PickShorted) {
		if o.Time < r.Time {
			before, found = o.Time, true
		}
		if o.Time == r.Time && o.Type == event.PickConfirmed {
			if _, own := s.own(o); !own {
				sharing++
			}
		}
	}
	if !found {
		return 0, false
	}
	return (r.Time - before) / sharing, true
}

// own is when the task of a pick, or else its line, was last started by then or picked before.
func (s *story) own(r fact) (at event.Micros, ok bool) {
	of := func(same func(o fact) bool) {
		for _, o := range s.of(event.PickStarted, event.PickConfirmed, event.PickShorted) {
			if same(o) && (o.Time < r.Time || o.Time == r.Time && o.Type == event.PickStarted) {
				at, ok = o.Time, true
			}
		}
	}
	if of(func(o fact) bool { return r.TaskID != "" && o.TaskID == r.TaskID }); !ok {
		of(func(o fact) bool { return r.Line != "" && o.Line == r.Line })
	}
	return at, ok
}
