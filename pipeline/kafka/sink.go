package kafka

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"
	"time"

	"github.com/twmb/franz-go/pkg/kadm"
	"github.com/twmb/franz-go/pkg/kerr"
	"github.com/twmb/franz-go/pkg/kgo"
	"github.com/twmb/franz-go/pkg/kmsg"

	"andon/pipeline"
)

// Commit implements pipeline.Sink: begin, produce, commit the offsets, end. The same for every beat.
func (m *Member) Commit(ctx context.Context, b pipeline.Beat) error {
	ctx, cancel := context.WithTimeout(ctx, commitTime)
	defer cancel()
	if err := m.cl.BeginTransaction(); err != nil {
		return pipeline.Fail(pipeline.Lost, fmt.Errorf("begin a transaction: %w", err))
	}
	before := m.now()
	err := m.produce(ctx, b)
	kind := kindOf(err)
	if err == nil && b.Wall {
		err, kind = m.checkClock(ctx, before), pipeline.Held
	}
	if err == nil {
		err = m.commitOffsets(ctx, b)
		kind = kindOf(err)
	}
	return m.end(ctx, kind, err)
}

// produce writes the outcomes into the open transaction. Dying here, or before the end: the broker aborts the transaction when this instance
// comes back or its time is up; nobody has read the records, and the positions are the old ones.
func (m *Member) produce(ctx context.Context, b pipeline.Beat) error {
	var mu sync.Mutex
	var failed error
	done := func(r *kgo.Record, err error) {
		if err != nil {
			mu.Lock()
			failed = fmt.Errorf("write to %s: %w", r.Topic, err)
			mu.Unlock()
		}
	}
	m.out.begin()
	for i := range b.Lanes {
		m.out.add(m.Config, &b.Lanes[i])
	}
	for i := range m.out.records {
		m.cl.Produce(ctx, &m.out.records[i], done)
	}
	err := m.cl.Flush(ctx)
	if err != nil || failed != nil { // the client may hold on to what it did not get rid of
		m.out = outgoing{}
	}
	if err != nil {
		return fmt.Errorf("write a beat: no broker stored it: %s: %w", m.whyNot(context.WithoutCancel(ctx)), err)
	}
	if failed == nil {
		m.out.tell(b.Lanes)
	}
	return failed
}

// whyNot says what keeps brokers from storing records, as far as they know.
func (m *Member) whyNot(ctx context.Context) string {
	ctx, cancel := context.WithTimeout(ctx, 2*time.Second)
	defer cancel()
	topics, err := kadm.NewClient(m.cl).ListTopics(ctx, m.outputs()...)
	if err != nil {
		return err.Error()
	}
	for _, t := range topics.Sorted() {
		for _, p := range t.Partitions.Sorted() {
			if p.Err != nil || p.Leader < 0 {
				return fmt.Sprintf("%s partition %d has no leader: a broker is away or its disk failed or is full", t.Topic, p.Partition)
			}
		}
	}
	return "every partition has a leader, so look at the brokers' logs and disks: one is out of room, or too slow"
}

// commitOffsets adds the position of every lane of the beat to the transaction, moved or not, in the name of the assignment the lanes are held
// by. A member the group has moved on from is refused here. Dying after it: a new owner's offset fetch waits for the transaction's end.
func (m *Member) commitOffsets(ctx context.Context, b pipeline.Beat) error {
	id, epoch, err := m.cl.ProducerID(ctx)
	if err != nil {
		return fmt.Errorf("commit the positions: %w", err)
	}
	m.mu.Lock()
	member, generation := m.id, m.generation
	m.mu.Unlock()
	req := kmsg.NewPtrTxnOffsetCommitRequest()
	req.TransactionalID, req.ProducerID, req.ProducerEpoch = m.Instance, id, epoch
	req.Group, req.Generation, req.MemberID, req.InstanceID = m.Group(Detect), generation, member, &m.Instance
	for i := range b.Lanes {
		m.addPositions(req, &b.Lanes[i])
	}
	resp, err := req.RequestWith(ctx, m.cl)
	if err != nil {
		return fmt.Errorf("commit the positions: %w", err)
	}
	for _, t := range resp.Topics {
		for _, p := range t.Partitions {
			if err := kerr.ErrorForCode(p.ErrorCode); err != nil {
				return fmt.Errorf("commit the positions as group %s: %w", req.Group, err)
			}
		}
	}
	return nil
}

// addPositions adds a lane's positions after an outcome, with their place as metadata. The topic ids refuse a topic that was made again.
func (m *Member) addPositions(req *kmsg.TxnOffsetCommitRequest, o *pipeline.Outcome) {
	here := place{o.Entry.Seq, o.Snapshots.With(o)}.String()
	for side, at := range map[bool]int64{false: o.Entry.Input.To, true: o.Entry.Side.To} {
		topic := m.Topic(o.Lane.Family, side)
		i := slices.IndexFunc(req.Topics, func(t kmsg.TxnOffsetCommitRequestTopic) bool { return t.Topic == topic })
		if i < 0 {
			t := kmsg.NewTxnOffsetCommitRequestTopic()
			t.Topic, t.TopicID = topic, m.ids[topic]
			i, req.Topics = len(req.Topics), append(req.Topics, t)
		}
		p := kmsg.NewTxnOffsetCommitRequestTopicPartition()
		p.Partition, p.Offset, p.Metadata = o.Lane.Partition, at, &here
		req.Topics[i].Partitions = append(req.Topics[i].Partitions, p)
	}
}

// end commits the transaction, or aborts it when err is set and returns that. Dying here: all of the beat is committed or none of it, and a
// restore reads which from the committed positions.
func (m *Member) end(ctx context.Context, kind pipeline.Kind, err error) error {
	if err == nil {
		if err = m.cl.EndTransaction(ctx, kgo.TryCommit); err == nil {
			return nil
		}
		err = fmt.Errorf("end the transaction: %w", err)
		if kind = kindOf(err); kind != pipeline.Aborted {
			return pipeline.Fail(pipeline.Lost, err) // unknown: it may be committed
		}
	}
	if kind == pipeline.Lost || kind == pipeline.Refused {
		return pipeline.Fail(kind, err)
	}
	if again := m.cl.EndTransaction(ctx, kgo.TryAbort); again != nil {
		return pipeline.Fail(pipeline.Lost, fmt.Errorf("abort the transaction: %w after %w", again, err))
	}
	return pipeline.Fail(kind, err)
}

// clockMax is how far the wall clock may be off the broker's.
const clockMax = 5 * time.Second

// checkClock compares the wall clock with the broker's, which noted when it learned of the open transaction: after before and until now.
func (m *Member) checkClock(ctx context.Context, before time.Time) error {
	req := kmsg.NewPtrDescribeTransactionsRequest()
	req.TransactionalIDs = []string{m.Instance}
	resp, err := req.RequestWith(ctx, m.cl)
	after := m.now()
	if err == nil && (len(resp.TransactionStates) != 1 || resp.TransactionStates[0].StartTimestamp <= 0) {
		err = errors.New("the coordinator does not know the open transaction")
	}
	if err != nil {
		return fmt.Errorf("ask for the broker's time: %w", err)
	}
	for _, t := range resp.TransactionStates {
		broker := time.UnixMilli(t.StartTimestamp)
		if ahead, behind := before.Sub(broker), broker.Sub(after); max(ahead, behind) > clockMax {
			return fmt.Errorf("this machine's clock is %s off the broker's: set it right; until then no silence is taken for an exception", max(ahead, behind).Round(time.Second))
		}
	}
	return nil
}
