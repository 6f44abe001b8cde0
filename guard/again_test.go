package guard_test

import (
	"testing"

	"andon/guard"
	"andon/schemas/control"
	"andon/schemas/event"
	"andon/schemas/verdict"
)

// Judgements from before a person closed the guard, which are computed again only afterwards, are of a matter that is over.
func TestWhatIsOverIsComputedTooLate(t *testing.T) {
	g := guard.New(nil, false)
	at := event.MinTime + 36*365*event.Day
	g.Control(at, &control.Record{Kind: control.KindPolicy, Policy: &control.Policy{Code: "CA-05", Mode: verdict.Live, Bundle: "m@1", ThresholdBP: 5000}})
	differ := func(from event.Micros, n int) (records int) {
		for i := range n {
			g.Computed(from+event.Micros(i)*event.Second, "CA-05", "m@1", []float64{1}, []float64{2})
		}
		return len(g.Take().Records)
	}
	if n := differ(at, 11); n != 1 {
		t.Fatalf("%d records of the first eleven", n)
	}
	differ(at+event.Minute, 8)
	closed := at + 2*event.Hour
	g.Control(closed, &control.Record{Kind: control.KindGuard, Author: "ada", Guard: &control.Guard{Code: "CA-05", Bundle: "m@1", State: control.Closed, ChangedAt: closed}})
	if n := differ(at+event.Hour, 20); n != 0 {
		t.Errorf("%d records of what is over", n)
	}
	if n := differ(closed, 11); n != 1 {
		t.Errorf("%d records of what came after", n)
	}
}
