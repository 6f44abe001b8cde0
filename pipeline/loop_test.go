package pipeline_test

import (
	"bytes"
	"errors"
	"fmt"
	"slices"
	"testing"
	"time"

	"pgregory.net/rapid"

	"andon/detectors/setting"
	"andon/pipeline"
	"andon/schemas/beat"
	"andon/schemas/event"
	"andon/schemas/exception"
)

// day is a stream with duplicates, disorder, bad records, corrections of the unknown, and ticks that fire timers, written to all worlds.
func day(t *rapid.T, worlds ...*world) {
	each := func(side bool, e event.Event) {
		for _, w := range worlds {
			w.Append(carrier0, side, []byte(e.Key(event.Carrier)), event.Append(nil, &e), e.Time)
		}
	}
	for i := range rapid.IntRange(1, 120).Draw(t, "records") {
		at := start + event.Micros(i)*event.Hour
		n := rapid.IntRange(0, 5).Draw(t, "parcel")
		switch rapid.IntRange(0, 7).Draw(t, "kind") {
		case 0, 1:
			each(false, manifest(n, at, at+event.Micros(n)*event.Day))
		case 2:
			each(false, scan(n, at, event.Accepted))
		case 3:
			each(false, scan(n, at-event.Day, event.Delivered))
		case 4:
			for _, w := range worlds {
				w.Append(carrier0, false, []byte("k"), []byte(`{"type":`), at)
			}
		case 5:
			each(false, event.Event{ID: fmt.Sprint("c", i), Type: event.Correction, Time: at, Carrier: "c", TrackingNo: fmt.Sprint(n), Retracts: fmt.Sprint("m", n)})
		case 6:
			each(true, manifest(n, at, at))
		default:
			each(false, tick(at))
		}
	}
	each(false, tick(start+400*event.Day))
}

// final is the last revision of each exception, without what depends on how the stream was cut and side and input were interleaved.
func final(list []exception.Exception) []string {
	last := map[exception.ID]exception.Exception{}
	for _, x := range list {
		x.Revision, x.DetectedAt = 0, 0
		last[x.ID] = x
	}
	var out []string
	for _, x := range last {
		if x.State == exception.Retracted || x.LateData {
			continue
		}
		out = append(out, string(exception.Append(nil, &x)))
	}
	slices.Sort(out)
	return out
}

// accounts adds up the journal's counts of all lanes.
func (w *world) accounts(lanes ...pipeline.Lane) (sum beat.Counts) {
	for _, id := range lanes {
		for _, e := range w.Entries(id) {
			sum.Add(e.Counts)
		}
	}
	return sum
}

func TestCrashesAndAbortsAnywhereChangeNothing(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		whole, broken := newWorld(), newWorld()
		day(t, whole, broken)
		clock := rapid.SampledFrom([]setting.Clock{setting.Log, setting.Wall}).Draw(t, "clock")
		cuts := rapid.SliceOfN(rapid.IntRange(1, 40), 1, 8).Draw(t, "cuts")
		for _, w := range []*world{whole, broken} {
			w.settings.Clock = clock
			w.now = (start + 500*event.Day).UTC()
			turn := 0
			w.options.Cut = func(pipeline.Lane) int { turn++; return cuts[turn%len(cuts)] }
		}
		if rapid.Bool().Draw(t, "snapshots") {
			broken.pace, broken.config.Redo = time.Microsecond, 1
		}
		whole.mustRun(t)

		answers := rapid.SliceOfN(rapid.SampledFrom([]string{"ok", "aborted", "lost", "done but lost"}), 1, 20).Draw(t, "commits")
		broken.options.Fault = func(pipeline.Beat) (persist bool, err error) {
			if len(answers) == 0 {
				return true, nil
			}
			answer := answers[0]
			answers = answers[1:]
			switch answer {
			case "aborted":
				return false, pipeline.Fail(pipeline.Aborted, errors.New(answer))
			case "lost", "done but lost":
				return answer != "lost", pipeline.Fail(pipeline.Lost, errors.New(answer))
			}
			return true, nil
		}
		for err := broken.run(t); err != nil; err = broken.run(t) {
			if pipeline.KindOf(err) != pipeline.Lost {
				t.Fatal(err)
			}
		}
		if a, b := final(whole.Exceptions), final(broken.Exceptions); !slices.Equal(a, b) {
			t.Fatalf("without faults:\n%s\nwith faults:\n%s", a, b)
		}
		a, b := whole.accounts(carrier0), broken.accounts(carrier0)
		if a != b || !a.Balanced() || a.Read+a.Ticks != whole.Len(carrier0) {
			t.Fatalf("accounts %+v and %+v of %d records", a, b, whole.Len(carrier0))
		}
		if len(whole.Letters) != len(broken.Letters) || int64(len(whole.Letters)) != a.DeadLettered {
			t.Fatalf("%d and %d dead letters, %d counted", len(whole.Letters), len(broken.Letters), a.DeadLettered)
		}
		seen := map[string]bool{}
		for _, x := range broken.Exceptions {
			if key := fmt.Sprint(x.ID, x.Revision); seen[key] {
				t.Fatalf("twice: %s", key)
			} else {
				seen[key] = true
			}
		}
	})
}

func TestARestoredLaneGoesOnAsTheLiveOneWould(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		live, again := newWorld(), newWorld()
		day(t, live, again)
		// The same cuts for both, but one of them starts anew before each beat.
		cut := rapid.IntRange(1, 30).Draw(t, "cut")
		live.options.Cut = func(pipeline.Lane) int { return cut }
		again.options.Cut = live.options.Cut
		live.mustRun(t)
		stop := errors.New("stop")
		again.options.Fault = func(pipeline.Beat) (bool, error) { return true, stop }
		for err := again.run(t); err != nil; err = again.run(t) {
			if !errors.Is(err, stop) {
				t.Fatal(err)
			}
		}
		if a, b := lines(live.Exceptions), lines(again.Exceptions); !slices.Equal(a, b) {
			t.Fatalf("live:\n%s\nrestored before each beat:\n%s", a, b)
		}
	})
}

// lines is what a run wrote to andon.exceptions, to the byte.
func lines(list []exception.Exception) (out []string) {
	for i := range list {
		out = append(out, string(exception.Append(nil, &list[i])))
	}
	return out
}

func TestBadRecordsBecomeLetters(t *testing.T) {
	w := newWorld()
	w.send(carrier0, manifest(1, start, start+event.Day))
	bad := []struct {
		key, value string
		reason     event.Reason
	}{
		{"c/1", `{"event_id":"x"`, event.Malformed},
		{"c/1", `{"event_id":"x","type":"carrier.scna"}`, event.UnknownType},
		{"c/2", string(event.Append(nil, new(manifest(1, start, start)))), event.WrongKey},
	}
	for _, b := range bad {
		w.Append(carrier0, false, []byte(b.key), []byte(b.value), start)
	}
	w.AppendUnreadable(carrier0, false, 7)
	w.send(carrier0, scan(1, start+1, event.Delivered))
	w.mustRun(t)

	for i, b := range bad {
		l := w.Letters[i]
		if l.Reason != b.reason || l.Offset != int64(i+1) || string(l.Raw) != b.value || string(l.Key) != b.key || l.Topic != "carrier.side=false" || l.At != start {
			t.Errorf("letter %d: %+v", i, l)
		}
	}
	if l := w.Letters[3]; l.Reason != event.Unreadable || l.Offset != 4 || l.Raw != nil || l.Detail != "the batch of offsets 4 to 10" {
		t.Errorf("letter of the batch: %+v", l)
	}
	if got, want := w.accounts(carrier0), (beat.Counts{Read: 12, Done: 2, DeadLettered: 10}); got != want {
		t.Errorf("counts %+v, want %+v", got, want)
	}
	dead := w.Entries(carrier0)[1].DeadLettered
	if len(dead) != 1 || dead[0].From != 1 || dead[0].To != 11 {
		t.Errorf("journal has %+v", dead)
	}
	w.mustRun(t) // and it restores
}

func TestPoison(t *testing.T) {
	for _, p := range []poisoned{{step: "m2"}, {settle: "m2"}, {timer: "c/2"}} {
		clean, sick := newWorld(), newWorld()
		sick.wrap = func(e pipeline.Engine) pipeline.Engine {
			p := p
			p.Engine = e
			return &p
		}
		for _, w := range []*world{clean, sick} {
			for n := range 4 {
				if w == clean && n == 2 {
					continue // what the sick one is to make of it
				}
				w.send(carrier0, manifest(n, start, start+event.Day))
			}
			w.send(carrier0, tick(start+9*event.Day))
			w.mustRun(t)
		}
		if a, b := lines(clean.Exceptions), lines(sick.Exceptions); len(a) == 0 || !slices.Equal(a, b) {
			t.Errorf("%+v: %d and %d revisions", p, len(a), len(b))
		}
		if len(sick.Letters) != 1 || sick.Letters[0].Detail != "stack" {
			t.Fatalf("%+v: %d letters", p, len(sick.Letters))
		}
		if p.timer == "" && !bytes.Contains(sick.Letters[0].Raw, []byte(`"m2"`)) {
			t.Errorf("letter without its bytes: %s", sick.Letters[0].Raw)
		}
		sick.wrap = nil // a restore passes over the poison, whether or not it would hurt again
		sick.mustRun(t)
	}
}

func TestMoreTimersThanABeatFires(t *testing.T) {
	w := newWorld()
	const parcels = 12_000 // the engine fires 10,000 a beat
	for n := range parcels {
		w.send(carrier0, manifest(n, start, start+event.Day))
	}
	w.send(carrier0, tick(start+3*event.Day))
	w.send(carrier0, scan(1, start+event.Hour, event.Delivered))
	w.mustRun(t)
	if n := len(final(w.Exceptions)); n != 2*(parcels-1) { // CA-02 and CA-04; one was there after all
		t.Fatalf("%d exceptions", n)
	}
	w.mustRun(t)
	if w.engines.Load() != 2 {
		t.Fatalf("%d engines made", w.engines.Load())
	}
}
