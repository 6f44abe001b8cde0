package detectors_test

import (
	"fmt"
	"slices"
	"testing"

	"andon/detectors/setting"
	"andon/schemas/beat"
	"andon/schemas/event"
	"andon/schemas/exception"

	"pgregory.net/rapid"
)

var forgetful = setting.Settings{Clock: setting.Log, Forget: setting.Forget{ClosedS: 10 * 86_400, OpenS: 45 * 86_400}}

func scan(n int, status event.Status, at event.Micros) beat.Item {
	it := parcel(n, 0)
	it.Event.ID, it.Event.Type, it.Event.Status = fmt.Sprintf("%s%d", status, n), event.CarrierScan, status
	it.Event.Time, it.At, it.Event.Content = at, at, event.IDHash(it.Event.ID)
	return it
}

// A delivered parcel is forgotten ten days after the later of its last event and its promise, one that went silent after 45; what was raised of
// them is let go of, and an event as old as that begins nothing anew.
func TestTimelinesEnd(t *testing.T) {
	e := newEngine(t, event.Carrier, forgetful)
	var raised, gone []exception.ID
	step := func(want string, items ...beat.Item) {
		t.Helper()
		st := e.Step(beat.Batch{Items: items})
		settled := e.Settle(nil)
		e.Keep()
		for _, x := range settled.Exceptions {
			if !slices.Contains(raised, x.ID) {
				raised = append(raised, x.ID)
			}
		}
		gone = append(gone, settled.Forgotten...)
		got := fmt.Sprintf("%d held, %d open, forgotten %d closed %d open, %d too late", e.Size().Entities, e.Size().Open, st.Forgotten.Closed, st.Forgotten.Open, st.Counts.TooLate)
		if got != want {
			t.Errorf("at %s: %s; want %s", st.End, got, want)
		}
	}
	day := func(n int) event.Micros { return start + event.Micros(n)*event.Day }
	step("3 held, 0 open, forgotten 0 closed 0 open, 0 too late", parcel(1, day(3)), parcel(2, day(20)), parcel(3, day(3)))
	step("3 held, 5 open, forgotten 0 closed 0 open, 0 too late", tick(day(5))) // none was scanned, of two the promise passed: CA-02 and CA-04
	step("3 held, 2 open, forgotten 0 closed 0 open, 0 too late", scan(1, event.Delivered, day(4)), scan(2, event.Delivered, day(4)))
	step("3 held, 3 open, forgotten 0 closed 0 open, 0 too late", tick(day(13))) // nothing was heard of the third for a week
	step("2 held, 3 open, forgotten 1 closed 0 open, 0 too late", tick(day(15)))
	step("2 held, 3 open, forgotten 0 closed 0 open, 1 too late", scan(1, event.Delivered, day(4)))
	step("1 held, 3 open, forgotten 1 closed 0 open, 0 too late", tick(day(31)))
	step("0 held, 0 open, forgotten 0 closed 1 open, 0 too late", tick(day(60)))
	slices.SortFunc(raised, func(a, b exception.ID) int { return slices.Compare(a[:], b[:]) })
	slices.SortFunc(gone, func(a, b exception.ID) int { return slices.Compare(a[:], b[:]) })
	if !slices.Equal(raised, gone) {
		t.Errorf("raised %s, let go of %s", raised, gone)
	}
	if size := e.Size(); size.StateBytes != 0 || e.Due() != 0 {
		t.Errorf("%+v is left, due %d", size, e.Due())
	}
}

// A beat in which timelines end is undone whole: run again it says the same, and what is remembered is the same.
func TestForgettingIsUndone(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		family := rapid.SampledFrom(event.Families[:]).Draw(t, "family")
		facts := events(t, family)
		items := arrive(facts, make([]event.Micros, len(facts)), func(int) event.Micros { return 0 })
		items = slices.Insert(items, len(items)/2, tick(start+20*event.Day))
		want, paid := runWith(t, family, forgetful, items, func() int { return 1 }, false)
		got, again := runWith(t, family, forgetful, items, func() int { return rapid.IntRange(1, 9).Draw(t, "beat") }, true)
		if a, b := fmt.Sprint(encode(want), pay(paid)), fmt.Sprint(encode(got), pay(again)); a != b {
			t.Fatalf("one by one:\n%s\nin beats:\n%s", a, b)
		}
	})
}

// Timers fire before the record that brings their time: a parcel whose time is up is forgotten, and what comes then begins anew.
func TestTimersFireBeforeTheRecord(t *testing.T) {
	s := forgetful
	s.Clock = setting.Wall
	e := newEngine(t, event.Carrier, s)
	st := e.Step(beat.Batch{Items: []beat.Item{parcel(1, 0), scan(1, event.Delivered, start+event.Day), scan(1, event.InTransit, start+40*event.Day)}})
	if st.Forgotten.Closed != 1 || st.Counts.Done != 3 || e.Size().Entities != 1 {
		t.Errorf("%+v, %d entities", st, e.Size().Entities)
	}
}

// lives folds items one by one and returns all that was said, and how many entities are held in the end.
func lives(t *testing.T, family event.Family, s setting.Settings, items ...beat.Item) (said []exception.Exception, gone []exception.ID, held int) {
	t.Helper()
	e := newEngine(t, family, s)
	for _, it := range items {
		e.Step(beat.Batch{Items: []beat.Item{it}})
		settled := e.Settle(nil)
		e.Keep()
		said, gone = append(said, settled.Exceptions...), append(gone, settled.Forgotten...)
	}
	return said, gone, e.Size().Entities
}

func despatch(id string, typ event.Type, at event.Micros, revision int32) beat.Item {
	e := event.Event{ID: id, Tenant: event.DefaultTenant, Type: typ, Time: at, DespatchID: "D", Revision: revision, SKU: "A", QtyMilli: 1000, Content: event.IDHash(id)}
	if typ == event.ASNDespatched {
		e.Lines = []event.Line{{Line: "1", SKU: "A", QtyMilli: 1000}}
	}
	return beat.Item{Event: e, At: at}
}

// An advice that was cancelled and sent anew is in force: its goods are waited for.
func TestCancelledRevisionEndsNothing(t *testing.T) {
	said, _, _ := lives(t, event.ASN, forgetful, despatch("a1", event.ASNDespatched, start, 1), despatch("c1", event.ASNCancelled, start+event.Hour, 1),
		despatch("a2", event.ASNDespatched, start+2*event.Hour, 2), tick(start+12*event.Day), despatch("r", event.ReceiptLine, start+12*event.Day, 0))
	for _, x := range said {
		t.Errorf("%s: %s", x.Code, x.Reasons)
	}
}

// A rule that waits for longer than the horizon is asked before the entity is forgotten.
func TestRulesAreAskedBeforeForgetting(t *testing.T) {
	short := setting.Settings{Clock: setting.Log, Forget: setting.Forget{ClosedS: 86_400, OpenS: 2 * 86_400}}
	said, gone, held := lives(t, event.Carrier, short, scan(1, event.Accepted, start), tick(start+30*event.Day))
	if len(said) != 1 || said[0].Code != "CA-13" || len(gone) != 1 || held != 0 {
		t.Errorf("%+v, forgotten %v, %d held", said, gone, held)
	}
}

// Neither a promise for the next century nor a timer that panicked keeps an entity for ever.
func TestNothingIsKeptForEver(t *testing.T) {
	if _, _, held := lives(t, event.Carrier, forgetful, parcel(1, event.MaxTime-event.Day), scan(1, event.Delivered, start), tick(start+60*event.Day)); held != 0 {
		t.Error("a parcel promised for the next century is held")
	}
	e := newEngine(t, event.Carrier, forgetful)
	e.Step(beat.Batch{Items: []beat.Item{scan(1, event.Accepted, start)}})
	e.Keep()
	e.Step(beat.Batch{Items: []beat.Item{tick(start + 400*event.Day)}, Disarm: []beat.Timer{{Tenant: event.DefaultTenant, Subject: "ACME/T000001", Due: e.Due()}}})
	if n := e.Size().Entities; n != 0 {
		t.Error("an entity whose timer panicked is held")
	}
}

// An entity that is forgotten and begins anew in one beat leaves its new exception, not a tombstone for it.
func TestBegunAnewInOneBeat(t *testing.T) {
	e := newEngine(t, event.ASN, forgetful)
	e.Step(beat.Batch{Items: []beat.Item{despatch("r1", event.ReceiptLine, start, 0), despatch("x1", event.ReceiptClosed, start, 0)}})
	e.Settle(nil)
	e.Keep()
	e.Step(beat.Batch{Items: []beat.Item{tick(start + 30*event.Day), despatch("r2", event.ReceiptLine, start+30*event.Day, 0)}})
	settled := e.Settle(nil)
	if len(settled.Exceptions) != 1 || slices.Contains(settled.Forgotten, settled.Exceptions[0].ID) {
		t.Errorf("%+v, forgotten %v", settled.Exceptions, settled.Forgotten)
	}
}

// Beats that are undone leave no trace among the timers.
func TestUndoKeepsOneTimer(t *testing.T) {
	e := newEngine(t, event.Carrier, forgetful)
	e.Step(beat.Batch{Items: []beat.Item{parcel(1, start+3*event.Day)}})
	e.Keep()
	for range 40 {
		e.Step(beat.Batch{Items: []beat.Item{scan(1, event.Accepted, start+event.Hour)}})
		e.Undo()
	}
	if n := e.Size().Timers; n > 2 {
		t.Errorf("%d timers", n)
	}
}

// What was silent for a week, and is scanned without end afterwards, was silent: what a timeline no longer holds is not taken back.
func TestThinnedSilenceStands(t *testing.T) {
	items := []beat.Item{scan(1, event.Accepted, start), scan(1, event.ArrivedFacility, start+9*event.Day)}
	for n := range 40 {
		it := scan(1, event.InTransit, start+10*event.Day+event.Micros(n)*event.Hour)
		it.Event.ID = fmt.Sprint("s", n)
		items = append(items, it)
	}
	said, _, _ := lives(t, event.Carrier, setting.Settings{Clock: setting.Log}, items...)
	if len(said) != 2 || said[1].State != exception.Cleared {
		t.Errorf("%+v", said)
	}
}

// What is at stake does not wrap around.
func TestStakesDoNotOverflow(t *testing.T) {
	advice := despatch("a", event.ASNDespatched, start, 0)
	line := event.Line{Line: "1", SKU: "A", QtyMilli: event.MaxQtyMilli, UnitCostMinor: event.MaxCostMinor, Currency: "USD"}
	advice.Event.Lines, advice.At = []event.Line{line, line}, start+event.Day
	said, _, _ := lives(t, event.ASN, setting.Default(), beat.Item{Event: event.Event{Type: event.ClockTick}}, despatch("r", event.ReceiptLine, start, 0), advice)
	for _, x := range said {
		if x.CostAtRiskMinor != nil {
			t.Errorf("%s: %d", x.Code, *x.CostAtRiskMinor)
		}
	}
}
