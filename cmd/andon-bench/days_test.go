package main

import (
	"testing"

	"andon/schemas/event"
)

// A day told again is the same day later: its records state what they say, come in order, and no two are one tenant's same event of another day.
func TestRepeatedDaysAreDays(t *testing.T) {
	var e event.Event
	var at event.Micros
	tenants := map[string]int{}
	n := 0
	for r := range repeated(1, 100, firstDay) {
		if n++; n > 8000 {
			break
		}
		if err := event.Decode(r.Family, []byte(r.Key), r.Value, &e); err != nil {
			t.Fatalf("%s: %v", r.Value, err)
		}
		if e.Time != r.EventTime || max(e.Time, e.PromiseDeliverBy, e.ShipBy, e.ETA) != r.Latest || r.At < at || r.At < e.Time {
			t.Fatalf("at %s after %s, of %s, latest %s: %s", r.At, at, r.EventTime, r.Latest, r.Value)
		}
		at = r.At
		tenants[e.Tenant]++
	}
	if len(tenants) < 4 || at < firstDay+3*event.Day {
		t.Errorf("by %s: %v", at, tenants)
	}
}
