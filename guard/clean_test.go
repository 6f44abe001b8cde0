package guard

import (
	"sync"
	"testing"

	"andon/schemas/control"
	"andon/schemas/event"
)

// learned is a world whose guard has learned what is usual.
var learned = sync.OnceValue(func() *world {
	w := newWorld(1)
	w.run(start + 3*week + event.Day)
	return w
})

// Clean traffic of thirty days after three weeks of learning. By the null distribution ten tests on two of three hourly windows trip 0.26 times a year;
// here are seven tests on shorter windows: 0.05 trips in 30 days. The CUSUM of labels crosses once in 6,000 and more.
func TestCleanTrafficTripsNothing(t *testing.T) {
	w := learned().goesOn(100)
	if ref := w.watch().reference; !ref.values.done(w.at) || !ref.rates.done(w.at) || len(ref.cells) != 168 || ref.values.windows < leastWindows {
		t.Fatalf("after three weeks: %d windows, %d cells", ref.values.windows, len(ref.cells))
	}
	from := w.at
	w.run(from + 30*event.Day)
	t.Logf("30 days, %d judgements, %d labels, %d windows: %d trips, %d alerts", w.events, w.labels, w.windows, opened(w.out), len(w.alerts))
	for _, r := range w.out {
		if r.Guard.State == control.Open {
			t.Errorf("%s %s: %v over %v", r.Guard.Signal, r.Note, r.Guard.Statistic, r.Guard.Threshold)
		}
		if r.Version = 1; r.Check() != nil {
			t.Fatalf("a record that does not hold: %v", r.Check())
		}
	}
	for _, a := range w.alerts {
		t.Errorf("told: %+v", a)
	}
}

// While it is closed and hears golden rows the record of a guard is prolonged before it ends.
func TestARecordIsProlonged(t *testing.T) {
	w := newWorld(3)
	w.run(start + 6*event.Hour)
	valid := start + 10*event.Minute
	for _, r := range w.out {
		if r.Guard.ValidUntil <= valid || r.Guard.State != control.Closed {
			t.Fatalf("%+v", r.Guard)
		}
		valid = r.Guard.ValidUntil
	}
	if n := len(w.out); n < 10 || n > 14 || valid < w.at {
		t.Errorf("%d records in 6 hours, the last holds until %s, it is %s", n, valid, w.at)
	}
}
