package scorer

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"math"
	"runtime/debug"
	"strings"
	"sync"

	"andon/pipeline/scorer/bundle"
	"andon/schemas/beat"
	"andon/schemas/verdict"
)

// model is a bundle in force.
type model struct {
	bundle *bundle.Bundle
	width  int // features of a row
	log    *slog.Logger
	local  bundle.Model // with its calibrator
	remote remote       // asked in its place when the model is on a server

	width1, output1, other sync.Once // what was wrong was logged
}

// remote answers each row with a score, or with the reason why there is none.
type remote interface {
	Score(ctx context.Context, rows []float64, n int, out []beat.Reply)
	Close() error
}

// open puts a bundle in force, once its golden rows are answered as expected.
func open(ctx context.Context, b *bundle.Bundle, log *slog.Logger) (*model, error) {
	raw, err := Raw(ctx, b, log)
	if err != nil {
		return nil, err
	}
	m := &model{bundle: b, width: len(b.Manifest.Features.Columns), log: log.With("bundle", b.Manifest.ID())}
	if s, far := raw.(*server); far {
		m.remote = s.client
	}
	if m.local, err = b.Activate(raw); err != nil {
		return nil, errors.Join(err, m.close())
	}
	return m, nil
}

func (m *model) close() error {
	if m.remote != nil {
		return m.remote.Close()
	}
	return nil
}

// registeredAs reports whether the model is of the file that was registered under its name; with nothing registered any is.
func (m *model) registeredAs(digits string) bool {
	is := digits == "" || strings.HasPrefix(m.bundle.Manifest.Model.SHA256, digits)
	if !is {
		m.other.Do(func() {
			m.log.Error("the file of a model is not the one that was registered, the rules decide; said once", "bundle", m.bundle.Manifest.ID(),
				"sha256", m.bundle.Manifest.Model.SHA256, "registered", digits)
		})
	}
	return is
}

// answer answers n rows, one after the other, in out. scores is room for n of them.
func (m *model) answer(ctx context.Context, rows []float64, n int, scores []float64, out []beat.Reply) {
	if m.remote != nil {
		m.remote.Score(ctx, rows, n, out)
		for i := range out[:n] {
			if r := &out[i]; r.Reason == "" {
				scores[0] = r.Score
				m.bundle.Manifest.Calibrator.Apply(scores[:1])
				*r = m.reply(scores[0])
			}
		}
		return
	}
	if err := m.try(rows, n, scores); err != nil {
		m.bad(err)
		for i := range out[:n] {
			out[i] = beat.Reply{Reason: verdict.BadOutput}
		}
		return
	}
	for i, p := range scores[:n] {
		out[i] = m.reply(p)
	}
}

// try asks the model; a panic of it is an error.
func (m *model) try(rows []float64, n int, scores []float64) (err error) {
	defer func() {
		if v := recover(); v != nil {
			err = fmt.Errorf("the model panicked: %v\n%s", v, debug.Stack())
		}
	}()
	return m.local.Score(rows, n, scores)
}

// roundTo is what scores are rounded to: 6 digits keep the journal compact, and are finer than any threshold.
const roundTo = 1e6

// reply is the answer with a probability, if it is one.
func (m *model) reply(p float64) beat.Reply {
	if !(p >= 0 && p <= 1) { // NaN is not
		m.bad(fmt.Errorf("the model says %v", p))
		return beat.Reply{Reason: verdict.BadOutput}
	}
	return beat.Reply{Score: math.Round(p*roundTo) / roundTo}
}

// bad logs what is wrong with the model's output, once: it would be said for each row of each beat.
func (m *model) bad(err error) {
	m.output1.Do(func() { m.log.Error("a model gives no probabilities, the rules decide; said once", "error", err) })
}

// misfit logs that rows of another width are asked about, once.
func (m *model) misfit(code string, got int) {
	m.width1.Do(func() {
		m.log.Error("a model is fed another number of features, the rules decide; said once", "code", code, "got", got, "want", m.width)
	})
}
