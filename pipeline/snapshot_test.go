package pipeline_test

import (
	"bytes"
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus/testutil"

	"andon/pipeline"
	"andon/schemas/event"
)

// snapshotted is a world whose lane has some snapshots, and the same without any.
func snapshotted(t *testing.T) (with, without *world) {
	with, without = newWorld(), newWorld()
	for _, w := range []*world{with, without} {
		w.pace, w.config.Redo = time.Microsecond, -1
		w.options.Cut = func(pipeline.Lane) int { return 10 }
		for i := range 300 {
			at := start + event.Micros(i)*event.Hour
			w.send(carrier0, manifest(i, at, at+event.Day))
			w.send(carrier0, tick(at))
		}
	}
	with.config.Redo = 1
	with.mustRun(t)
	without.mustRun(t)
	return with, without
}

// more adds what makes the lane write, and judge what was open before.
func (w *world) more() {
	for i := range 300 {
		w.send(carrier0, scan(i, start+301*event.Hour, event.Delivered))
	}
	w.send(carrier0, tick(start+500*event.Hour))
}

func (w *world) redone(t *testing.T) float64 {
	t.Helper()
	families, err := w.registry.Gather()
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range families {
		if f.GetName() == "andon_restored_events_total" {
			return f.GetMetric()[0].GetCounter().GetValue()
		}
	}
	return 0
}

func TestARestoreBeginsAtTheNewestSnapshot(t *testing.T) {
	with, without := snapshotted(t)
	for _, w := range []*world{with, without} {
		w.more()
		w.mustRun(t)
	}
	if a, b := lines(with.Exceptions), lines(without.Exceptions); !slices.Equal(a, b) {
		t.Fatalf("with snapshots:\n%s\nwithout:\n%s", a, b)
	}
	if n, all := with.redone(t), without.redone(t); all != 300 || n > 30 {
		t.Errorf("%v events were redone with snapshots, %v without", n, all)
	}
	if n := testutil.CollectAndCount(with.registry, "andon_snapshots_total"); n != 1 {
		t.Errorf("andon_snapshots_total: %d series", n)
	}
}

func TestADamagedSnapshotIsPassedOver(t *testing.T) {
	for name, c := range map[string]struct {
		spoil  func(*world)
		redone float64 // at least
		says   string
	}{
		"the newest": {func(w *world) { w.spoilSnapshot(0) }, 1, "of no use"},
		"both":       {func(w *world) { w.spoilSnapshot(0); w.spoilSnapshot(1) }, 300, "of no use"},
		"of another version": {func(w *world) {
			for _, part := range w.Parts(carrier0) {
				part[0] = 9
			}
		}, 300, "version"},
	} {
		t.Run(name, func(t *testing.T) {
			with, without := snapshotted(t)
			var said bytes.Buffer
			with.log = slog.NewTextHandler(&said, nil)
			c.spoil(with)
			for _, w := range []*world{with, without} {
				w.more()
				w.mustRun(t)
			}
			if a, b := lines(with.Exceptions), lines(without.Exceptions); !slices.Equal(a, b) {
				t.Fatalf("with snapshots:\n%s\nwithout:\n%s", a, b)
			}
			if n := with.redone(t); n < c.redone || !strings.Contains(said.String(), c.says) || !strings.Contains(said.String(), "a snapshot is of no use") {
				t.Errorf("%v events redone, at least %v expected; said: %s", n, c.redone, said.String())
			}
		})
	}
}

// spoilSnapshot changes a byte of the last part of the n-th newest snapshot.
func (w *world) spoilSnapshot(n int) {
	entries := w.Entries(carrier0)
	for _, e := range slices.Backward(entries) {
		if s := e.Snapshot; s != nil {
			if n == 0 {
				part := w.Parts(carrier0)[s.First+int64(s.Parts)-1]
				part[len(part)/2] ^= 1
				return
			}
			n--
		}
	}
	panic("no such snapshot")
}

// A process that stops leaves a snapshot of all it knows; the next one redoes nothing.
func TestAPlannedStopSnapshots(t *testing.T) {
	w := newWorld()
	w.pace = time.Second
	for i := range 100 {
		w.send(carrier0, manifest(i, start, start+event.Day))
	}
	w.mustRun(t)
	w.more()
	w.mustRun(t)
	if n := w.redone(t); n != 0 {
		t.Errorf("%v events were redone", n)
	}
	entries := w.Entries(carrier0)
	if last := entries[len(entries)-1].Snapshot; last == nil || last.Entities != 300 {
		t.Errorf("the last entry has snapshot %+v", last)
	}
}

// A beat that carries a part and is undone carries it again.
func TestAnUndonePartIsWrittenAgain(t *testing.T) {
	with, _ := snapshotted(t)
	with.more()
	aborts, stop := 0, errors.New("stop")
	with.options.Fault = func(b pipeline.Beat) (bool, error) {
		for _, out := range b.Lanes[0].Outputs {
			if out.Topic == pipeline.Snapshots && aborts < 3 {
				aborts++
				return false, pipeline.Fail(pipeline.Aborted, errors.New("aborted"))
			}
		}
		if aborts == 3 && b.Lanes[0].Entry.Snapshot != nil {
			return true, pipeline.Fail(pipeline.Lost, stop)
		}
		return true, nil
	}
	if err := with.run(t); !errors.Is(err, stop) || aborts != 3 {
		t.Fatalf("%d beats with parts were aborted; %v", aborts, err)
	}
	var said bytes.Buffer
	with.log, with.options.Fault = slog.NewTextHandler(&said, nil), nil
	with.mustRun(t)
	if strings.Contains(said.String(), "a snapshot is of no use") {
		t.Error(said.String())
	}
	entries := with.Entries(carrier0)
	var keys []string
	for _, e := range entries {
		if e.Snapshot != nil {
			keys = append(keys, fmt.Sprint(e.Snapshot.Slot))
		}
	}
	if got := strings.Join(keys, ""); !strings.Contains("012012012012012012012012012012012012012012012012012012012012012", got) || len(keys) < 3 {
		t.Errorf("slots %s", got)
	}
}

// A lane that is taken away while the process stops is not written to any more, whatever its memory says.
func TestAStoppingProcessWritesNoLaneThatIsGone(t *testing.T) {
	w := newWorld()
	w.pace = time.Second
	for i := range 100 {
		w.send(carrier0, manifest(i, start, start+event.Day))
	}
	idle, folded := 0, 0
	w.options.Changes = func() []pipeline.Change {
		if entries := w.Entries(carrier0); entries[len(entries)-1].Input.To < 100 {
			return nil
		}
		if folded == 0 {
			folded = len(w.Entries(carrier0))
		}
		if idle++; idle != 3 { // after the last beat, when the run ends for want of work, and in the stopping process
			return nil
		}
		return []pipeline.Change{{Revoked: true, Lanes: []pipeline.Lane{carrier0}}}
	}
	w.mustRun(t)
	if n := len(w.Entries(carrier0)); idle < 3 || n != folded { // a snapshot would be two more
		t.Errorf("%d entries when all was folded, %d in the end, %d polls", folded, n, idle)
	}
}

// While a lane is restored the others beat, and begin a snapshot only when there is twice as much to redo as else.
func TestSnapshotsWaitWhileALaneIsRestored(t *testing.T) {
	carrier1 := pipeline.Lane{Family: event.Carrier, Partition: 1}
	w := newWorld(carrier0, carrier1)
	w.pace, w.config.Redo = time.Microsecond, 3*time.Microsecond // a beat of one record takes one
	for i := range 10 {
		w.send(carrier0, manifest(i, start, start+event.Day))
		w.send(carrier1, manifest(i, start, start+event.Day))
	}
	restores := make(chan struct{})
	var engines atomic.Int32
	w.wrap = func(e pipeline.Engine) pipeline.Engine {
		if engines.Add(1) == 2 {
			<-restores
		}
		return e
	}
	w.options.Cut = func(pipeline.Lane) int { return 1 }
	const alone = 5 // beats
	beats, parts := 0, 0
	w.options.Fault = func(b pipeline.Beat) (bool, error) {
		for _, o := range b.Lanes {
			for _, out := range o.Outputs {
				if out.Topic == pipeline.Snapshots {
					parts++
				}
			}
		}
		if beats++; beats == alone {
			if parts > 0 || len(b.Lanes) > 1 {
				t.Errorf("%d parts of snapshots in the first %d beats, the last of %d lanes", parts, alone, len(b.Lanes))
			}
			close(restores)
		}
		return true, nil
	}
	w.mustRun(t)
	if parts == 0 {
		t.Error("no snapshot was written afterwards")
	}
}
