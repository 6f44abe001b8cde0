package pipeline_test

import (
	"context"
	"errors"
	"io"
	"log/slog"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"andon/detectors"
	"andon/pipeline"
	"andon/schemas/event"
	"andon/schemas/exception"
	"andon/schemas/journal"
)

// overtaken is a lane that goes on elsewhere while it is restored: after the first look at its positions its journal grows by one entry, as when
// this process stood still in between. It is the source, too, and ends when the lane is ready.
type overtaken struct {
	pipeline.Past
	pipeline.Source
	pipeline.Sink
	entries []journal.Entry
	record  pipeline.Record
	looks   int
	polls   int
	next    int
	ready   func()
}

func (o *overtaken) Committed(context.Context, pipeline.Lane) (pipeline.Committed, error) {
	at := o.entries[min(o.looks, 1)]
	o.looks++
	return pipeline.Committed{Offsets: pipeline.Offsets{Input: at.Input.To}, Seq: at.Seq, Snapshots: pipeline.Marks{pipeline.Nowhere, pipeline.Nowhere}}, nil
}

func (o *overtaken) Open(context.Context, pipeline.Lane, int64) (pipeline.Past, error) {
	o.next = 0
	return o, nil
}

func (o *overtaken) Snapshot() *journal.Snapshot                              { return nil }
func (o *overtaken) Published(context.Context) ([]exception.Exception, error) { return nil, nil }
func (o *overtaken) Close()                                                   {}

func (o *overtaken) Entry(context.Context) (e pipeline.Written, err error) {
	if o.next == len(o.entries) {
		return e, io.EOF
	}
	e.Entry = o.entries[o.next]
	e.Hash = journal.HashOf(journal.Append(nil, &e.Entry))
	o.next++
	return e, nil
}

func (o *overtaken) Records(_ context.Context, side bool, to int64, dst []pipeline.Record) ([]pipeline.Record, error) {
	if !side && to == 1 {
		dst = append(dst, o.record)
	}
	return dst, nil
}

func (o *overtaken) Poll(context.Context, time.Duration, int) (p pipeline.Polled, err error) {
	if o.polls++; o.polls == 1 {
		p.Changes = []pipeline.Change{{Lanes: []pipeline.Lane{carrier0}}}
	}
	return p, nil
}

func (o *overtaken) Release(ready []pipeline.Lane) {
	if len(ready) > 0 {
		o.ready()
	}
}

func TestARestoreOvertakenByAnotherOwnerIsMadeAgain(t *testing.T) {
	w := newWorld()
	e := manifest(1, start, start+event.Day)
	w.send(carrier0, e)
	w.mustRun(t)
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	o := &overtaken{entries: w.Entries(carrier0), ready: cancel,
		record: pipeline.Record{Next: 1, At: e.Time, Key: []byte(e.Key(event.Carrier)), Value: event.Append(nil, &e)}}
	err := pipeline.NewLoop(pipeline.Config{
		Engine: func(f event.Family) (pipeline.Engine, error) { return detectors.New(f, w.settings) },
		Topic:  func(pipeline.Lane, bool) string { return "topic" },
		Logic:  detectors.Logic(), Now: time.Now, Log: slog.New(slog.DiscardHandler),
		Metrics: pipeline.NewMetrics(prometheus.NewRegistry()),
	}, o, o, o).Run(ctx)
	if err != nil || errors.Is(ctx.Err(), context.DeadlineExceeded) || o.looks != 2 {
		t.Errorf("%v after %d looks at the positions", err, o.looks)
	}
}
