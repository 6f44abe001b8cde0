package kafka

import (
	"context"
	"errors"
	"fmt"
	"io"
	"iter"
	"log/slog"
	"slices"

	"github.com/twmb/franz-go/pkg/kadm"
	"github.com/twmb/franz-go/pkg/kmsg"

	"andon/pipeline"
	"andon/schemas/deadletter"
	"andon/schemas/event"
)

// Letter is a dead letter as it stands in its topic.
type Letter struct {
	deadletter.Letter
	Name string       // its key: topic/partition/offset of where what was put aside first lay
	At   event.Micros // when it was put aside; Letter.Letter.At is when the record arrived
}

// AllPartitions is every partition, as an argument of Letters.
const AllPartitions int32 = -1

// Letters yields the dead letters put aside from an instant on (0: all there are), of a partition or AllPartitions, in order within each, and the
// marks of those sent again among them. It reads what is committed, up to the high watermarks of now, and ends with an error when it cannot. A
// letter lies on the partition its record lay on.
func Letters(ctx context.Context, c Config, log *slog.Logger, partition int32, from event.Micros) iter.Seq2[Letter, error] {
	return func(yield func(Letter, error) bool) {
		readers, err := openReaders(ctx, c, log, c.DeadLetter(), partition, from)
		if err != nil {
			yield(Letter{}, err)
			return
		}
		for _, r := range readers {
			if !r.letters(ctx, yield) {
				return
			}
		}
	}
}

// openReaders are the readers of those partitions of a topic, or AllPartitions, that have a record written from an instant on, up to their high
// watermarks of now.
func openReaders(ctx context.Context, c Config, log *slog.Logger, topic string, partition int32, from event.Micros) (readers []*reader, err error) {
	cl, err := connect(ctx, c, log)
	if err != nil {
		return nil, err
	}
	defer cl.Close()
	if err := c.allowed(ctx, cl, []need{{onTopic, topic, []kmsg.ACLOperation{read}}}); err != nil {
		return nil, err
	}
	found, err := kadm.NewClient(cl).ListTopics(ctx, topic)
	if err == nil {
		err = found[topic].Err
	}
	partitions := found[topic].Partitions.Numbers()
	switch {
	case err != nil || len(partitions) == 0:
		return nil, pipeline.Fail(pipeline.Refused, fmt.Errorf("%w: there is no topic %s (setting kafka.own_prefix): run andon topics apply", ErrLayout, topic))
	case partition != AllPartitions:
		if !slices.Contains(partitions, partition) {
			return nil, nil
		}
		partitions = []int32{partition}
	}
	place := int64(startOffset)
	if from > 0 {
		place = from.UTC().UnixMilli()
	}
	asked := map[string][]int32{topic: partitions}
	starts, err := listOffsets(ctx, cl, asked, place)
	if err != nil {
		return nil, pipeline.Fail(pipeline.Lost, err)
	}
	ends, err := listOffsets(ctx, cl, asked, endOffset)
	if err != nil {
		return nil, pipeline.Fail(pipeline.Lost, err)
	}
	for _, p := range partitions {
		if start := starts[topic][p]; start >= 0 && start < ends[topic][p] { // -1: nothing is that young
			readers = append(readers, &reader{config: c, log: log, topic: topic, partition: p, next: start, end: ends[topic][p]})
		}
	}
	return readers, nil
}

// letters yields those of one partition, and reports whether more are wanted.
func (r *reader) letters(ctx context.Context, yield func(Letter, error) bool) bool {
	defer r.close()
	for {
		record, err := r.one(ctx)
		if errors.Is(err, io.EOF) {
			return true
		}
		l := Letter{Name: string(record.Key), At: record.At}
		if err == nil {
			if err = deadletter.Decode(record.Value, &l.Letter); err != nil {
				err = fmt.Errorf("%s partition %d offset %d is no dead letter: %w", r.topic, r.partition, record.Offset, err)
			}
		}
		if !yield(l, err) || err != nil {
			return false
		}
	}
}
