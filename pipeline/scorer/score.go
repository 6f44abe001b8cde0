package scorer

import (
	"context"
	"sync"
	"time"

	"andon/schemas/beat"
	"andon/schemas/verdict"
)

// batchRows is how many rows a model is given at once; between batches to a server we look whether the time is over.
const batchRows = 1024

// scratch is the memory of one call, kept for the next.
type scratch struct {
	groups []group
	rows   []float64
	scores [batchRows]float64
	out    [batchRows]beat.Reply
}

// group is the questions of a call to one bundle, by their index.
type group struct {
	bundle string
	asked  []int
}

// Score implements pipeline.Scorer. Scores are rounded to 6 digits behind the point. Models on servers are asked all at once, and those in the process
// meanwhile: whoever hangs costs no other its answers. The time is that of servers. A model in the process answers all it is asked: it waits for nobody, and
// how much a beat asks is bounded, so that after an outage it is asked no less than before.
func (r *Registry) Score(ctx context.Context, requests []beat.Request) []beat.Reply {
	replies := make([]beat.Reply, len(requests))
	s := r.scratch.Get().(*scratch)
	defer r.scratch.Put(s)
	s.divide(requests)
	models := *r.models.Load()
	var far sync.WaitGroup
	for _, g := range s.groups {
		switch m := models[g.bundle]; {
		case m == nil:
			r.want(g.bundle)
			refuse(replies, g.asked, verdict.ModelMissing)
		case !m.registeredAs(requests[g.asked[0]].Model):
			refuse(replies, g.asked, verdict.ModelMissing)
		case m.remote != nil:
			far.Go(func() {
				own := r.scratch.Get().(*scratch)
				defer r.scratch.Put(own)
				r.ask(ctx, m, own, g, requests, replies)
			})
		}
	}
	for _, g := range s.groups {
		if m := models[g.bundle]; m != nil && m.remote == nil && m.registeredAs(requests[g.asked[0]].Model) {
			r.ask(ctx, m, s, g, requests, replies)
		}
	}
	far.Wait()
	for _, g := range s.groups {
		r.metrics.count(g, replies)
	}
	return replies
}

// divide groups the questions by bundle: there are few.
func (s *scratch) divide(requests []beat.Request) {
	s.groups = s.groups[:0]
	for i := range requests {
		id := requests[i].Bundle
		at := 0
		for at < len(s.groups) && s.groups[at].bundle != id {
			at++
		}
		if at == len(s.groups) {
			if at < cap(s.groups) {
				s.groups = s.groups[:at+1] // with the memory of an earlier one
			} else {
				s.groups = append(s.groups, group{})
			}
			s.groups[at].bundle, s.groups[at].asked = id, s.groups[at].asked[:0]
		}
		s.groups[at].asked = append(s.groups[at].asked, i)
	}
}

// ask asks one model, batch by batch, until all have their answer or the time of servers is over.
func (r *Registry) ask(ctx context.Context, m *model, s *scratch, g group, requests []beat.Request, replies []beat.Reply) {
	for from := 0; from < len(g.asked); from += batchRows {
		if m.remote != nil && ctx.Err() != nil {
			refuse(replies, g.asked[from:], verdict.Timeout)
			return
		}
		batch := g.asked[from:min(from+batchRows, len(g.asked))]
		if n := s.pack(m, batch, requests); n > 0 {
			start := time.Now()
			m.answer(ctx, s.rows, n, s.scores[:], s.out[:])
			r.metrics.seconds.WithLabelValues(g.bundle).Observe(time.Since(start).Seconds())
		}
		n := 0
		for _, i := range batch {
			if len(requests[i].Features) != m.width {
				replies[i] = beat.Reply{Reason: verdict.ModelMissing}
				continue
			}
			replies[i] = s.out[n]
			n++
		}
	}
}

// pack lays the rows of a batch one after the other, less those that do not fit the model, and returns how many there are.
func (s *scratch) pack(m *model, batch []int, requests []beat.Request) (n int) {
	s.rows = s.rows[:0]
	for _, i := range batch {
		features := requests[i].Features
		if len(features) != m.width {
			m.misfit(requests[i].Code, len(features))
			continue
		}
		s.rows = append(s.rows, features...)
		n++
	}
	return n
}

func refuse(replies []beat.Reply, asked []int, reason string) {
	for _, i := range asked {
		replies[i] = beat.Reply{Reason: reason}
	}
}
