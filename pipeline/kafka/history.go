package kafka

import (
	"context"
	"errors"
	"fmt"
	"io"
	"strconv"
	"time"

	"github.com/twmb/franz-go/pkg/kerr"
	"github.com/twmb/franz-go/pkg/kgo"
	"github.com/twmb/franz-go/pkg/kmsg"

	"andon/pipeline"
	"andon/schemas/journal"
)

// Committed implements pipeline.History.
func (m *Member) Committed(ctx context.Context, l pipeline.Lane) (c pipeline.Committed, err error) {
	seqs := [2]string{}
	for i, at := range []*int64{&c.Input, &c.Side} {
		if *at, seqs[i], err = m.committed(ctx, l, i == 1); err != nil {
			return c, err
		}
	}
	c.Seq, err = strconv.ParseInt(seqs[0], 10, 64)
	if err != nil || seqs[0] != seqs[1] {
		return c, pipeline.Fail(pipeline.Refused, fmt.Errorf("%w: lane %s: the committed offsets carry %q and %q instead of the seq of an entry: "+
			"stop all detectors, delete the offsets of group %s with Kafka's own tools, and andon topics apply commits them again from the journal",
			pipeline.ErrJournalEnd, l, seqs[0], seqs[1], m.Group(Detect)))
	}
	return c, nil
}

// committed fetches one committed position and its metadata, waiting while a transaction over it is open.
func (m *Member) committed(ctx context.Context, l pipeline.Lane, side bool) (int64, string, error) {
	topic := m.Topic(l.Family, side)
	t := kmsg.NewOffsetFetchRequestGroupTopic()
	t.Topic, t.TopicID, t.Partitions = topic, m.ids[topic], []int32{l.Partition}
	g := kmsg.NewOffsetFetchRequestGroup()
	g.Group, g.Topics = m.Group(Detect), append(g.Topics, t)
	req := kmsg.NewPtrOffsetFetchRequest()
	req.RequireStable, req.Groups = true, append(req.Groups, g)
	ctx, cancel := context.WithTimeout(ctx, stallTime)
	defer cancel()
	again := time.NewTicker(50 * time.Millisecond)
	defer again.Stop()
	for {
		at, meta, err := fetchOffset(ctx, m.cl, req)
		switch {
		case errors.Is(err, kerr.UnstableOffsetCommit):
		case err != nil:
			return 0, "", pipeline.Fail(pipeline.Lost, fmt.Errorf("fetch the committed offset of %s partition %d: %w", topic, l.Partition, err))
		case at < 0:
			return 0, "", pipeline.Fail(pipeline.Refused, fmt.Errorf("%w for lane %s (%s): run andon topics apply", pipeline.ErrNoOffsets, l, topic))
		default:
			return at, meta, nil
		}
		select {
		case <-ctx.Done():
			return 0, "", pipeline.Fail(pipeline.Lost, fmt.Errorf("wait for the open transaction over %s partition %d: %w", topic, l.Partition, ctx.Err()))
		case <-again.C:
		}
	}
}

// fetchOffset asks for one offset; -1 when there is none.
func fetchOffset(ctx context.Context, cl *kgo.Client, req *kmsg.OffsetFetchRequest) (int64, string, error) {
	resp, err := req.RequestWith(ctx, cl)
	if err == nil {
		err = kerr.ErrorForCode(resp.ErrorCode)
	}
	if err != nil {
		return 0, "", err
	}
	for _, g := range resp.Groups {
		if err := kerr.ErrorForCode(g.ErrorCode); err != nil {
			return 0, "", err
		}
		for _, t := range g.Topics {
			for _, p := range t.Partitions {
				meta := ""
				if p.Metadata != nil {
					meta = *p.Metadata
				}
				return p.Offset, meta, kerr.ErrorForCode(p.ErrorCode)
			}
		}
	}
	return -1, "", nil
}

// past reads a lane's journal and records with a client for each partition, so that none waits for another.
type past struct {
	lane        pipeline.Lane
	journal     *reader
	side, input *reader
	genesis     journal.Entry
	hash        journal.Hash // of the genesis entry
	told        bool         // the genesis entry
}

// Open implements pipeline.History. The journal is read up to its high watermark: an entry whose transaction's markers are still on their way
// is waited for, never missed.
func (m *Member) Open(ctx context.Context, l pipeline.Lane) (pipeline.Past, error) {
	topics := m.partitions(l)
	topics[m.Journal()] = []int32{l.Partition}
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
	p := &past{lane: l, journal: open(m.Journal(), starts[m.Journal()][l.Partition])}
	p.genesis, p.hash, err = p.entry(ctx)
	switch {
	case errors.Is(err, io.EOF) || err == nil && p.genesis.Seq != 0: // the loop says what is wrong with it
		p.side, p.input = open(m.Side(l.Family), 0), open(m.Input(l.Family), 0)
		return p, nil
	case err == nil:
		err = m.same(l, &p.genesis, starts)
	}
	if err != nil {
		p.journal.close()
		return nil, err
	}
	p.side, p.input = open(m.Side(l.Family), p.genesis.Side.To), open(m.Input(l.Family), p.genesis.Input.To)
	return p, nil
}

// same checks that the lane's topics are those of its genesis entry and still have all records since.
func (m *Member) same(l pipeline.Lane, genesis *journal.Entry, starts map[string]map[int32]int64) error {
	for _, t := range []struct {
		topic, id string
		needed    int64
	}{{m.Input(l.Family), genesis.InputID, genesis.Input.To}, {m.Side(l.Family), genesis.SideID, genesis.Side.To}} {
		if id := m.ids[t.topic].String(); id != t.id {
			return pipeline.Fail(pipeline.Refused, fmt.Errorf("%w: %s has id %s, the journal is about %s: start over under a new kafka.own_prefix with andon topics apply",
				pipeline.ErrTopicID, t.topic, id, t.id))
		}
		if start := starts[t.topic][l.Partition]; start > t.needed {
			return pipeline.Fail(pipeline.Refused, fmt.Errorf("%w: %s partition %d begins at %d, lane %s needs it from %d: give the topic longer retention, "+
				"and start over under a new kafka.own_prefix with andon topics apply", pipeline.ErrLogLost, t.topic, l.Partition, start, l, t.needed))
		}
	}
	return nil
}

// Entry implements pipeline.Past.
func (p *past) Entry(ctx context.Context) (journal.Entry, journal.Hash, error) {
	if !p.told {
		p.told = true
		if p.genesis.Lane == "" {
			return p.genesis, "", io.EOF
		}
		return p.genesis, p.hash, nil
	}
	return p.entry(ctx)
}

// entry reads the next entry of the lane; the partition holds those of other families too.
func (p *past) entry(ctx context.Context) (e journal.Entry, h journal.Hash, err error) {
	for {
		r, err := p.journal.one(ctx)
		if err != nil {
			return e, "", err
		}
		if string(r.Key) != p.lane.String() {
			continue
		}
		if err := journal.Decode(r.Value, &e); err != nil {
			return e, "", pipeline.Fail(pipeline.Refused, fmt.Errorf("%w: %s partition %d offset %d: %w",
				pipeline.ErrJournalGap, p.journal.topic, p.lane.Partition, r.Offset, err))
		}
		return e, journal.HashOf(r.Value), nil
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

// Close implements pipeline.Past.
func (p *past) Close() {
	for _, r := range []*reader{p.journal, p.side, p.input} {
		r.close()
	}
}
