package exception

import (
	"math"
	"testing"
)

// The two worked examples of the domain reference: one parcel predicted late, and a departure of 900 of them.
func TestScoreExamples(t *testing.T) {
	for _, c := range []struct {
		what                  string
		cost                  int64
		p, avoidable, urgency int32
		score                 int64
		priority              Priority
	}{
		{"one parcel: goodwill 800, contact 240, cancel or reship 877", 800 + 240 + 877, 7000, 4000, 4000, 214, P4},
		{"900 parcels at the cut-off", 900 * (800 + 240 + 877), 9000, 8000, 5000, 621_108, P1},
		{"the most that can be said", math.MaxInt64, 10_000, 10_000, 10_000, math.MaxInt64, P1},
		{"nothing at risk", 0, 10_000, 5000, 8000, 0, P4},
	} {
		score := Score(c.cost, c.p, c.avoidable, c.urgency)
		if score != c.score || PriorityOf(&score, Minor) != c.priority {
			t.Errorf("%s: %d, %s; want %d, %s", c.what, score, PriorityOf(&score, Minor), c.score, c.priority)
		}
	}
}

func TestUrgency(t *testing.T) {
	const hour = 3600
	for _, c := range []struct {
		slack, half int64
		recoverable bool
		want        int32
	}{
		{0, 4 * hour, true, 8000}, {-5, 4 * hour, false, 2000}, {1, 4 * hour, true, 9999}, {4 * hour, 4 * hour, true, 5000},
		{12 * hour, 4 * hour, false, 2500}, {1000 * hour, 4 * hour, true, 500}, {math.MaxInt64 / 2, 8 * hour, true, 500},
	} {
		if got := UrgencyBP(c.slack, c.half, c.recoverable); got != c.want {
			t.Errorf("slack %d s, half %d s, recoverable %t: %d, want %d", c.slack, c.half, c.recoverable, got, c.want)
		}
	}
}

// An unknown cost has no score; the severity says where the exception stands.
func TestPriorityOfUnknownScore(t *testing.T) {
	for s, want := range map[Severity]Priority{Critical: P1, Major: P3, Minor: P4} {
		if got := PriorityOf(nil, s); got != want {
			t.Errorf("%s: %s, want %s", s, got, want)
		}
	}
}
