package pipeline

import (
	"cmp"
	"context"
	"errors"
	"slices"
	"time"
)

// memory is a lane's memory while no beat may use it: being restored, or left behind by a lane that was taken away. Its fields may be read
// once done is closed.
type memory struct {
	done   chan struct{}
	cancel context.CancelFunc
	lane   *lane // nil when there is none to keep
	err    error
}

// release takes lanes away. Their engines stay as they are: the range balancer revokes everything and gives most of it back.
func (l *Loop) release(ids []Lane) {
	for _, id := range ids {
		if m := l.coming[id]; m != nil {
			m.cancel()
			delete(l.coming, id)
			l.left[id] = m
		}
		if i, ours := l.find(id); ours {
			m := &memory{done: make(chan struct{}), lane: l.lanes[i]}
			close(m.done)
			m.lane.stand()
			l.left[id] = m
			l.lanes = slices.Delete(l.lanes, i, i+1)
			l.Metrics.gone(id)
		}
	}
}

// expect starts to restore the lanes of a new assignment and drops the memory of all others.
func (l *Loop) expect(ctx context.Context, ids []Lane) {
	for _, id := range ids {
		if _, ours := l.find(id); ours || l.coming[id] != nil {
			continue
		}
		ctx, cancel := context.WithCancel(ctx)
		m := &memory{done: make(chan struct{}), cancel: cancel}
		former := l.left[id]
		l.restores.Go(func() { m.restore(ctx, l, id, former) })
		l.coming[id] = m
		delete(l.left, id)
	}
	clear(l.left)
	l.Metrics.restoring.Set(float64(len(l.coming)))
}

// restore waits for a former memory of the lane, if there is one, keeps it if it is what stands committed, and re-executes the lane's past
// otherwise.
func (m *memory) restore(ctx context.Context, l *Loop, id Lane, former *memory) {
	defer close(m.done)
	if former != nil {
		<-former.done
		m.lane = former.lane
	}
	select {
	case l.gate <- struct{}{}:
		defer func() { <-l.gate }()
	case <-ctx.Done():
		m.err = ctx.Err()
		return
	}
	c, err := l.history.Committed(ctx, id)
	if err != nil || m.lane != nil && m.lane.is(c) {
		m.err = err
		return
	}
	started := l.Now()
	l.Log.Debug("restoring lane", "lane", id.String(), "entries", c.Seq, "input", c.Input, "side", c.Side)
	restored, err := l.redo(ctx, id, c)
	for err != nil {
		// A lane that was taken over meanwhile, when this process stood still, say, has gone on elsewhere: its past was read as of two instants.
		// Only what stands committed by now says whether anything is wrong with it.
		now, unknown := l.history.Committed(ctx, id)
		if unknown != nil || now == c {
			m.err = cmp.Or(unknown, err)
			return
		}
		c = now
		restored, err = l.redo(ctx, id, c)
	}
	m.lane = restored
	l.Log.Debug("restored lane", "lane", id.String(), "entities", restored.engine.Size().Entities, "took", l.Now().Sub(started).Round(time.Millisecond))
}

// arrived moves the lanes that are restored into the loop.
func (l *Loop) arrived() error {
	for id, m := range l.coming {
		select {
		case <-m.done:
		default:
			continue
		}
		if errors.Is(m.err, context.Canceled) {
			continue // the loop is ending
		}
		if m.err != nil {
			return m.err
		}
		delete(l.coming, id)
		m.cancel()
		m.lane.stand()
		m.lane.fresh = true
		i, _ := l.find(id)
		l.lanes = slices.Insert(l.lanes, i, m.lane)
		l.Metrics.sized(m.lane)
	}
	l.Metrics.restoring.Set(float64(len(l.coming)))
	return nil
}

// ready names the lanes that beat and whose records do not flow yet.
func (l *Loop) ready() (ids []Lane) {
	for _, x := range l.lanes {
		if x.fresh {
			x.fresh = false
			ids = append(ids, x.id)
		}
	}
	return ids
}

// forget ends the restores under way and lets go of all memory.
func (l *Loop) forget() {
	for _, m := range l.coming {
		m.cancel()
	}
	l.restores.Wait()
	clear(l.coming)
	for _, x := range l.lanes {
		l.Metrics.gone(x.id)
	}
	l.lanes = nil
	clear(l.left)
}
