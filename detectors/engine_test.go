package detectors_test

import (
	"fmt"
	"strings"
	"testing"

	"andon/detectors"
	"andon/detectors/rule"
	"andon/detectors/setting"
	"andon/detectors/timeline"
	"andon/schemas/beat"
	"andon/schemas/event"
)

func newEngine(t *testing.T, family event.Family, s setting.Settings) *detectors.Engine {
	t.Helper()
	e, err := detectors.New(family, s)
	if err != nil {
		t.Fatal(err)
	}
	return e
}

func parcel(n int, promise event.Micros) beat.Item {
	e := event.Event{
		ID: fmt.Sprint("m", n), Tenant: event.DefaultTenant, Type: event.ShipmentManifested, Time: start, Carrier: "ACME",
		TrackingNo: fmt.Sprintf("T%06d", n), PromiseDeliverBy: promise, Content: uint64(n),
	}
	return beat.Item{Event: e, At: start}
}

// A rule that panics costs the one event, or the one timer, and nothing else.
func TestRulePanics(t *testing.T) {
	all := rule.All
	defer func() { rule.All = all }()
	rule.All = append(rule.All[:len(all):len(all)], &rule.Rule{Code: "XX-01", Family: event.Carrier, Judge: func(c *rule.Context, out *rule.Verdicts) {
		for _, f := range c.Facts {
			if f.Status == event.Damaged {
				panic("a damaged parcel")
			}
		}
		if c.Now > start+20*event.Day {
			panic("an old parcel")
		}
	}})
	e := newEngine(t, event.Carrier, setting.Settings{Clock: setting.Log})
	bad := parcel(1, 0)
	bad.Event.ID, bad.Event.Type, bad.Event.Status = "bad", event.CarrierScan, event.Damaged
	st := e.Step(beat.Batch{Items: []beat.Item{parcel(1, start+30*event.Day), bad, parcel(2, start+event.Day)}})
	if len(st.Rejected) != 1 || st.Rejected[0].Index != 1 || st.Rejected[0].Reason != event.RulePanic || !strings.Contains(st.Rejected[0].Detail, "a damaged parcel") {
		t.Fatalf("rejected %+v", st.Rejected)
	}
	if st.Counts.Done != 2 || st.Counts.DeadLettered != 1 || !st.Counts.Balanced() {
		t.Errorf("counts %+v", st.Counts)
	}
	e.Settle(nil)
	e.Keep()

	again := beat.Batch{Items: []beat.Item{tick(start + 40*event.Day)}}
	st = e.Step(again)
	if len(st.Disarmed) != 1 || st.Disarmed[0].Subject != "ACME/T000001" {
		t.Fatalf("disarmed %+v", st.Disarmed)
	}
	changes := len(e.Settle(nil).Exceptions)
	e.Undo()

	// Told which timers to leave alone, the beat comes out the same without a panic.
	again.Disarm = []beat.Timer{st.Disarmed[0].Timer}
	if st = e.Step(again); len(st.Disarmed) != 0 || len(e.Settle(nil).Exceptions) != changes {
		t.Errorf("run again: %+v", st)
	}
	e.Keep()
	if e.Due() != 0 {
		t.Error("a disarmed timer is armed")
	}
}

// With the log's clock time moves by ticks alone: never back, and not by one that was put aside.
func TestWhatMovesTime(t *testing.T) {
	e := newEngine(t, event.Carrier, setting.Settings{Clock: setting.Log})
	aside, later := tick(start+9*event.Day), parcel(1, start+event.Day)
	aside.Skip = true
	later.At, later.Event.Time = start+9*event.Day, start+9*event.Day
	for i, it := range []beat.Item{tick(start), aside, later, tick(start - event.Day)} {
		if st := e.Step(beat.Batch{Items: []beat.Item{it}}); st.End != start {
			t.Errorf("record %d moves the lane to %s", i, st.End)
		}
		e.Settle(nil)
		e.Keep()
	}
}

// More timers than a beat fires: it ends, the record waits, and the next beats fire the rest in the same order.
func TestTooManyTimersEndTheBeat(t *testing.T) {
	const parcels = 25_000
	e := newEngine(t, event.Carrier, setting.Settings{Clock: setting.Log})
	var items []beat.Item
	for n := range parcels {
		items = append(items, parcel(n, start+event.Micros(n%7)*event.Hour))
	}
	if st := e.Step(beat.Batch{Items: items}); st.Items != parcels {
		t.Fatalf("%d items", st.Items)
	}
	e.Settle(nil)
	e.Keep()
	waiting := []beat.Item{tick(start + 12*event.Hour), parcel(parcels, start+event.Day)}
	var opened []string
	var beats int
	for ; len(waiting) > 0 || e.Due() != 0 && e.Due() <= start+12*event.Hour; beats++ {
		st := e.Step(beat.Batch{Items: waiting})
		for _, x := range e.Settle(nil).Exceptions {
			opened = append(opened, fmt.Sprintf("%d %s", x.OpenedAt, x.Subject))
		}
		e.Keep()
		waiting = waiting[st.Items:]
	}
	if len(opened) != parcels || beats != 3 {
		t.Fatalf("%d opened in %d beats", len(opened), beats)
	}
	for i := 1; i < len(opened); i++ {
		if opened[i] < opened[i-1] {
			t.Fatalf("%s after %s", opened[i], opened[i-1])
		}
	}
}

// With the wall clock an event from the future is judged at its record's time, and never moves time.
func TestEventFromTheFuture(t *testing.T) {
	e := newEngine(t, event.Carrier, setting.Settings{Clock: setting.Wall})
	late := parcel(1, start+event.Day)
	delivered := parcel(1, 0)
	delivered.Event.ID, delivered.Event.Type, delivered.Event.Status = "d", event.CarrierScan, event.Delivered
	delivered.Event.Time, delivered.At = start+300*event.Day, start+2*event.Hour
	st := e.Step(beat.Batch{Items: []beat.Item{late, delivered}})
	if st.Skewed != 1 || st.End != start+2*event.Hour {
		t.Errorf("skewed %d, lane at %s", st.Skewed, st.End)
	}
	if x := e.Settle(nil).Exceptions; len(x) != 0 {
		t.Errorf("a delivery within its promise raised %+v", x)
	}
}

func TestFullTimelineRefuses(t *testing.T) {
	e := newEngine(t, event.PickPack, setting.Settings{Clock: setting.Log})
	var refused, folded int64
	for n := 0; refused == 0; n++ {
		line := strings.Repeat("x", event.MaxStringBytes-20) + fmt.Sprint(n)
		ev := event.Event{ID: fmt.Sprint(n), Type: event.PickConfirmed, Tenant: "t", FulfilmentID: "F", Line: line, Time: start, Content: uint64(n)}
		st := e.Step(beat.Batch{Items: []beat.Item{{Event: ev, At: start}}})
		e.Settle(nil)
		e.Keep()
		folded += st.Counts.Done
		refused += st.Counts.DeadLettered
		if refused > 0 && st.Rejected[0].Reason != event.EntityFull {
			t.Fatalf("%+v", st.Rejected)
		}
	}
	if size := e.Size().StateBytes; size > timeline.MaxBytes || folded < 60 {
		t.Errorf("%d events in %d bytes", folded, size)
	}
}

func TestSettingsAreChecked(t *testing.T) {
	for want, s := range map[string]setting.Settings{
		"settings.clock":                    {Clock: "sun"},
		`there is no code "CA-99"`:          {Clock: setting.Log, Rules: map[string]map[string]int64{"CA-99": nil}},
		`CA-04: there is no setting "grac"`: {Clock: setting.Log, Rules: map[string]map[string]int64{"CA-04": {"grac": 1}}},
		"CA-04.grace_s: -1 is not":          {Clock: setting.Log, Rules: map[string]map[string]int64{"CA-04": {"grace_s": -1}}},
		"sources[0].family":                 {Clock: setting.Log, Sources: []setting.Source{{Family: "road"}}},
		"sources[0].statuses":               {Clock: setting.Log, Sources: []setting.Source{{Family: "carrier", Statuses: []string{"GONE"}}}},
	} {
		if _, err := detectors.New(event.Carrier, s); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("want %q, got %v", want, err)
		}
	}
}
