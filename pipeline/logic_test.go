package pipeline_test

import (
	"fmt"
	"slices"
	"testing"
	"time"

	"andon/pipeline"
	"andon/schemas/event"
	"andon/schemas/exception"
)

// by sets the rules a world judges by: parcels are late after so many hours.
func (w *world) by(hours int64) {
	w.logic = fmt.Sprint(hours, " hours")
	w.settings.Rules = map[string]map[string]int64{"CA-04": {"grace_s": hours * 3600}}
}

// arrives sends parcels of which one in three is delivered in time, one some hours late, one not yet, and a tick.
func (w *world) arrives(from, to int, now event.Micros) {
	for i := from; i < to; i++ {
		w.send(carrier0, manifest(i, start, start+event.Day))
		w.send(carrier0, scan(i, start+event.Hour, event.Accepted))
		if i%3 < 2 {
			w.send(carrier0, scan(i, start+event.Day+event.Micros(i%3)*5*event.Hour, event.Delivered))
		}
	}
	w.send(carrier0, tick(now))
}

// stands is where each exception of a code stands, by what was written last, and that no revision was written twice or left out.
func (w *world) stands(t *testing.T) (list []string) {
	t.Helper()
	last := map[exception.ID]exception.Exception{}
	for _, x := range w.Exceptions {
		if was := last[x.ID].Revision; x.Revision != was+1 {
			t.Fatalf("%s %s: revision %d after %d", x.Code, x.Subject, x.Revision, was)
		}
		last[x.ID] = x
	}
	for _, x := range last {
		if x.State != exception.Retracted && x.Code == "CA-04" {
			list = append(list, fmt.Sprint(x.Subject, x.State, x.OpenedAt, x.Reasons))
		}
	}
	slices.Sort(list)
	return list
}

// A build with other rules takes a lane over, and back: what stands afterwards is what its rules say, every revision that is of the rules and not of
// the facts says so, and restarts by the same rules find nothing to complain about.
func TestOtherLogicJudgesAnew(t *testing.T) {
	for _, snapshots := range []bool{true, false} {
		t.Run(fmt.Sprint("snapshots ", snapshots), func(t *testing.T) {
			w, strict, mild := newWorld(), newWorld(), newWorld()
			strict.by(0)
			mild.by(10)
			w.pace, w.config.Redo = time.Microsecond, -1
			if snapshots {
				w.config.Redo = 1
			}
			for _, v := range []*world{w, strict, mild} {
				v.options.Cut = func(pipeline.Lane) int { return 7 }
				v.arrives(0, 30, start+30*event.Hour) // between the two graces
				if v != w {
					v.mustRun(t)
				}
			}
			check := func(hours int64, like *world, changes bool) {
				t.Helper()
				w.by(hours)
				before := len(w.Exceptions)
				w.mustRun(t)
				w.mustRun(t)
				if a, b := w.stands(t), like.stands(t); !slices.Equal(a, b) {
					t.Fatalf("by %d hours stands\n%s\nwhere only they judged\n%s", hours, a, b)
				}
				marked := slices.ContainsFunc(w.Exceptions[before:], func(x exception.Exception) bool { return x.LogicChange })
				if marked != changes {
					t.Fatalf("by %d hours: revisions marked as a change of logic: %t", hours, marked)
				}
			}
			check(0, strict, false)
			check(10, mild, true)
			check(0, strict, true)
			for _, v := range []*world{w, strict, mild} { // and it goes on
				v.arrives(30, 60, start+50*event.Hour)
				if v != w {
					v.mustRun(t)
				}
			}
			check(10, mild, true)
			check(10, mild, false)
		})
	}
}
