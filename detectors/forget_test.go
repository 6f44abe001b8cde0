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
