package pipeline_test

import (
	"errors"
	"maps"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus/testutil"

	"andon/detectors/setting"
	"andon/pipeline"
	"andon/schemas/event"
	"andon/schemas/journal"
)

func TestALaneThatComesBackKeepsItsMemory(t *testing.T) {
	w := newWorld()
	for n := range 30 {
		w.send(carrier0, manifest(n, start, start+event.Day))
	}
	w.send(carrier0, tick(start+9*event.Day))
	w.options.Cut = func(pipeline.Lane) int { return 1 }
	polls := 0
	w.options.Changes = func() []pipeline.Change {
		polls++
		if polls%5 == 0 { // as the range balancer does: take all, give back
			return []pipeline.Change{{Revoked: true, Lanes: []pipeline.Lane{carrier0}}, {Lanes: []pipeline.Lane{carrier0}}}
		}
		return nil
	}
	w.mustRun(t)
	if w.engines.Load() != 1 || polls < 40 {
		t.Errorf("%d engines made in %d polls", w.engines.Load(), polls)
	}
	if c := w.accounts(carrier0); c.Read != 30 || c.Ticks != 1 {
		t.Errorf("%+v", c)
	}
}

func TestALaneThatWentElsewhereIsRestored(t *testing.T) {
	w := newWorld()
	for n := range 20 {
		w.send(carrier0, manifest(n, start, start+event.Day))
	}
	w.options.Cut = func(pipeline.Lane) int { return 5 }
	polls := 0
	w.options.Changes = func() []pipeline.Change {
		polls++
		switch polls {
		case 6: // the lane leaves; a beat later its memory is dropped by an assignment without it
			return []pipeline.Change{{Revoked: true, Lanes: []pipeline.Lane{carrier0}}, {}}
		case 7:
			return []pipeline.Change{{Lanes: []pipeline.Lane{carrier0}}}
		}
		return nil
	}
	w.mustRun(t)
	if w.engines.Load() != 2 {
		t.Errorf("%d engines made in %d polls", w.engines.Load(), polls)
	}
}

// While this process stood still, timers fired elsewhere: the lane comes back to the positions it had, but after another entry.
func TestALaneWhoseTimersFiredElsewhereIsRestored(t *testing.T) {
	w := newWorld()
	w.settings.Clock = setting.Wall
	w.send(carrier0, manifest(1, start, start+event.Day))
	stood := false
	w.options.Changes = func() []pipeline.Change {
		if stood || len(w.Entries(carrier0)) < 2 {
			return nil
		}
		stood, w.now = true, (start + 30*event.Day).UTC()
		w.mustRun(t)
		return []pipeline.Change{{Revoked: true, Lanes: []pipeline.Lane{carrier0}}, {Lanes: []pipeline.Lane{carrier0}}}
	}
	w.mustRun(t)
	once := map[string]bool{}
	for _, line := range lines(w.Exceptions) {
		once[line] = true
	}
	if len(once) == 0 || len(once) != len(w.Exceptions) || w.engines.Load() != 3 {
		t.Errorf("%d revisions, %d of them once, %d engines made", len(w.Exceptions), len(once), w.engines.Load())
	}
}

func TestLanesShareABeat(t *testing.T) {
	var lanes []pipeline.Lane
	for p := range int32(4) {
		for _, f := range event.Families {
			lanes = append(lanes, pipeline.Lane{Family: f, Partition: p})
		}
	}
	w := newWorld(lanes...)
	for n := range 400 {
		l := lanes[n%len(lanes)]
		switch l.Family {
		case event.Carrier:
			w.send(l, manifest(n, start, start+event.Day))
		default:
			w.send(l, tick(start+event.Micros(n)))
		}
	}
	beats := map[int]int{}
	w.options.Fault = func(b pipeline.Beat) (bool, error) { beats[len(b.Lanes)]++; return true, nil }
	w.mustRun(t)
	if slices.Max(slices.Collect(maps.Keys(beats))) < 2 {
		t.Errorf("lanes per beat: %v", beats)
	}
	c := w.accounts(lanes...)
	if c.Read+c.Ticks != 400 {
		t.Errorf("%+v", c)
	}
}

func TestMetricsAreTheJournalsAccount(t *testing.T) {
	w := newWorld()
	for n := range 5 {
		w.send(carrier0, manifest(n%3, start, start+event.Day))
	}
	w.Append(carrier0, false, nil, []byte("{"), start)
	w.send(carrier0, tick(start+9*event.Day))
	w.mustRun(t)
	want := `
# HELP andon_dead_letters_total Records and timers put aside.
# TYPE andon_dead_letters_total counter
andon_dead_letters_total{family="carrier",reason="malformed"} 1
# HELP andon_events_dead_lettered_total Events of committed beats: dead_lettered.
# TYPE andon_events_dead_lettered_total counter
andon_events_dead_lettered_total{family="carrier",partition="0"} 1
# HELP andon_events_done_total Events of committed beats: done.
# TYPE andon_events_done_total counter
andon_events_done_total{family="carrier",partition="0"} 3
# HELP andon_events_duplicate_total Events of committed beats: duplicate.
# TYPE andon_events_duplicate_total counter
andon_events_duplicate_total{family="carrier",partition="0"} 2
# HELP andon_events_parked_total Events of committed beats: parked.
# TYPE andon_events_parked_total counter
andon_events_parked_total{family="carrier",partition="0"} 0
# HELP andon_events_read_total Events of committed beats: read.
# TYPE andon_events_read_total counter
andon_events_read_total{family="carrier",partition="0"} 6
# HELP andon_events_too_late_total Events of committed beats: too_late.
# TYPE andon_events_too_late_total counter
andon_events_too_late_total{family="carrier",partition="0"} 0
# HELP andon_ticks_total Clock ticks applied; they are not events.
# TYPE andon_ticks_total counter
andon_ticks_total{family="carrier",partition="0"} 1
`
	names := []string{"andon_dead_letters_total", "andon_ticks_total", "andon_events_read_total", "andon_events_done_total",
		"andon_events_duplicate_total", "andon_events_dead_lettered_total", "andon_events_parked_total", "andon_events_too_late_total"}
	if err := testutil.GatherAndCompare(w.registry, strings.NewReader(want), names...); err != nil {
		t.Error(err)
	}
}

func TestWallClock(t *testing.T) {
	w := newWorld()
	w.settings.Clock = setting.Wall
	for n := range 10 {
		w.send(carrier0, manifest(n, start, start+event.Day))
	}
	// The clock is far on, but while records are left the lane's time is theirs: nobody is late yet.
	w.now = (start + 30*event.Day).UTC()
	for n := range 10 {
		w.send(carrier0, scan(n, start+event.Hour, event.Delivered))
	}
	w.options.Cut = func(pipeline.Lane) int { return 3 }
	w.mustRun(t)
	if len(w.Exceptions) != 0 {
		t.Fatalf("an outage was taken for silence: %d revisions", len(w.Exceptions))
	}

	// At the end of the log the clock moves the lane: a beat of timers alone, with unchanged positions.
	w.send(carrier0, manifest(99, start+event.Hour, start+40*event.Day))
	w.mustRun(t)
	w.Exceptions = nil
	w.now = (start + 50*event.Day).UTC()
	w.mustRun(t)
	if n := len(final(w.Exceptions)); n != 1 {
		t.Fatalf("%d exceptions", n)
	}
	entries := w.Entries(carrier0)
	last := entries[len(entries)-1]
	if last.Input.From != last.Input.To || last.End != start+50*event.Day || last.Counts.Read != 0 {
		t.Errorf("last entry %+v", last)
	}
	w.mustRun(t) // and it restores
}

func TestAClockThatIsWrongHoldsTime(t *testing.T) {
	w := newWorld()
	w.settings.Clock = setting.Wall
	w.send(carrier0, manifest(1, start, start+event.Day))
	w.now = (start + 30*event.Day).UTC()
	held := 0
	w.options.Fault = func(b pipeline.Beat) (bool, error) {
		if b.Wall && held < 3 {
			held++
			return false, pipeline.Fail(pipeline.Held, errors.New("6 s ahead"))
		}
		return true, nil
	}
	w.mustRun(t)
	if held != 1 || len(w.Exceptions) != 0 {
		t.Fatalf("held %d times, %d revisions", held, len(w.Exceptions))
	}
	w.now = w.now.Add(time.Minute)
	held = 3
	w.mustRun(t)
	if len(w.Exceptions) == 0 {
		t.Fatal("time stands still after the hold")
	}
}

func TestRefusals(t *testing.T) {
	for name, c := range map[string]struct {
		spoil func(*world)
		want  error
		says  string
	}{
		"settings":        {func(w *world) { w.settings.Rules = map[string]map[string]int64{"CA-04": {"grace_s": 1}} }, pipeline.ErrSettings, "change settings back"},
		"a moved offset":  {func(w *world) { w.Entries(carrier0)[2].Seq = 1 }, pipeline.ErrJournalGap, "entry 1"},
		"a hole":          {func(w *world) { w.Entries(carrier0)[2].Input.From++ }, pipeline.ErrJournalGap, "entry 2"},
		"lost beginning":  {func(w *world) { w.Entries(carrier0)[0].Seq = 1 }, pipeline.ErrJournalGap, "retention"},
		"other version":   {func(w *world) { w.Entries(carrier0)[1].Version = 9 }, pipeline.ErrJournalGap, "version 9"},
		"other counts":    {func(w *world) { w.Entries(carrier0)[1].Counts.Done++ }, pipeline.ErrDiverged, "entry 1"},
		"a changed entry": {func(w *world) { w.Entries(carrier0)[2].End++ }, pipeline.ErrJournalGap, "entry 3"},
		"other time":      {func(w *world) { w.Entries(carrier0)[2].End++; w.chain() }, pipeline.ErrDiverged, "entry 3"},
		"other outputs":   {func(w *world) { w.Entries(carrier0)[3].Outputs = journal.HashOf(nil); w.chain() }, pipeline.ErrDiverged, "digest"},
		"a record that was well": {func(w *world) {
			w.Entries(carrier0)[1].DeadLettered = []journal.DeadRange{{Range: journal.Range{From: 1, To: 2}}}
		},
			pipeline.ErrDiverged, "entry 1"},
		"a record that was bad": {func(w *world) { w.Entries(carrier0)[1].DeadLettered = nil }, pipeline.ErrDiverged, "malformed"},
	} {
		t.Run(name, func(t *testing.T) {
			w := newWorld()
			w.Append(carrier0, false, []byte("k"), []byte("{"), start)
			for n := range 5 {
				w.send(carrier0, manifest(n, start, start+event.Day))
			}
			w.send(carrier0, tick(start+event.Hour))
			w.options.Cut = func(pipeline.Lane) int { return 3 }
			w.mustRun(t)
			if len(w.Entries(carrier0)) < 4 {
				t.Fatal("too few beats")
			}
			c.spoil(w)
			err := w.run(t)
			if !errors.Is(err, c.want) || pipeline.KindOf(err) != pipeline.Refused || !strings.Contains(err.Error(), c.says) || strings.Contains(err.Error(), "\n") {
				t.Fatalf("%v", err)
			}
		})
	}
}

// chain makes the entries follow one another again, as somebody would who rewrites the journal.
func (w *world) chain() {
	entries := w.Entries(carrier0)
	for i := range entries[1:] {
		entries[i+1].Before = journal.HashOf(journal.Append(nil, &entries[i]))
	}
}

func TestTooManyAbortsEndTheLoop(t *testing.T) {
	w := newWorld()
	w.send(carrier0, manifest(1, start, start+event.Day))
	away := errors.New("coordinator away")
	w.options.Fault = func(pipeline.Beat) (bool, error) { return false, pipeline.Fail(pipeline.Aborted, away) }
	err := w.run(t)
	if !errors.Is(err, pipeline.ErrAborts) || !errors.Is(err, away) || pipeline.KindOf(err) != pipeline.Lost {
		t.Fatal(err)
	}
	w.options.Fault = nil
	w.mustRun(t)
	if c := w.accounts(carrier0); c.Read != 1 {
		t.Fatalf("%+v", c)
	}
}
