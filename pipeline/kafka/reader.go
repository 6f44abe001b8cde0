package kafka

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"sort"
	"time"

	"github.com/twmb/franz-go/pkg/kgo"

	"andon/pipeline"
)

// stallTime is how long a reader waits for records that are known to be there.
const stallTime = 60 * time.Second

// readerMax is the bytes of one fetch of a reader, as they are stored. The client fetches on while what it has brought is worked through, but only once
// all of it is taken: so it brings little at a time.
const readerMax = 1 << 20

// reader reads one partition in order, from next up to end, which was its high watermark when it was opened. It connects at its first read.
type reader struct {
	config    Config
	log       *slog.Logger
	cl        *kgo.Client
	topic     string
	partition int32
	next, end int64
	buffer    []pipeline.Record
}

// one returns the next record; io.EOF when the end is reached.
func (r *reader) one(ctx context.Context) (pipeline.Record, error) {
	for len(r.buffer) == 0 {
		if r.next >= r.end {
			return pipeline.Record{}, io.EOF
		}
		if err := r.fetch(ctx); err != nil {
			return pipeline.Record{}, err
		}
	}
	first := r.buffer[0]
	r.buffer = r.buffer[1:]
	return first, nil
}

// until appends the records before the offset to.
func (r *reader) until(ctx context.Context, to int64, dst []pipeline.Record) ([]pipeline.Record, error) {
	if to > r.end {
		return dst, pipeline.Fail(pipeline.Refused, fmt.Errorf("%w: %s partition %d ends at %d, the journal is about records up to %d: the log was cut; "+
			"start over under a new kafka.own_prefix with andon topics apply", pipeline.ErrLogLost, r.topic, r.partition, r.end, to))
	}
	for {
		n := sort.Search(len(r.buffer), func(i int) bool { return r.buffer[i].Offset >= to })
		dst = append(dst, r.buffer[:n]...)
		if r.buffer = r.buffer[n:]; len(r.buffer) > 0 || r.next >= to {
			return dst, nil
		}
		if err := r.fetch(ctx); err != nil {
			return dst, err
		}
	}
}

// fetch waits for more of the partition.
func (r *reader) fetch(ctx context.Context) error {
	if err := r.connect(ctx); err != nil {
		return err
	}
	ctx, cancel := context.WithTimeout(ctx, stallTime)
	defer cancel()
	for from := r.next; r.next == from; {
		var failed error
		r.cl.PollRecords(ctx, 20_000).EachPartition(func(p kgo.FetchTopicPartition) {
			records, skip, err := convert(p, &r.next, r.config.isSide(r.topic))
			r.buffer = append(r.buffer, records...)
			r.cl.SetOffsets(skip)
			if err != nil {
				failed = err
			}
		})
		switch {
		case errors.Is(failed, context.DeadlineExceeded):
			return pipeline.Fail(pipeline.Lost, fmt.Errorf("read %s partition %d: nothing after offset %d for %s though the log goes on to %d: an open transaction of another producer may hold it back",
				r.topic, r.partition, r.next, stallTime, r.end))
		case failed != nil:
			return pipeline.Fail(pipeline.Lost, fmt.Errorf("read %s partition %d: %w", r.topic, r.partition, failed))
		}
	}
	return nil
}

func (r *reader) connect(ctx context.Context) (err error) {
	if r.cl != nil {
		return nil
	}
	r.cl, err = connect(ctx, r.config, r.log,
		kgo.ConsumePartitions(map[string]map[int32]kgo.Offset{r.topic: {r.partition: kgo.NewOffset().At(r.next)}}),
		kgo.ConsumeResetOffset(kgo.NoResetOffset()),
		kgo.FetchMaxBytes(readerMax),
		kgo.FetchMaxPartitionBytes(readerMax),
	)
	return err
}

func (r *reader) close() {
	if r != nil && r.cl != nil {
		r.cl.Close()
	}
}
