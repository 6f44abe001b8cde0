package pipeline_test

import (
	"bytes"
	"errors"
	"fmt"
	"testing"
	"time"

	"andon/detectors/setting"
	"andon/pipeline"
	"andon/schemas/control"
	"andon/schemas/event"
	"andon/schemas/exception"
)

// late is a lane of so many parcels, all late, by the default settings, with a topic of control that is empty yet.
func late(parcels int, redo time.Duration) (*world, *pipeline.ControlLog) {
	w, rules := newWorld(), &pipeline.ControlLog{}
	w.settings, w.pace = setting.Default(), time.Millisecond
	w.settings.Clock = setting.Log
	for n := range parcels {
		w.send(carrier0, manifest(n, start, start+event.Day))
	}
	w.send(carrier0, tick(start+20*event.Day))
	w.config.Controls, w.config.Redo = rules, redo
	return w, rules
}

// revised is a lane of more parcels than one beat judges anew that gets other settings by andon.control, and others again half way through. A loop ends
// after each beat from the given one on, up to the next, and the next loop restores the lane.
func revised(t *testing.T, from, to int64) *world {
	t.Helper()
	w, rules := late(6000, 1) // snapshots follow on one another
	stop := errors.New("stop")
	w.options.Fault = func(b pipeline.Beat) (bool, error) {
		seq := b.Lanes[0].Entry.Seq
		if settings := map[int64]string{4: `{"rules":{"CA-04":{"grace_s":3000000}}}`, 5: `{"rules":{"CA-04":{"grace_s":3000000},"CA-02":{"warn_s":3000000,"breach_s":3000000}}}`}[seq]; settings != "" {
			rules.Add(seq, &control.Record{Object: "settings", Kind: control.KindSettings, Version: int32(seq - 3), Settings: []byte(settings)}, seq+1)
		}
		return true, map[bool]error{true: stop}[seq >= from && seq < to]
	}
	for err := w.run(t); err != nil; err = w.run(t) {
		if !errors.Is(err, stop) {
			t.Fatal(err)
		}
	}
	return w
}

// Settings that come as a record hold from one beat of a lane on, however often it is restored: in the middle of judging all anew, from the log or from a
// snapshot. The settings of the configuration stay those the lane began with.
func TestARestoreGoesByTheSettingsOfItsTime(t *testing.T) {
	want := revised(t, 0, 0)
	anew := map[exception.Change]int{}
	for _, x := range want.Exceptions {
		if x.LogicChange {
			anew[x.Change]++
		}
	}
	if fmt.Sprint(anew) != "map[retracted:12000]" {
		t.Errorf("%v", anew)
	}
	named := map[string]int{}
	for _, e := range want.Entries(carrier0)[1:] {
		named[e.Settings]++
	}
	if len(named) != 3 {
		t.Errorf("settings of entries: %v", named)
	}
	for name, from := range map[string]int64{"in the middle": 5, "when a snapshot of the middle would be whole": 10} {
		is := revised(t, from, from+3)
		if len(is.Exceptions) != len(want.Exceptions) {
			t.Fatalf("%s: %d revisions instead of %d", name, len(is.Exceptions), len(want.Exceptions))
		}
		for i := range is.Exceptions {
			a, b := exception.Append(nil, &is.Exceptions[i]), exception.Append(nil, &want.Exceptions[i])
			if !bytes.Equal(a, b) {
				t.Fatalf("%s: revision %d is %s instead of %s", name, i, a, b)
			}
		}
	}
}

// told is a lane that ticks on while settings come by andon.control at given entries, up to a restart.
func told(t *testing.T, redo time.Duration, settings map[int64]string) *world {
	t.Helper()
	w, rules := late(20, redo)
	stop := errors.New("stop")
	w.options.Fault = func(b pipeline.Beat) (bool, error) {
		seq := b.Lanes[0].Entry.Seq
		if text := settings[seq]; text != "" {
			rules.Add(seq, &control.Record{Object: "settings", Kind: control.KindSettings, Version: int32(seq), Settings: []byte(text)}, seq+1)
		}
		if seq == 12 {
			return true, stop
		}
		w.send(carrier0, tick(start+event.Micros(20+seq)*event.Day))
		return true, nil
	}
	if err := w.run(t); !errors.Is(err, stop) {
		t.Fatal(err)
	}
	w.options.Fault = nil
	return w
}

// After a restart, from the log as from a snapshot, settings are those that made sense, a configuration that says otherwise is refused, and other logic
// may make something else of a record.
func TestSettingsAfterARestart(t *testing.T) {
	const longer, nonsense = `{"rules":{"CA-04":{"grace_s":3000000}}}`, `{"rules":{"CA-04":{"grave_s":1}}}`
	for name, redo := range map[string]time.Duration{"from the log": -1, "from a snapshot": 1} {
		t.Run(name, func(t *testing.T) {
			w := told(t, redo, map[int64]string{1: longer, 2: nonsense})
			if err := w.run(t); err != nil {
				t.Errorf("nonsense after settings: %v", err)
			}
			w = told(t, redo, map[int64]string{2: longer})
			w.settings.Rules = map[string]map[string]int64{"CA-02": {"warn_s": 1, "breach_s": 1}}
			if err := w.run(t); !errors.Is(err, pipeline.ErrSettings) {
				t.Errorf("another configuration: %v", err)
			}
			w = told(t, redo, map[int64]string{2: nonsense})
			rules := &pipeline.ControlLog{} // as the next build reads it
			rules.Add(2, &control.Record{Object: "settings", Kind: control.KindSettings, Version: 2, Settings: []byte(longer)}, 3)
			w.config.Controls, w.logic = rules, "next"
			w.wrap = func(e pipeline.Engine) pipeline.Engine { return e }
			if err := w.run(t); err != nil {
				t.Errorf("other logic: %v", err)
			}
		})
	}
}
