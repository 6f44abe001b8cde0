package detectors

import (
	"bytes"
	"fmt"
	"slices"
	"testing"

	"pgregory.net/rapid"

	"andon/detectors/setting"
	"andon/schemas/beat"
	"andon/schemas/event"
)

// state is all that an engine remembers, in one order.
func (e *Engine) state() []byte {
	var list [][]byte
	for _, ent := range e.entities {
		list = append(list, ent.append(nil))
	}
	slices.SortFunc(list, bytes.Compare)
	return fmt.Appendf(bytes.Join(list, nil), "%+v", [...]any{e.lane.time, e.lane.open, e.lane.bytes, e.lane.sweep, e.lane.terms.hash, e.lane.policies})
}

// loaded is a new engine from the parts of a snapshot.
func loaded(t *rapid.T, parts [][]byte) *Engine {
	e, err := New(event.Carrier, setting.Settings{Clock: setting.Log, Forget: setting.Forget{ClosedS: 2 * 86_400, OpenS: 5 * 86_400}})
	if err != nil {
		t.Fatal(err)
	}
	for i, part := range parts {
		if err := e.Load(part, i == len(parts)-1); err != nil {
			t.Fatal(err)
		}
	}
	return e
}

// Whatever beats come, go wrong and are undone while a snapshot is written, it is of the state when it was begun; and an engine loaded from it goes
// on as the first one did.
func TestASnapshotIsOfTheInstantItWasBegun(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		e := loaded(t, nil)
		var parts [][]byte
		var frozen []byte
		under := false
		var since []beat.Batch // kept since the state was frozen
		at := event.MinTime
		for range rapid.IntRange(1, 40).Draw(t, "beats") {
			if !under && rapid.IntRange(0, 3).Draw(t, "freeze") == 0 {
				e.Freeze()
				under, frozen, parts, since = true, e.state(), nil, nil
			}
			b := beat.Batch{}
			for range rapid.IntRange(0, 6).Draw(t, "events") {
				at += event.Micros(rapid.IntRange(0, 20).Draw(t, "hours")) * event.Hour
				b.Items = append(b.Items, beat.Item{At: at, Event: parcelEvent(t, at)})
			}
			e.Step(b)
			if under && rapid.Bool().Draw(t, "in mid-beat") {
				size := rapid.IntRange(1, 400).Draw(t, "size")
				part, last := e.Frozen(nil, size)
				if len(part) > size || len(part) < size && !last {
					t.Fatalf("a part of %d bytes, asked for are %d", len(part), size)
				}
				parts, under = append(parts, part), !last
			}
			e.Settle(nil)
			if rapid.IntRange(0, 3).Draw(t, "undone") == 0 {
				e.Undo()
			} else {
				e.Keep()
				since = append(since, b)
			}
		}
		if frozen == nil {
			return
		}
		for under {
			part, last := e.Frozen(nil, 100)
			parts, under = append(parts, part), !last
		}
		again := loaded(t, parts)
		if is := again.state(); !bytes.Equal(is, frozen) {
			t.Fatalf("loaded\n%q\nfrozen\n%q", is, frozen)
		}
		for _, b := range since {
			again.Step(b)
			again.Settle(nil)
			again.Keep()
		}
		if a, b := e.state(), again.state(); !bytes.Equal(a, b) {
			t.Fatalf("live\n%q\nloaded and gone on\n%q", a, b)
		}
	})
}

func parcelEvent(t *rapid.T, at event.Micros) event.Event {
	ev := event.Event{ID: fmt.Sprint(rapid.IntRange(0, 60).Draw(t, "id")), Time: at, Carrier: "c", TrackingNo: fmt.Sprint(rapid.IntRange(0, 9).Draw(t, "parcel"))}
	switch rapid.IntRange(0, 3).Draw(t, "type") {
	case 0:
		ev.Type, ev.PromiseDeliverBy = event.ShipmentManifested, at+event.Day
	case 1:
		return event.Event{Type: event.ClockTick, Time: at}
	case 2:
		ev.Type, ev.Status = event.CarrierScan, event.Delivered
	default:
		ev.Type, ev.Status = event.CarrierScan, event.InTransit
	}
	return ev
}

func FuzzLoad(f *testing.F) {
	f.Add([]byte{snapshotVersion, 2})
	body := (&entity{key: "t\x00c/1", facts: []byte("facts"), wake: 3, latest: -4}).append(nil)
	f.Add(append([]byte{snapshotVersion, 2, byte(len(body))}, body...))
	f.Fuzz(func(t *testing.T, part []byte) {
		e, err := New(event.Carrier, setting.Default())
		if err != nil {
			t.Fatal(err)
		}
		if e.Load(part, true) != nil {
			return
		}
		e.Freeze()
		out, _ := e.Frozen(nil, 1<<30)
		again, _ := New(event.Carrier, setting.Default())
		if err := again.Load(out, true); err != nil || !bytes.Equal(again.state(), e.state()) {
			t.Fatalf("%q was written as %q: %v", part, out, err)
		}
	})
}
