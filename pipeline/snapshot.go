package pipeline

import (
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"hash"
	"io"
	"slices"
	"time"

	"andon/schemas/journal"
)

// How snapshots are written: a part is well below what a broker takes as one record, and a beat carries few enough not to last.
const (
	partBytes = 512 << 10
	beatParts = 8
	slots     = 3 // the two newest snapshots, and the one that is being written
)

// When a lane is snapshotted, besides Config.Redo.
const (
	snapshotAge  = time.Hour        // or else logs that keep records for days would forget what a quiet lane needs
	stopRedo     = time.Second      // less is not worth a snapshot when a process stops
	stopPatience = 10 * time.Second // for all snapshots of a stopping process
)

// shot is a snapshot of a lane under way. Its parts are written beat by beat, and its manifest in the beat after the last part.
type shot struct {
	journal.Snapshot
	sum     hash.Hash
	folded  time.Duration // the lane's when the state was frozen
	pending [][]byte      // parts not known to be committed
	frozen  bool          // there are more
}

// freeze begins a snapshot of the lane as it stands.
func (l *lane) freeze() {
	l.engine.Freeze()
	l.anew = false
	l.shot = &shot{frozen: true, sum: sha256.New(), folded: l.folded, Snapshot: journal.Snapshot{Seq: l.head.Seq, Entry: l.hash, At: l.at,
		InputID: l.ids[0], SideID: l.ids[1], Slot: l.slot, Entities: l.engine.Size().Entities}}
}

// shoot adds to an outcome what it carries of the lane's snapshot. After a beat that was undone it is the same again.
func (l *lane) shoot(o *Outcome) {
	o.Snapshots, o.PartsAt = l.marks, Nowhere
	s := l.shot
	if s == nil {
		return
	}
	for len(s.pending) < beatParts && s.frozen {
		part, last := l.engine.Frozen(nil, partBytes)
		_, _ = s.sum.Write(part) // a hash takes everything
		s.pending, s.frozen = append(s.pending, part), !last
	}
	if len(s.pending) == 0 {
		s.Sum = journal.Sum(s.sum)
		o.Entry.Snapshot = &s.Snapshot
		return
	}
	o.parts, o.slot, o.part = s.pending, s.Slot, s.Parts
}

// shotKept says that an outcome is committed, with what it carried of the lane's snapshot.
func (l *lane) shotKept(o *Outcome) {
	s := l.shot
	if s == nil {
		return
	}
	if o.Entry.Snapshot != nil {
		l.marks = l.marks.With(o)
		l.slot = (s.Slot + 1) % slots
		l.folded -= s.folded
		l.shot = nil
		return
	}
	if s.Parts == 0 {
		s.First = o.PartsAt
	}
	for _, part := range o.parts {
		s.Parts++
		s.Bytes += int64(len(part))
	}
	s.pending = nil
}

// snapshot begins the next snapshot when it is time, one lane at a time.
func (l *Loop) snapshot(redo time.Duration) {
	if l.Redo < 0 || slices.ContainsFunc(l.lanes, func(x *lane) bool { return x.shot != nil }) {
		return
	}
	if x := l.nextShot(redo); x != nil {
		x.began = l.Now()
		x.freeze()
	}
}

// nextShot is the lane to snapshot: one judged anew, from where alone its entries can be repeated; one whose last snapshot is old; or the one that would
// take longest to redo, when all together would take longer than redo.
func (l *Loop) nextShot(redo time.Duration) (next *lane) {
	var all time.Duration
	old := l.Now().Add(-snapshotAge)
	for _, x := range l.lanes {
		switch {
		case x.sweeps() || x.folded == 0:
			continue // half judged anew it would seem whole; or there is nothing new
		case x.anew || x.began.Before(old):
			return x
		case next == nil || x.folded > next.folded:
			next = x
		}
		all += x.folded
	}
	if all <= redo {
		return nil
	}
	return next
}

// finish snapshots the lanes of a process that stops, at their committed positions, unless there is little to redo. Each turn asks first which lanes are
// still ours, and lets none be taken away while it writes. Failing costs time at the next start and nothing else.
func (l *Loop) finish(ctx context.Context) {
	ctx, cancel := context.WithTimeout(ctx, stopPatience)
	defer cancel()
	for ctx.Err() == nil {
		polled, err := l.source.Poll(ctx, 0, 0)
		if err == nil {
			err = l.take(ctx, polled)
		}
		l.snapshot(min(l.Redo, stopRedo))
		if err == nil && !slices.ContainsFunc(l.lanes, func(x *lane) bool { return x.shot != nil }) {
			return
		}
		var b Beat
		if err == nil {
			b, err = l.fold(ctx)
		}
		if err == nil {
			err = l.sink.Commit(ctx, b)
		}
		if err != nil {
			l.Log.Warn("no snapshot at the stop: the next start redoes more", "error", err)
			return
		}
		l.keep(b)
		l.source.Release(nil)
	}
}

// load fills the engine from the snapshot a past starts at.
func (l *lane) load(ctx context.Context, past Past, c *Config) error {
	m := past.Snapshot()
	sum, parts, bytes := sha256.New(), 0, int64(0)
	for {
		part, err := past.Part(ctx)
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			return err
		}
		parts++
		bytes += int64(len(part))
		_, _ = sum.Write(part)
		if err := l.engine.Load(part, parts == m.Parts); err != nil {
			return fmt.Errorf("%w: lane %s, part %d of the snapshot after entry %d: %w", ErrSnapshot, l.id, parts-1, m.Seq, err)
		}
	}
	if is := journal.Sum(sum); is != m.Sum || parts != m.Parts || bytes != m.Bytes {
		return fmt.Errorf("%w: lane %s, the snapshot after entry %d has %d parts of %d bytes in all and hash %s, its manifest says %d, %d and %s",
			ErrSnapshot, l.id, m.Seq, parts, bytes, is, m.Parts, m.Bytes, m.Sum)
	}
	e, err := past.Entry(ctx)
	if err != nil {
		return err
	}
	if e.Seq != m.Seq || e.Hash != m.Entry {
		return fmt.Errorf("%w: lane %s, the snapshot stands after entry %d of hash %s, at offset %d of the journal is entry %d of hash %s",
			ErrSnapshot, l.id, m.Seq, m.Entry, m.At, e.Seq, e.Hash)
	}
	l.ids, l.slot = [2]string{m.InputID, m.SideID}, (m.Slot+1)%slots
	controls, err := Between(ctx, c.Controls, 0, e.Control) // which may still be on their way to this process
	if err != nil {
		return err
	}
	l.rejudge, l.revised = e.Seq > 0 && e.Logic != c.Logic, revises(controls)
	l.stands(e)
	return l.judges(&e.Entry)
}
