package pipeline_test

import (
	"context"
	"errors"
	"math"
	"sync"
	"testing"

	"pgregory.net/rapid"

	"andon/pipeline"
	"andon/schemas/beat"
	"andon/schemas/exception"
	"andon/schemas/verdict"
)

// asking is an engine that asks a model about each event and raises what the answers so far add up to.
type asking struct {
	pipeline.Engine
	sum, kept float64
}

func (a *asking) Step(b beat.Batch) beat.Stepped {
	st := a.Engine.Step(b)
	for i := range b.Items[:st.Items] {
		if !b.Items[i].Skip {
			st.Requests = append(st.Requests, beat.Request{Code: "X", Subject: b.Items[i].Event.ID})
		}
	}
	return st
}

func (a *asking) Settle(replies []beat.Reply) beat.Settled {
	out := a.Engine.Settle(replies)
	for _, r := range replies {
		a.sum += r.Score
		observed := int64(math.Float64bits(a.sum))
		out.Exceptions = append(out.Exceptions, exception.Exception{ID: exception.NewID("", "X", "", ""), Observed: &observed, Reasons: []string{r.Reason}})
	}
	return out
}

func (a *asking) Keep() { a.Engine.Keep(); a.kept = a.sum }
func (a *asking) Undo() { a.Engine.Undo(); a.sum = a.kept }

// moody is a model whose answers differ at each call: a score of all its bits, or none.
type moody struct {
	mu    sync.Mutex
	calls int
}

func (m *moody) Score(_ context.Context, requests []beat.Request) (replies []beat.Reply) {
	m.mu.Lock()
	defer m.mu.Unlock()
	for range requests {
		m.calls++
		switch m.calls % 7 {
		case 3:
			replies = append(replies, beat.Reply{Reason: verdict.Timeout})
		case 5:
			replies = append(replies, beat.Reply{Reason: verdict.BreakerOpen})
		default:
			replies = append(replies, beat.Reply{Score: math.Mod(7*math.Sqrt(float64(m.calls)), 1)})
		}
	}
	return replies
}

// A model that never answers alike: lanes restored before each beat go by what the journal kept, to the last bit, and ask nothing again.
func TestARestoreTakesTheAnswersOfTheJournal(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		live, again := newWorld(), newWorld()
		day(t, live, again)
		cut := rapid.IntRange(1, 30).Draw(t, "cut")
		models := [2]*moody{{}, {}}
		for i, w := range []*world{live, again} {
			w.options.Cut = func(pipeline.Lane) int { return cut }
			w.wrap = func(e pipeline.Engine) pipeline.Engine { return &asking{Engine: e} }
			w.config.Scorer = models[i]
		}
		live.mustRun(t)
		stop := errors.New("stop")
		again.options.Fault = func(pipeline.Beat) (bool, error) { return true, stop }
		for err := again.run(t); err != nil; err = again.run(t) {
			if !errors.Is(err, stop) {
				t.Fatal(err)
			}
		}
		a, b := live.Entries(carrier0), again.Entries(carrier0)
		if len(a) != len(b) || a[len(a)-1].Before != b[len(b)-1].Before || a[len(a)-1].Outputs != b[len(b)-1].Outputs {
			t.Fatalf("%d and %d entries, the last %+v and %+v", len(a), len(b), a[len(a)-1], b[len(b)-1])
		}
		if models[0].calls != models[1].calls || models[0].calls == 0 && len(a) > 2 {
			t.Fatalf("%d questions without restores, %d with", models[0].calls, models[1].calls)
		}
	})
}
