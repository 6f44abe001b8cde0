package main

import (
	"context"
	"fmt"
	"sync"

	"github.com/twmb/franz-go/pkg/kadm"
	"github.com/twmb/franz-go/pkg/kgo"
)

// topicReader reads topics from outside the program.
type topicReader struct {
	brokers []string
	cl      *kgo.Client
	admin   *kadm.Client
}

func newTopicReader(brokers []string) (*topicReader, error) {
	cl, err := kgo.NewClient(kgo.SeedBrokers(brokers...), kgo.RecordPartitioner(kgo.ManualPartitioner()), kgo.ProducerBatchCompression(kgo.Lz4Compression()))
	if err != nil {
		return nil, fmt.Errorf("kafka client: %w", err)
	}
	return &topicReader{brokers, cl, kadm.NewClient(cl)}, nil
}

func (t *topicReader) close() { t.cl.Close() }

// behind is how many offsets of the topics a group has not committed.
func (t *topicReader) behind(ctx context.Context, group string, topics ...string) (n int64, err error) {
	ends, err := t.admin.ListEndOffsets(ctx, topics...)
	if err == nil {
		err = ends.Error()
	}
	if err != nil {
		return 0, fmt.Errorf("the ends of the topics: %w", err)
	}
	committed, err := t.admin.FetchOffsets(ctx, group)
	if err != nil {
		return 0, fmt.Errorf("the positions of %s: %w", group, err)
	}
	ends.Each(func(o kadm.ListedOffset) {
		n += o.Offset
		if c, ok := committed.Lookup(o.Topic, o.Partition); ok {
			n -= c.At
		}
	})
	return n, nil
}

// read hands all committed records of a topic, as of now, to each.
func (t *topicReader) read(ctx context.Context, topic string, each func(*kgo.Record) error) error {
	cl, err := kgo.NewClient(kgo.SeedBrokers(t.brokers...), kgo.FetchIsolationLevel(kgo.ReadCommitted()), kgo.KeepControlRecords())
	if err != nil {
		return err
	}
	defer cl.Close()
	ends, err := t.admin.ListCommittedOffsets(ctx, topic)
	if err == nil {
		err = ends.Error()
	}
	if err != nil {
		return fmt.Errorf("the end of %s: %w", topic, err)
	}
	starts, left := map[int32]kgo.Offset{}, map[int32]int64{}
	ends.Each(func(o kadm.ListedOffset) {
		if o.Offset > 0 {
			starts[o.Partition], left[o.Partition] = kgo.NewOffset().AtStart(), o.Offset
		}
	})
	cl.AddConsumePartitions(map[string]map[int32]kgo.Offset{topic: starts})
	for len(left) > 0 {
		fetches := cl.PollFetches(ctx)
		if err := fetches.Err(); err != nil {
			return fmt.Errorf("read %s: %w", topic, err)
		}
		fetches.EachRecord(func(r *kgo.Record) {
			if !r.Attrs.IsControl() && err == nil {
				err = each(r)
			}
			if r.Offset+1 >= left[r.Partition] {
				delete(left, r.Partition)
			}
		})
		if err != nil {
			return err
		}
	}
	return nil
}

// copied makes another record of a record's value, the turn's.
type copied func(value []byte, turn int) (key, made []byte, err error)

// repeat appends to a topic what as makes of its own records, partition by partition, or of those of another, all on the first partition: turn by turn,
// until it has as many as wanted. It returns how many it has: fewer only if there is nothing to copy.
func (t *topicReader) repeat(ctx context.Context, from, to string, want int64, as copied) (has int64, err error) {
	var records []*kgo.Record
	if err := t.read(ctx, from, func(r *kgo.Record) error {
		if r.Value != nil {
			records = append(records, r)
		}
		return nil
	}); err != nil || len(records) == 0 {
		return 0, err
	}
	if from == to {
		has = int64(len(records))
	}
	var mu sync.Mutex
	var failed error
	for turn := 1; has < want; turn++ {
		for _, r := range records[:min(int64(len(records)), want-has)] {
			key, value, err := as(r.Value, turn)
			if err != nil {
				return 0, fmt.Errorf("%s/%d offset %d: %w", from, r.Partition, r.Offset, err)
			}
			made := &kgo.Record{Topic: to, Key: key, Value: value}
			if from == to {
				made.Partition = r.Partition
			}
			t.cl.Produce(ctx, made, func(_ *kgo.Record, err error) {
				if err != nil {
					mu.Lock()
					failed = err
					mu.Unlock()
				}
			})
			has++
		}
	}
	if err := t.cl.Flush(ctx); err != nil {
		return 0, err
	}
	return has, failed
}
