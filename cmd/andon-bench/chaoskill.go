package main

import (
	"context"
	"fmt"
	"slices"
	"time"

	"andon/cmd/andon-bench/figure"
	"andon/internal/killpoint"

	"golang.org/x/sync/errgroup"
)

// target is a kill to come.
type target struct {
	killpoint.Order
	tries int
}

// How long a process may live that does not come by its point, and how often one that does not is tried.
const (
	patience = 3 * time.Second
	triesMax = 3
)

// draw makes the plan: about as many kills as there are points, in turns at those that lack kills; at each once when none does. The order is the seed's.
func (x *chaosRun) draw() {
	points := slices.Clone(killpoint.Points)
	x.random.Shuffle(len(points), func(i, j int) { points[i], points[j] = points[j], points[i] })
	for turn := int64(0); len(x.plan) < len(points); turn++ {
		before := len(x.plan)
		for _, p := range points {
			if x.killed[p.Name]+turn < x.Kills {
				x.plan = append(x.plan, x.target(p))
			}
		}
		if len(x.plan) == before {
			break
		}
	}
	if len(x.plan) == 0 {
		for _, p := range points {
			x.plan = append(x.plan, x.target(p))
		}
	}
}

// target draws how often a point is passed before it kills: half of the kills at work come soon, the others after a while.
func (x *chaosRun) target(p killpoint.Point) target {
	n := int64(1)
	switch p.Kind {
	case killpoint.AtWork:
		n += x.random.Int64N(8)
		if later := int64(x.Orders / 400); later > 0 && x.random.Int64N(2) == 0 {
			n += x.random.Int64N(later)
		}
	case killpoint.InRestore:
		n += x.random.Int64N(3)
	case killpoint.AtStart:
	}
	return target{killpoint.Order{Point: p.Name, Nth: n}, triesMax}
}

// kill runs a day over processes that die, and checks what came of it.
func (x *chaosRun) kill(ctx context.Context) error {
	records := x.day()
	want, err := x.expected(ctx, records)
	if err != nil {
		return err
	}
	x.draw()
	pieces := len(x.plan) + 2
	x.fleet = make([]*process, x.Processes)
	work, within := errgroup.WithContext(ctx)
	written := make(chan struct{})
	work.Go(func() error {
		defer close(written)
		return x.publish(within, records, pieces)
	})
	for i := range x.fleet {
		work.Go(func() error { return x.keep(within, i, written) })
	}
	if err := work.Wait(); err != nil {
		return err
	}
	if err := x.settle(ctx); err != nil {
		return err
	}
	x.count()
	return x.check(ctx, want)
}

// count puts the kills into the row.
func (x *chaosRun) count() {
	for point, n := range x.kills {
		x.row.Values[figure.KillsAt+point] = float64(n)
	}
	x.row.Samples = map[string][]float64{figure.RecoveryMS: x.recovery}
}

// keep keeps one process of the fleet running: each time with the next order of the plan, and in the end with none.
func (x *chaosRun) keep(ctx context.Context, i int, written <-chan struct{}) error {
	for {
		next, more := x.next()
		if x.fleet[i] != nil && x.fleet[i].took > 0 {
			x.mu.Lock()
			x.recovery = append(x.recovery, float64(x.fleet[i].took.Milliseconds()))
			x.mu.Unlock()
		}
		p, err := x.spawn(fmt.Sprintf("process-%c", 'a'+i), next.Order)
		if err != nil {
			return err
		}
		x.fleet[i] = p
		if !more {
			return nil
		}
		if err := x.wait(ctx, p, next, written); err != nil {
			return err
		}
	}
}

// next takes an order from the plan.
func (x *chaosRun) next() (t target, more bool) {
	x.mu.Lock()
	defer x.mu.Unlock()
	if len(x.plan) == 0 {
		return t, false
	}
	t, x.plan = x.plan[0], x.plan[1:]
	return t, true
}

// wait waits until the process has carried out its order; one that does not come to it is killed where it is.
func (x *chaosRun) wait(ctx context.Context, p *process, t target, written <-chan struct{}) error {
	limit := time.After(settleLimit)
	beats, late := p.beats, (<-chan time.Time)(nil)
	for {
		select {
		case <-p.done:
			if !p.signalled() {
				return fmt.Errorf("%s, told to %s, ended by itself (%s): %s", p.name, t.Order, p.cmd.ProcessState, p.lastWords())
			}
			x.died(t.Point)
			return nil
		case <-beats:
			beats, late = nil, time.After(patience)
		case <-late:
			p.end()
			x.died(figure.Anywhere)
			x.again(t, written)
			return nil
		case <-limit:
			return fmt.Errorf("%s, told to %s, did not come up in %s: %s", p.name, t.Order, settleLimit, p.lastWords())
		case <-ctx.Done():
			return ctx.Err()
		}
	}
}

// died counts a kill and lets more of the history come.
func (x *chaosRun) died(point string) {
	x.mu.Lock()
	x.kills[point]++
	x.mu.Unlock()
	select {
	case x.progress <- struct{}{}:
	default:
	}
}

// again puts an order that was not carried out back into the plan, for the first passing, as long as there is work.
func (x *chaosRun) again(t target, written <-chan struct{}) {
	select {
	case <-written:
		return
	default:
	}
	if t.tries--; t.tries > 0 {
		t.Nth = 1
		x.mu.Lock()
		x.plan = append(x.plan, t)
		x.mu.Unlock()
	}
}
