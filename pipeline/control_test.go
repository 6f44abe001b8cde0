package pipeline_test

import (
	"context"
	"errors"
	"fmt"
	"testing"
	"time"

	"pgregory.net/rapid"

	"andon/pipeline"
	"andon/schemas/beat"
	"andon/schemas/control"
	"andon/schemas/event"
	"andon/schemas/exception"
)

// governed is an engine that raises how many control records it went by so far, in each beat.
type governed struct {
	pipeline.Engine
	rules, kept int64
}

func (g *governed) Step(b beat.Batch) beat.Stepped {
	for i := range b.Control {
		g.rules = 10*g.rules%1e15 + int64(b.Control[i].Version)
	}
	return g.Engine.Step(b)
}

func (g *governed) Settle(replies []beat.Reply) beat.Settled {
	out, observed := g.Engine.Settle(replies), g.rules
	out.Exceptions = append(out.Exceptions, exception.Exception{ID: exception.NewID("", "X", "", ""), Observed: &observed})
	return out
}

func (g *governed) Keep() { g.Engine.Keep(); g.kept = g.rules }
func (g *governed) Undo() { g.Engine.Undo(); g.rules = g.kept }

// Control records come in between beats. Lanes restored before each beat apply each of them once, in the very beat it was applied in at first: else
// what is run again would come to something else, and the restore refuse.
func TestARestoreGoesByTheControlRecordsOfItsTime(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		w, rules := newWorld(), &pipeline.ControlLog{}
		day(t, w)
		cut, every := rapid.IntRange(1, 30).Draw(t, "cut"), rapid.Int64Range(1, 3).Draw(t, "every")
		restart := rapid.Int64Range(1, 9).Draw(t, "restart")
		stop := errors.New("stop")
		w.config.Controls = rules
		w.options.Cut = func(pipeline.Lane) int { return cut }
		w.wrap = func(e pipeline.Engine) pipeline.Engine { return &governed{Engine: e} }
		var want int64
		w.options.Fault = func(b pipeline.Beat) (bool, error) {
			if seq := b.Lanes[0].Entry.Seq; seq%every == 0 && seq < 20 {
				r := control.Record{Version: int32(seq % 10)}
				rules.Add(2*seq, &r, 2*seq+1) // with gaps, as markers leave them
				want = 10*want%1e15 + int64(r.Version)
			}
			return true, map[bool]error{true: stop}[b.Lanes[0].Entry.Seq%restart == 0]
		}
		for err := w.run(t); err != nil; err = w.run(t) {
			if !errors.Is(err, stop) {
				t.Fatal(err)
			}
		}
		last := w.Exceptions[len(w.Exceptions)-1]
		if entries := w.Entries(carrier0); *last.Observed != want || entries[len(entries)-1].Control != rules.Next() {
			t.Fatalf("went by %d, want %d; %+v", *last.Observed, want, entries[len(entries)-1])
		}
	})
}

// A lane whose journal went by records that are not there is not restored by guessing.
func TestMissingControlRecordsAreRefused(t *testing.T) {
	w := newWorld()
	w.send(carrier0, manifest(1, start, start+event.Day))
	rules := &pipeline.ControlLog{}
	rules.Add(0, &control.Record{Version: 1}, 1)
	w.config.Controls = rules
	w.mustRun(t)
	w.config.Controls = nil
	if err := w.run(t); !errors.Is(err, pipeline.ErrControl) || pipeline.KindOf(err) != pipeline.Refused {
		t.Errorf("%v", err)
	}
}

// Whoever waits for records gets them when they are read, and is let go when it gives up.
func TestControlRecordsAreWaitedFor(t *testing.T) {
	rules := &pipeline.ControlLog{}
	got := make(chan string)
	go func() {
		found, err := rules.Between(t.Context(), 2, 5)
		got <- fmt.Sprint(len(found), err)
	}()
	for at := range int64(6) {
		rules.Add(at, &control.Record{Version: int32(at)}, at+1)
	}
	if said := <-got; said != "3 <nil>" {
		t.Error(said)
	}
	ctx, cancel := context.WithTimeout(t.Context(), time.Millisecond)
	defer cancel()
	if _, err := rules.Between(ctx, 0, 100); !errors.Is(err, pipeline.ErrControl) {
		t.Error(err)
	}
}
