package kafka

import (
	"context"
	"errors"
	"fmt"
	"io"
	"iter"
	"log/slog"
	"time"

	"github.com/twmb/franz-go/pkg/kadm"
	"github.com/twmb/franz-go/pkg/kgo"

	"andon/pipeline"
)

// Told reads whole topics of Andon's own side by side: what stands there, by the time it was written, and then what comes.
type Told struct {
	config Config
	log    *slog.Logger
	past   []*reader
	next   map[string]map[int32]int64 // where what comes begins
	cl     *kgo.Client                // nil until Poll
}

// Saying is a record of one of the topics.
type Saying struct {
	pipeline.Record
	Topic     string
	Partition int32
}

// OpenTold opens topics up to their ends as of now.
func OpenTold(ctx context.Context, c Config, log *slog.Logger, topics ...string) (*Told, error) {
	cl, err := connect(ctx, c, log)
	if err != nil {
		return nil, err
	}
	defer cl.Close()
	found, err := kadm.NewClient(cl).ListTopics(ctx, topics...)
	if err != nil {
		return nil, pipeline.Fail(pipeline.Lost, fmt.Errorf("list the topics: %w", err))
	}
	asked := map[string][]int32{}
	for _, topic := range topics {
		if err := found[topic].Err; err != nil || len(found[topic].Partitions) == 0 {
			return nil, pipeline.Fail(pipeline.Refused, fmt.Errorf("%w: there is no topic %s (setting kafka.own_prefix): run andon topics apply", ErrLayout, topic))
		}
		asked[topic] = found[topic].Partitions.Numbers()
	}
	t := &Told{config: c, log: log}
	starts, err := listOffsets(ctx, cl, asked, startOffset)
	if err == nil {
		t.next, err = listOffsets(ctx, cl, asked, endOffset)
	}
	if err != nil {
		return nil, pipeline.Fail(pipeline.Lost, err)
	}
	for _, topic := range topics {
		for _, p := range asked[topic] {
			if from, to := starts[topic][p], t.next[topic][p]; from < to {
				t.past = append(t.past, &reader{config: c, log: log, topic: topic, partition: p, next: from, end: to})
			}
		}
	}
	return t, nil
}

// Past yields what stood there when it was opened, the earliest of all partitions next; of records written at once that of the first topic.
func (t *Told) Past(ctx context.Context) iter.Seq2[Saying, error] {
	return func(yield func(Saying, error) bool) {
		heads := make([]*Saying, len(t.past))
		advance := func(i int) error {
			r := t.past[i]
			record, err := r.one(ctx)
			if heads[i] = nil; errors.Is(err, io.EOF) || err == nil && record.Offset >= r.end { // what came since, Poll brings
				r.close()
				return nil
			}
			heads[i] = &Saying{record, r.topic, r.partition}
			return err
		}
		for i := range t.past {
			if err := advance(i); err != nil {
				yield(Saying{}, err)
				return
			}
		}
		for {
			first := -1
			for i, h := range heads {
				if h != nil && (first < 0 || h.At < heads[first].At) {
					first = i
				}
			}
			if first < 0 || !yield(*heads[first], nil) {
				return
			}
			if err := advance(first); err != nil {
				yield(Saying{}, err)
				return
			}
		}
	}
}

// Poll returns what came after the past, waiting at most so long for any.
func (t *Told) Poll(ctx context.Context, wait time.Duration) (list []Saying, err error) {
	if t.cl == nil {
		from := map[string]map[int32]kgo.Offset{}
		for topic, partitions := range t.next {
			from[topic] = map[int32]kgo.Offset{}
			for p, at := range partitions {
				from[topic][p] = kgo.NewOffset().At(at)
			}
		}
		t.cl, err = connect(ctx, t.config, t.log, kgo.ConsumePartitions(from), kgo.ConsumeResetOffset(kgo.NoResetOffset()))
		if err != nil {
			return nil, err
		}
	}
	ctx, cancel := context.WithTimeout(ctx, wait)
	defer cancel()
	t.cl.PollRecords(ctx, 20_000).EachPartition(func(p kgo.FetchTopicPartition) {
		if p.Topic == "" { // the time is over
			return
		}
		next := t.next[p.Topic][p.Partition]
		records, skip, e := convert(p, &next, false)
		t.cl.SetOffsets(skip)
		t.next[p.Topic][p.Partition] = next
		for i := range records {
			list = append(list, Saying{records[i], p.Topic, p.Partition})
		}
		if e != nil {
			err = pipeline.Fail(pipeline.Lost, fmt.Errorf("read %s partition %d: %w", p.Topic, p.Partition, e))
		}
	})
	return list, err
}

// Close ends reading.
func (t *Told) Close() {
	for _, r := range t.past {
		r.close()
	}
	if t.cl != nil {
		t.cl.Close()
	}
}
