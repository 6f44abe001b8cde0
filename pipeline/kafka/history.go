package kafka

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/twmb/franz-go/pkg/kerr"
	"github.com/twmb/franz-go/pkg/kgo"
	"github.com/twmb/franz-go/pkg/kmsg"

	"andon/pipeline"
)

// Committed implements pipeline.History.
func (m *Member) Committed(ctx context.Context, l pipeline.Lane) (c pipeline.Committed, err error) {
	places := [2]string{}
	for i, at := range []*int64{&c.Input, &c.Side} {
		if *at, places[i], err = m.committed(ctx, l, i == 1); err != nil {
			return c, err
		}
	}
	p, err := parsePlace(places[0])
	if err != nil || places[0] != places[1] {
		return c, pipeline.Fail(pipeline.Refused, fmt.Errorf("%w: lane %s: the committed offsets carry %q and %q instead of the seq of an entry: "+
			"stop all detectors, delete the offsets of group %s with Kafka's own tools, and andon topics apply commits them again from the journal",
			pipeline.ErrJournalEnd, l, places[0], places[1], m.Group(Detect)))
	}
	c.Seq, c.Snapshots = p.seq, p.snapshots
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
