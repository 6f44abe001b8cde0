package sim

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"math/rand/v2"
	"slices"
	"time"
)

// errorsOf takes what a process logs: an error is what a person must see to, and nothing here needs one.
type errorsOf struct {
	slog.Handler
	*proc
}

// Enabled implements slog.Handler.
func (h errorsOf) Enabled(_ context.Context, level slog.Level) bool { return level >= slog.LevelError }

// Handle implements slog.Handler.
func (h errorsOf) Handle(_ context.Context, r slog.Record) error {
	h.mu.Lock()
	defer h.mu.Unlock()
	text := r.Message
	r.Attrs(func(a slog.Attr) bool { text += " " + a.String(); return true })
	h.breach("%s says: %s", h.name, text)
	return nil
}

// proc is one process, from its start to its end.
type proc struct {
	*stage
	name    string // of its machine: instance name and transactional id
	number  int    // of the start
	slot    int
	ctx     context.Context // ends with a planned stop, too
	cancel  context.CancelFunc
	gone    chan struct{}
	skew    time.Duration // of its clock
	dead    bool
	paused  time.Duration // stands still until
	silence int           // changes when it falls silent or speaks again
	silent  bool
	onPause func() // starts another process of its name
	quiet   func() // tells the group that it hears nothing any more
}

// stream is one goroutine of a process as the cluster sees it.
type stream struct {
	name string
	slot int
	n    uint64 // operations so far
}

func (p *proc) stream(i int, name string) *stream {
	return &stream{name: fmt.Sprintf("%s#%d %s", p.name, p.number, name), slot: p.slot + i}
}

// travel waits d, and as long as the process stands still.
func (p *proc) travel(ctx context.Context, at *stream, d time.Duration) error {
	for {
		t := time.NewTimer(p.gap(at.slot, d))
		select {
		case <-t.C:
		case <-ctx.Done():
			t.Stop()
			select {
			case <-p.gone: // its death ends the context, too
				return errDead
			default:
				return ctx.Err()
			}
		case <-p.gone:
			t.Stop()
			return errDead
		}
		p.mu.Lock()
		d = p.paused - p.now()
		p.mu.Unlock()
		if d <= 0 {
			return nil
		}
	}
}

// await waits until ready says so, at most d.
func (p *proc) await(ctx context.Context, d time.Duration, ready func() bool) {
	p.mu.Lock()
	if ready() {
		p.mu.Unlock()
		return
	}
	w := &waiter{ready, make(chan struct{})}
	p.waiters = append(p.waiters, w)
	p.mu.Unlock()
	t := time.NewTimer(d)
	select {
	case <-w.wake:
	case <-t.C:
	case <-ctx.Done():
	case <-p.gone:
	}
	t.Stop()
	p.mu.Lock()
	p.waiters = slices.DeleteFunc(p.waiters, func(x *waiter) bool { return x == w })
	p.mu.Unlock()
}

// call is one operation: a request to Kafka (table false) or to the table that has the effect do, if it arrives.
func (p *proc) call(ctx context.Context, at *stream, name string, do func(fate) error) error {
	d := p.dice(at.name, at.n)
	at.n++
	if err := p.travel(ctx, at, between(d, 100*time.Microsecond, 8*time.Millisecond)); err != nil {
		return err
	}
	p.mu.Lock()
	f := p.fate(d, name)
	if f == stopBefore {
		p.pause(d)
		p.note(at.name, name, f, nil)
		p.mu.Unlock()
		if err := p.travel(ctx, at, 0); err != nil {
			return err
		}
		p.mu.Lock()
	}
	defer p.mu.Unlock()
	if p.dead {
		return errDead
	}
	err := p.suffer(d, f, name, do)
	p.note(at.name, name, f, err)
	switch {
	case p.dead:
		return errDead
	case errors.Is(err, errAway) || f == stopAfter:
		wait := between(d, time.Millisecond, 500*time.Millisecond)
		if d.IntN(4) == 0 {
			wait = between(d, time.Second, 40*time.Second)
		}
		p.mu.Unlock()
		gone := p.travel(ctx, at, wait)
		p.mu.Lock()
		if gone != nil {
			return gone
		}
	}
	return err
}

// suffer is what the fate makes of the operation.
func (p *proc) suffer(d *rand.Rand, f fate, name string, do func(fate) error) (err error) {
	arrives := func() {
		p.after(between(d, 50*time.Millisecond, 90*time.Second), name+" of "+p.name+" arrives", func() { _ = do(works) })
	}
	switch f {
	case killBefore:
		p.die()
		return errDead
	case killAfter:
		_ = do(f)
		p.die()
		return errDead
	case killLate:
		arrives()
		p.die()
		return errDead
	case late:
		arrives()
		return errAway
	case lost, away:
		return errAway
	case refused:
		return errMoved
	case unanswered:
		_ = do(f)
		return errAway
	case stopAfter:
		err = do(f)
		p.pause(d)
		return err
	case leaves:
		p.cancel()
	default: // what the operation itself makes of it
	}
	return do(f)
}

// fate draws what befalls an operation.
func (p *proc) fate(d *rand.Rand, name string) fate {
	engine := 0
	if name == "insert" || name == "look" {
		engine = 1
	}
	if out := p.profile.away[engine]; out[0] <= p.now() && p.now() < out[1] && befalls[name] != nil {
		p.fired[string(away)+" "+name]++
		return away
	}
	list := befalls[name]
	if hit := d.Float64() < p.profile.rate*often[name]; !hit || p.calm || len(list) == 0 {
		return works
	}
	f := list[d.IntN(len(list))]
	if !p.profile.allowed[f] {
		return works
	}
	p.fired[string(f)+" "+name]++
	if p.profile.faultsMax--; p.profile.faultsMax == 0 {
		p.calm = true
	}
	return f
}

// die ends the process. mu is held.
func (p *proc) die() {
	p.dead = true
	close(p.gone)
	p.cancel()
	p.hush()
}

// hush makes the process silent: its group counts from now.
func (p *proc) hush() {
	p.silent = true
	p.silence++
	if p.quiet != nil {
		p.quiet()
	}
}

// pause stops the process for a while. mu is held.
func (p *proc) pause(d *rand.Rand) {
	p.paused = p.now() + between(d, 100*time.Millisecond, []time.Duration{5 * time.Second, 40 * time.Second, 90 * time.Second}[d.IntN(3)])
	p.hush()
	n := p.silence
	p.after(p.paused-p.now(), p.name+" goes on", func() {
		if p.silence == n && !p.dead {
			p.silent = false
			p.silence++
		}
	})
	if p.profile.replace && p.onPause != nil && d.IntN(2) == 0 {
		p.fired["replaced by another of its name"]++
		p.onPause()
	}
}
