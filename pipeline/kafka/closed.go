package kafka

import (
	"context"
	"errors"
	"io"
	"iter"
	"log/slog"

	"github.com/twmb/franz-go/pkg/kadm"

	"andon/pipeline"
	"andon/pipeline/load"
	"andon/schemas/event"
)

// ClosedRanges lists, for every partition of the topics, what is loaded of it: from the first record there is, or the first written at since or later,
// to the committed position of a loader's group. A range may be empty, and ends at load.NoPosition where the group has none.
func ClosedRanges(ctx context.Context, c Config, group string, topics []string, since event.Micros, log *slog.Logger) ([]load.Closed, error) {
	cl, err := connect(ctx, c, log)
	if err != nil {
		return nil, err
	}
	defer cl.Close()
	l := &LoadLog{Config: c, group: c.Group(group), cl: cl, log: log, names: map[kadm.TopicID]string{}}
	positions, err := l.positions(ctx, topics)
	if err != nil {
		return nil, err
	}
	partitions := map[string][]int32{}
	for _, p := range positions {
		partitions[p.Topic] = append(partitions[p.Topic], p.Number)
	}
	place := int64(startOffset)
	if since > 0 {
		place = since.UTC().UnixMilli()
	}
	starts, err := listOffsets(ctx, cl, partitions, place)
	if err != nil {
		return nil, pipeline.Fail(pipeline.Lost, err)
	}
	var ranges []load.Closed
	for _, p := range positions {
		r := load.Closed{Partition: p.Partition, From: starts[p.Topic][p.Number], To: p.Offset}
		if r.To != load.NoPosition && (r.From < 0 || r.From > r.To) { // -1: nothing is that young
			r.From = r.To
		}
		ranges = append(ranges, r)
	}
	return ranges, nil
}

// ClosedRecords yields the records of a range, in order. It ends with an error when it cannot read on.
func ClosedRecords(ctx context.Context, c Config, at load.Closed, log *slog.Logger) iter.Seq2[pipeline.Record, error] {
	return func(yield func(pipeline.Record, error) bool) {
		r := &reader{config: c, log: log, topic: at.Topic, partition: at.Number, next: at.From, end: at.To}
		defer r.close()
		for {
			record, err := r.one(ctx)
			if errors.Is(err, io.EOF) || err == nil && record.Offset >= at.To {
				return
			}
			if !yield(record, err) || err != nil {
				return
			}
		}
	}
}
