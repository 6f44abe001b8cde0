package sim

import (
	"context"
	"errors"
	"fmt"
	"io"
	"maps"
	"slices"
	"time"

	"andon/pipeline"
	"andon/pipeline/load"
	"andon/schemas/event"
	"andon/schemas/exception"
	"andon/schemas/journal"
)

// restoring is the stream of a lane's restore; each has other luck.
func (w *worker) restoring(l pipeline.Lane) *stream {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.restores[l]++
	return w.stream(1+2*slices.Index(event.Families[:], l.Family)+int(l.Partition), fmt.Sprintf("restore %s %d", l, w.restores[l]))
}

// Committed implements pipeline.History.
func (w *worker) Committed(ctx context.Context, l pipeline.Lane) (c pipeline.Committed, err error) {
	stream := w.restoring(l)
	unstable := true
	for unstable && err == nil {
		err = w.call(ctx, stream, "committed", func(fate) error {
			side, input := w.g.positions[at(l, true)], w.g.positions[at(l, false)]
			unstable = w.g.pending[at(l, true)] != nil || w.g.pending[at(l, false)] != nil
			if unstable {
				w.fired["waited for an open transaction"]++
			}
			c = pipeline.Committed{Offsets: pipeline.Offsets{Side: side.offset, Input: input.offset}}
			_, err := fmt.Sscanf(input.metadata, place, &c.Seq, &c.Snapshots[0], &c.Snapshots[1])
			if err != nil || side.metadata != input.metadata {
				w.breach("lane %s has positions of %q and %q", l, side.metadata, input.metadata)
			}
			return nil
		})
		if unstable && err == nil {
			err = w.travel(ctx, stream, 50*time.Millisecond)
		}
	}
	return c, pipeline.Fail(pipeline.Lost, err)
}

// past reads a lane's past; its journal is bounded by the high watermark at the opening.
type past struct {
	*worker
	stream   *stream
	lane     pipeline.Lane
	snapshot *journal.Snapshot
	parts    [][]byte
	journal  []pipeline.Record // of the lane
	read     pipeline.Offsets
	restored int
}

// Open implements pipeline.History. It waits until what it reads is stable up to its high watermark.
func (w *worker) Open(ctx context.Context, l pipeline.Lane, mark int64) (pipeline.Past, error) {
	p := &past{worker: w, stream: w.restoring(l), lane: l}
	high := [...]int64{-1, -1, -1}
	for stable := false; !stable; {
		err := w.call(ctx, p.stream, "open", func(fate) error {
			stable = true
			for i, topic := range []string{"journal", "snapshots", "exceptions"} {
				part := w.b.part(load.Partition{Topic: topic, Number: l.Partition})
				if high[i] < 0 {
					high[i] = part.high()
				}
				stable = stable && part.stable() >= high[i]
			}
			if !stable {
				w.fired["read waited for markers"]++
				return nil
			}
			p.journal, _ = w.b.part(load.Partition{Topic: "journal", Number: l.Partition}).read(0, high[0], int(high[0]))
			p.journal = slices.DeleteFunc(p.journal, func(r pipeline.Record) bool { return string(r.Key) != l.String() })
			return p.begin(mark)
		})
		if err != nil {
			return nil, pipeline.Fail(pipeline.Lost, err)
		}
	}
	return p, nil
}

// begin goes to the snapshot that the entry at mark completed. That it is of no use cannot happen here.
func (p *past) begin(mark int64) error {
	if mark != pipeline.Nowhere {
		var e journal.Entry
		for _, r := range p.journal {
			if r.Offset == mark {
				_ = journal.Decode(r.Value, &e)
			}
		}
		if e.Snapshot == nil {
			p.breach("lane %s: the entry at %d completed no snapshot", p.lane, mark)
			return errAway
		}
		p.fired["restored from a snapshot"]++
		p.snapshot = e.Snapshot
		p.journal = slices.DeleteFunc(p.journal, func(r pipeline.Record) bool { return r.Offset < e.Snapshot.At })
		p.parts = p.b.snapshot(p.lane, e.Snapshot)
	}
	var first journal.Entry
	err := journal.Decode(p.journal[0].Value, &first)
	p.read = pipeline.Offsets{Side: first.Side.To, Input: first.Input.To}
	return err
}

// snapshot returns the parts of a snapshot, of a topic as compacted as can be: only the last record of a key is left.
func (b *broker) snapshot(l pipeline.Lane, s *journal.Snapshot) (parts [][]byte) {
	last := map[string]pipeline.Record{}
	for _, r := range b.part(load.Partition{Topic: "snapshots", Number: l.Partition}).all() {
		last[string(r.Key)] = r
	}
	for i := range s.Parts {
		r := last[fmt.Sprintf("%s/%d/%d", l, s.Slot, i)]
		if parts = append(parts, r.Value); i == 0 && r.Offset != s.First {
			b.breach("lane %s: part 0 of the snapshot after entry %d is not at %d", l, s.Seq, s.First)
		}
	}
	return parts
}

// Snapshot implements pipeline.Past.
func (p *past) Snapshot() *journal.Snapshot { return p.snapshot }

// Part implements pipeline.Past.
func (p *past) Part(context.Context) (part []byte, err error) {
	if len(p.parts) == 0 {
		return nil, io.EOF
	}
	part, p.parts = p.parts[0], p.parts[1:]
	return part, nil
}

// Entry implements pipeline.Past.
func (p *past) Entry(ctx context.Context) (e pipeline.Written, err error) {
	if len(p.journal) == 0 {
		return e, io.EOF
	}
	r := p.journal[0]
	p.journal = p.journal[1:]
	if p.restored++; p.restored%16 == 0 {
		if err := p.call(ctx, p.stream, "redo", func(fate) error { return nil }); err != nil {
			return e, pipeline.Fail(pipeline.Lost, err)
		}
	}
	e.Hash, e.At = journal.HashOf(r.Value), r.Offset
	return e, pipeline.Fail(pipeline.Refused, journal.Decode(r.Value, &e.Entry))
}

// Published implements pipeline.Past.
func (p *past) Published(context.Context) (list []exception.Exception, err error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	last := map[string][]byte{}
	for _, r := range p.b.part(load.Partition{Topic: "exceptions", Number: p.lane.Partition}).all() {
		last[string(r.Key)] = r.Value
	}
	for _, key := range slices.Sorted(maps.Keys(last)) {
		if last[key] != nil {
			var x exception.Exception
			err = errors.Join(err, exception.Decode(last[key], &x))
			list = append(list, x)
		}
	}
	return list, err
}

// Records implements pipeline.Past.
func (p *past) Records(_ context.Context, side bool, to int64, dst []pipeline.Record) ([]pipeline.Record, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	from := &p.read.Input
	if side {
		from = &p.read.Side
	}
	records, next := p.b.part(at(p.lane, side)).read(*from, to, int(to-*from))
	if next != to && *from < to {
		p.breach("lane %s is to read up to %d, the log is stable up to %d", p.lane, to, next)
	}
	*from = max(*from, to)
	return append(dst, records...), nil
}

// Close implements pipeline.Past.
func (p *past) Close() {}
