package kafka

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"
	"time"

	"github.com/twmb/franz-go/pkg/kerr"
	"github.com/twmb/franz-go/pkg/kgo"
	"github.com/twmb/franz-go/pkg/kmsg"

	"andon/pipeline"
	"andon/schemas/event"
)

// bytesMax bounds what one poll gathers before it stops to wait for more.
const bytesMax = 32 << 20

// Poll implements pipeline.Source. The client blocks rebalances from its first poll until Release. It asks for more only when all that it has
// fetched is taken, and should ask while the loop folds: so all is taken, and what is past the limit waits here for the next poll.
func (m *Member) Poll(ctx context.Context, wait time.Duration, limit int) (p pipeline.Polled, err error) {
	ctx, cancel := context.WithTimeout(ctx, max(wait, time.Millisecond))
	defer cancel()
	if limit == 0 {
		<-ctx.Done()
	}
	n, size := 0, 0
	for _, f := range m.ahead {
		n += len(f.Records)
	}
	if n >= limit {
		cancel()
		m.cl.PollRecords(ctx, 1) // fetches nothing: it only blocks rebalances
	}
	var fetches []kgo.Fetches
	for n < limit && size < bytesMax {
		f := m.cl.PollRecords(ctx, all)
		fetches = append(fetches, f)
		if n += f.NumRecords(); n >= limit || ctx.Err() != nil {
			break
		}
		f.EachRecord(func(r *kgo.Record) { size += len(r.Value) })
	}
	m.mu.Lock()
	p.Changes, m.changes = m.changes, nil
	err = m.failure
	m.mu.Unlock()
	for _, c := range p.Changes {
		m.stop(c)
	}
	m.ahead = slices.DeleteFunc(m.ahead, func(f pipeline.Fetched) bool { return m.flows[f.Lane] == nil })
	for _, f := range fetches {
		if err == nil {
			m.ahead, err = m.convert(m.ahead, f)
		}
	}
	if err == nil {
		p.Fetched = m.take(limit)
	}
	return p, err
}

const all = -1 // records of a poll: as many as there are

// take hands out the records that waited longest, at most limit of them.
func (m *Member) take(limit int) (taken []pipeline.Fetched) {
	whole := 0
	for ; whole < len(m.ahead) && len(m.ahead[whole].Records) <= limit; whole++ {
		limit -= len(m.ahead[whole].Records)
	}
	taken = slices.Clone(m.ahead[:whole])
	m.ahead = slices.Delete(m.ahead, 0, whole)
	if len(m.ahead) > 0 && limit > 0 {
		rest := &m.ahead[0]
		part := *rest
		part.Records, rest.Records = rest.Records[:limit:limit], rest.Records[limit:]
		part.Next = rest.Records[0].Offset
		taken = append(taken, part)
	}
	return taken
}

// convert appends what the fetches hold of flowing lanes.
func (m *Member) convert(to []pipeline.Fetched, fs kgo.Fetches) (_ []pipeline.Fetched, err error) {
	for _, r := range m.reads(fs) {
		m.cl.SetOffsets(r.skipped)
		if r.err != nil {
			if r.err = m.fetchError(r.topic, r.Lane.Partition, r.err); r.err == nil {
				continue
			}
			err = cmp.Or(err, r.err)
		}
		if err == nil && r.news {
			to = append(to, r.Fetched)
		}
	}
	return to, err
}

// brought is what a fetch brought from one partition.
type brought struct {
	pipeline.Fetched
	topic   string
	news    bool // it moves the place where reading stands
	skipped map[string]map[int32]kgo.EpochOffset
	err     error
}

// reads makes records of what the fetches hold of flowing lanes, partitions side by side, for the loop waits.
func (m *Member) reads(fs kgo.Fetches) (all []*brought) {
	var wg sync.WaitGroup
	fs.EachPartition(func(p kgo.FetchTopicPartition) {
		lane, side := m.lane(p.Topic, p.Partition)
		place := m.flows[lane]
		if p.Topic != "" && place == nil || errors.Is(p.Err, context.DeadlineExceeded) || errors.Is(p.Err, context.Canceled) {
			return // nothing, or a lane that is not ours to read: its restore says what is wrong with it
		}
		r := &brought{Fetched: pipeline.Fetched{Lane: lane, Side: side, High: p.HighWatermark}, topic: p.Topic, err: p.Err}
		all = append(all, r)
		if p.Topic == "" {
			return
		}
		next := &place.input
		if side {
			next = &place.side
		}
		wg.Go(func() {
			from := *next
			r.Records, r.skipped, r.err = convert(p, next, side)
			r.Next, r.news = *next, *next > from
			m.misplaced(r.Fetched)
		})
	})
	wg.Wait()
	return all
}

// convert makes records of what one partition brought and moves next past it. Transaction markers are passed over. A batch that cannot be
// inflated becomes one record that says so, and the position to go on from is returned.
func convert(p kgo.FetchTopicPartition, next *int64, side bool) (records []pipeline.Record, skip map[string]map[int32]kgo.EpochOffset, err error) {
	records = make([]pipeline.Record, 0, len(p.Records))
	for _, r := range p.Records {
		*next = r.Offset + 1
		if !r.Attrs.IsControl() {
			records = append(records, pipeline.Record{Offset: r.Offset, Next: r.Offset + 1, At: event.At(r.Timestamp), Key: r.Key, Value: r.Value})
			if side {
				redriven(&records[len(records)-1], r.Headers)
			}
		}
	}
	if large, bomb := errors.AsType[*kgo.ErrDecompressTooLarge](p.Err); bomb {
		records = append(records, pipeline.Record{Offset: max(*next, large.Offset), Next: large.NextOffset, Unreadable: true})
		*next = large.NextOffset
		return records, map[string]map[int32]kgo.EpochOffset{p.Topic: {p.Partition: {Epoch: large.Epoch, Offset: large.NextOffset}}}, nil
	}
	return records, nil, p.Err
}

// misplaced marks the records that their topic's partitioner would have put elsewhere.
func (m *Member) misplaced(f pipeline.Fetched) {
	how, n := m.Partitioner[f.Lane.Family], m.parts[f.Lane.Family]
	if how == "" || how == Any {
		return
	}
	for i := range f.Records {
		at := how.place(f.Records[i].Key, n)
		f.Records[i].Misplaced = at >= 0 && at != int(f.Lane.Partition)
	}
}

// Release implements pipeline.Source. The lanes are assigned and paused; the client stands at their committed offsets.
func (m *Member) Release(ready []pipeline.Lane) {
	for _, l := range ready {
		m.flows[l] = &lanePlace{}
	}
	m.cl.ResumeFetchPartitions(m.partitions(ready...))
	m.cl.AllowRebalance()
}

// Ends implements pipeline.Source.
func (m *Member) Ends(ctx context.Context, lanes []pipeline.Lane) (map[pipeline.Lane]pipeline.Offsets, error) {
	ctx, cancel := context.WithTimeout(ctx, 2*time.Second)
	defer cancel()
	found, err := listOffsets(ctx, m.cl, m.partitions(lanes...), endOffset)
	if err != nil {
		return nil, err
	}
	ends := make(map[pipeline.Lane]pipeline.Offsets, len(lanes))
	for _, l := range lanes {
		ends[l] = pipeline.Offsets{Side: found[m.Side(l.Family)][l.Partition], Input: found[m.Input(l.Family)][l.Partition]}
	}
	return ends, nil
}

// The places ListOffsets knows by name.
const (
	endOffset   = -1 // the high watermark
	startOffset = -2
)

// listOffsets asks the leaders of partitions for an offset, without regard to open transactions.
func listOffsets(ctx context.Context, cl *kgo.Client, topics map[string][]int32, place int64) (map[string]map[int32]int64, error) {
	req := kmsg.NewPtrListOffsetsRequest()
	for topic, partitions := range topics {
		t := kmsg.NewListOffsetsRequestTopic()
		t.Topic = topic
		for _, p := range partitions {
			rp := kmsg.NewListOffsetsRequestTopicPartition()
			rp.Partition, rp.Timestamp = p, place
			t.Partitions = append(t.Partitions, rp)
		}
		req.Topics = append(req.Topics, t)
	}
	resp, err := req.RequestWith(ctx, cl)
	if err != nil {
		return nil, fmt.Errorf("list offsets: %w", err)
	}
	found := map[string]map[int32]int64{}
	for _, t := range resp.Topics {
		found[t.Topic] = map[int32]int64{}
		for _, p := range t.Partitions {
			if err := kerr.ErrorForCode(p.ErrorCode); err != nil {
				return nil, fmt.Errorf("list offsets of %s partition %d: %w", t.Topic, p.Partition, err)
			}
			found[t.Topic][p.Partition] = p.Offset
		}
	}
	for topic, partitions := range topics {
		if len(found[topic]) != len(partitions) {
			return nil, fmt.Errorf("list offsets of %s: %d of %d partitions answered", topic, len(found[topic]), len(partitions))
		}
	}
	return found, nil
}
