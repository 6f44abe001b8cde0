package kafka

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"maps"
	"slices"

	"andon/pipeline"
	"andon/schemas/exception"
	"andon/schemas/identity"
	"andon/schemas/journal"
)

// past reads a lane's journal, records and snapshot with a client for each partition, so that none waits for another.
type past struct {
	lane        pipeline.Lane
	snapshot    *journal.Snapshot // nil at the genesis entry
	parts       *reader
	part        int // the next
	journal     *reader
	side, input *reader
	exceptions  *reader
	first       pipeline.Written // the entry it begins with; no lane when there is none
	told        bool             // the first entry
}

// Open implements pipeline.History. The journal is read up to its high watermark: an entry whose transaction's markers are still on their way
// is waited for, never missed.
func (m *Member) Open(ctx context.Context, l pipeline.Lane, mark int64) (pipeline.Past, error) {
	topics := m.partitions(l)
	for _, topic := range []string{m.Journal(), m.Snapshots(), m.Exceptions()} {
		topics[topic] = []int32{l.Partition}
	}
	starts, err := listOffsets(ctx, m.cl, topics, startOffset)
	if err != nil {
		return nil, pipeline.Fail(pipeline.Lost, err)
	}
	ends, err := listOffsets(ctx, m.cl, topics, endOffset)
	if err != nil {
		return nil, pipeline.Fail(pipeline.Lost, err)
	}
	open := func(topic string, from int64) *reader {
		return &reader{config: m.Config, log: m.log, topic: topic, partition: l.Partition, next: from, end: ends[topic][l.Partition]}
	}
	p := &past{lane: l, exceptions: open(m.Exceptions(), starts[m.Exceptions()][l.Partition])}
	from := starts[m.Journal()][l.Partition]
	if mark != pipeline.Nowhere {
		if mark < from {
			return nil, fmt.Errorf("%w: lane %s: the journal begins at offset %d, the entry that completed the snapshot stood at %d", pipeline.ErrSnapshot, l, from, mark)
		}
		if p.snapshot, err = completed(ctx, l, open(m.Journal(), mark), mark); err != nil {
			return nil, err
		}
		if p.snapshot.At < from {
			return nil, fmt.Errorf("%w: lane %s: the journal begins at offset %d, the snapshot stands after the entry at %d", pipeline.ErrSnapshot, l, from, p.snapshot.At)
		}
		if start := starts[m.Snapshots()][l.Partition]; p.snapshot.First < start {
			return nil, fmt.Errorf("%w: lane %s: %s begins at offset %d, the snapshot at %d", pipeline.ErrSnapshot, l, m.Snapshots(), start, p.snapshot.First)
		}
		from = p.snapshot.At
		p.parts = open(m.Snapshots(), p.snapshot.First)
	}
	p.journal = open(m.Journal(), from)
	p.first, err = p.entry(ctx)
	switch {
	case errors.Is(err, io.EOF) || err == nil && mark == pipeline.Nowhere && p.first.Seq != 0: // the loop says what is wrong with it
		p.side, p.input = open(m.Side(l.Family), 0), open(m.Input(l.Family), 0)
		return p, nil
	case err == nil:
		err = m.same(l, p, starts)
	}
	if err != nil {
		p.Close()
		return nil, err
	}
	p.side, p.input = open(m.Side(l.Family), p.first.Side.To), open(m.Input(l.Family), p.first.Input.To)
	if p.snapshot == nil || p.input.next >= p.input.end {
		return p, nil
	}
	if err := p.input.connect(ctx); err != nil { // records come in while the snapshot is loaded
		p.Close()
		return nil, err
	}
	return p, nil
}

// completed reads the manifest in the journal's entry at an offset.
func completed(ctx context.Context, l pipeline.Lane, r *reader, mark int64) (*journal.Snapshot, error) {
	defer r.close()
	p := past{lane: l, journal: r}
	e, err := p.entry(ctx)
	if pipeline.KindOf(err) == pipeline.Lost && !errors.Is(err, io.EOF) {
		return nil, err
	}
	if err != nil || e.At != mark || e.Snapshot == nil {
		return nil, fmt.Errorf("%w: lane %s: the committed offsets say that the entry at offset %d of %s completed it, which it did not", pipeline.ErrSnapshot, l, mark, r.topic)
	}
	return e.Snapshot, nil
}

// same checks that the lane's topics are those its past is about and still have all records since.
func (m *Member) same(l pipeline.Lane, p *past, starts map[string]map[int32]int64) error {
	ids := [2]string{p.first.InputID, p.first.SideID}
	if s := p.snapshot; s != nil {
		ids = [2]string{s.InputID, s.SideID}
	}
	for i, t := range []struct {
		topic  string
		needed int64
	}{{m.Input(l.Family), p.first.Input.To}, {m.Side(l.Family), p.first.Side.To}} {
		if id := m.ids[t.topic].String(); id != ids[i] {
			return pipeline.Fail(pipeline.Refused, fmt.Errorf("%w: %s has id %s, the journal is about %s: start over under a new kafka.own_prefix with andon topics apply",
				pipeline.ErrTopicID, t.topic, id, ids[i]))
		}
		if start := starts[t.topic][l.Partition]; start > t.needed {
			return pipeline.Fail(pipeline.Refused, fmt.Errorf("%w: %s partition %d begins at %d, lane %s needs it from %d: give the topic longer retention, "+
				"and start over under a new kafka.own_prefix with andon topics apply", pipeline.ErrLogLost, t.topic, l.Partition, start, l, t.needed))
		}
	}
	return nil
}

// Snapshot implements pipeline.Past.
func (p *past) Snapshot() *journal.Snapshot { return p.snapshot }

// Part implements pipeline.Past. Between the parts of one lane stand those of others, and of attempts that came to nothing.
func (p *past) Part(ctx context.Context) ([]byte, error) {
	if p.part == p.snapshot.Parts {
		return nil, io.EOF
	}
	key := fmt.Sprintf("%s/%d/%d", p.lane, p.snapshot.Slot, p.part)
	for {
		r, err := p.parts.one(ctx)
		if errors.Is(err, io.EOF) {
			return nil, fmt.Errorf("%w: lane %s: part %d of the snapshot after entry %d is not in %s", pipeline.ErrSnapshot, p.lane, p.part, p.snapshot.Seq, p.parts.topic)
		}
		if err != nil {
			return nil, err
		}
		if string(r.Key) == key {
			p.part++
			return r.Value, nil
		}
	}
}

// Entry implements pipeline.Past.
func (p *past) Entry(ctx context.Context) (pipeline.Written, error) {
	if !p.told {
		p.told = true
		if p.first.Lane == "" {
			return p.first, io.EOF
		}
		return p.first, nil
	}
	return p.entry(ctx)
}

// entry reads the next entry of the lane; the partition holds those of other families too.
func (p *past) entry(ctx context.Context) (e pipeline.Written, err error) {
	for {
		r, err := p.journal.one(ctx)
		if err != nil {
			return e, err
		}
		if string(r.Key) != p.lane.String() {
			continue
		}
		if err := journal.Decode(r.Value, &e.Entry); err != nil {
			return e, pipeline.Fail(pipeline.Refused, fmt.Errorf("%w: %s partition %d offset %d: %w",
				pipeline.ErrJournalGap, p.journal.topic, p.lane.Partition, r.Offset, err))
		}
		e.Hash, e.At = journal.HashOf(r.Value), r.Offset
		return e, nil
	}
}

// Records implements pipeline.Past.
func (p *past) Records(ctx context.Context, side bool, to int64, dst []pipeline.Record) ([]pipeline.Record, error) {
	r := p.input
	if side {
		r = p.side
	}
	return r.until(ctx, to, dst)
}

// Published implements pipeline.Past.
func (p *past) Published(ctx context.Context) ([]exception.Exception, error) {
	last := map[exception.ID]exception.Exception{}
	for {
		r, err := p.exceptions.one(ctx)
		if errors.Is(err, io.EOF) {
			return slices.SortedFunc(maps.Values(last), func(a, b exception.Exception) int { return bytes.Compare(a.ID[:], b.ID[:]) }), nil
		}
		if err != nil {
			return nil, err
		}
		var x exception.Exception
		if id, err := identity.Parse(string(r.Key)); err == nil && r.Value == nil {
			delete(last, id)
		} else if err := exception.Decode(r.Value, &x); err == nil { // what is no exception no beat wrote
			last[x.ID] = x
		}
	}
}

// Close implements pipeline.Past.
func (p *past) Close() {
	for _, r := range []*reader{p.exceptions, p.parts, p.journal, p.side, p.input} {
		r.close()
	}
}
