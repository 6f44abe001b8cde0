package kafka

import (
	"context"
	"errors"
	"fmt"
	"log/slog"

	"andon/pipeline"
	"andon/schemas/control"

	"github.com/twmb/franz-go/pkg/kgo"
)

// Controls reads andon.control from its first record on. It implements pipeline.Controls.
type Controls struct {
	pipeline.ControlLog
	reader
}

// OpenControls reads andon.control up to its end as of now; Follow reads on. Whoever opens it closes it.
func OpenControls(ctx context.Context, c Config, log *slog.Logger) (*Controls, error) {
	r := &Controls{reader: reader{config: c, log: log, topic: c.Control()}}
	if err := r.reader.connect(ctx); err != nil {
		return nil, err
	}
	ends, err := listOffsets(ctx, r.cl, map[string][]int32{r.topic: {0}}, endOffset)
	if err == nil {
		r.end = ends[r.topic][0]
		for err == nil && r.next < r.end {
			err = r.take(ctx)
		}
	}
	if err != nil {
		r.Close()
		return nil, err
	}
	return r, nil
}

// Follow reads on until ctx ends: nil then.
func (r *Controls) Follow(ctx context.Context) error {
	for {
		if err := r.take(ctx); ctx.Err() != nil {
			return nil
		} else if err != nil {
			return err
		}
	}
}

// take waits for the next records, at most as long as ctx lasts.
func (r *Controls) take(ctx context.Context) error {
	var failed error
	r.cl.PollRecords(ctx, 1000).EachPartition(func(p kgo.FetchTopicPartition) {
		records, skip, err := convert(p, &r.next, false)
		failed = err
		for i := range records {
			r.add(&records[i])
		}
		r.cl.SetOffsets(skip)
		r.Add(0, nil, r.next)
	})
	if failed != nil && !errors.Is(failed, context.Canceled) {
		return pipeline.Fail(pipeline.Lost, fmt.Errorf("read %s: %w", r.topic, failed))
	}
	return nil
}

// add takes a record. One that is none was not written by Andon: it is told to the log and left out, today and whenever the topic is read again.
func (r *Controls) add(x *pipeline.Record) {
	var c control.Record
	err := control.Decode(x.Value, &c)
	if err == nil {
		err = c.Check()
	}
	if err != nil || x.Unreadable {
		r.log.Error("a record is none of control and is left out", "topic", r.topic, "offset", x.Offset, "error", err)
		return
	}
	r.Add(x.Offset, &c, x.Next)
}

// Close ends reading.
func (r *Controls) Close() { r.reader.close() }
