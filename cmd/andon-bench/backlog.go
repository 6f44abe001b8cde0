package main

import (
	"context"
	"fmt"
	"iter"
	"log/slog"
	"sync"
	"time"

	"andon/pipeline/kafka"
	"andon/replay/history"
	"andon/schemas/event"

	"github.com/twmb/franz-go/pkg/kgo"
)

const (
	partitions  = 8
	inputPrefix = "bench."
	tickStep    = 10 * event.Minute
	// firstDay is when simulated time begins: 2026-06-01T00:00:00Z, well within what the tables keep.
	firstDay = event.Micros(1_780_272_000) * event.Second
)

// topics names the input topics, which all runs share, and the topics of one run.
func topics(addr, prefix string) kafka.Config {
	return kafka.Config{Brokers: []string{addr}, Instance: prefix + "bench", InputPrefix: inputPrefix, OwnPrefix: prefix}
}

func layOut(ctx context.Context, c kafka.Config) error {
	_, err := kafka.Apply(ctx, c, kafka.Layout{Partitions: partitions, ReplicationFactor: 1}, slog.New(slog.DiscardHandler))
	return err
}

// backlog is what waits in the input topics.
type backlog struct {
	events, bytes int64
}

// write puts the first events of simulated days on the input topics of each broker.
func write(ctx context.Context, brokers []broker, orders int, seed uint64, events int64) (backlog, error) {
	return put(ctx, brokers, days(seed, orders, firstDay), events)
}

// put puts the first events of some, with ticks, on the input topics of each broker. They are made up once.
func put(ctx context.Context, brokers []broker, some iter.Seq[history.Record], events int64) (b backlog, err error) {
	var to []*producer
	for _, x := range brokers {
		p, err := newProducer(ctx, topics(x.addr, "write."))
		if err != nil {
			return b, err
		}
		defer p.Close()
		to = append(to, p)
	}
	for r := range history.Ticked(some, partitions, tickStep, history.SimulateLateness) {
		if ctx.Err() != nil || b.events == events {
			break
		}
		if !r.IsTick() {
			b.events++
			b.bytes += int64(len(r.Value))
			if b.events%1_000_000 == 0 {
				say("  %d of %d million events written", b.events/1_000_000, events/1_000_000)
			}
		}
		for _, p := range to {
			p.send(ctx, &r)
		}
	}
	for _, p := range to {
		if err := p.flush(ctx); err != nil {
			return b, fmt.Errorf("write to %s: %w", p.addr, err)
		}
	}
	return b, ctx.Err()
}

// producer writes records to the input topics of a configuration, lz4, as producers of the sites would.
type producer struct {
	*kgo.Client
	kafka.Config
	addr string

	mu     sync.Mutex
	failed error
}

// newProducer lays the topics out.
func newProducer(ctx context.Context, c kafka.Config, options ...kgo.Opt) (*producer, error) {
	if err := layOut(ctx, c); err != nil {
		return nil, err
	}
	cl, err := kgo.NewClient(append([]kgo.Opt{kgo.SeedBrokers(c.Brokers...), kgo.RecordPartitioner(kgo.ManualPartitioner()),
		kgo.ProducerBatchCompression(kgo.Lz4Compression()), kgo.MaxBufferedRecords(200_000), kgo.ProducerLinger(10 * time.Millisecond)}, options...)...)
	return &producer{Client: cl, Config: c, addr: c.Brokers[0]}, err
}

// send hands a record over; whether it arrived, flush says.
func (p *producer) send(ctx context.Context, r *history.Record) {
	p.Produce(ctx, &kgo.Record{Topic: p.Input(r.Family), Partition: r.On(partitions), Key: keyOf(r), Value: r.Value, Timestamp: r.At.UTC()}, p.arrived)
}

func (p *producer) arrived(_ *kgo.Record, err error) {
	if err != nil {
		p.mu.Lock()
		defer p.mu.Unlock()
		if p.failed == nil {
			p.failed = err
		}
	}
}

// flush waits until all records are there or one is lost.
func (p *producer) flush(ctx context.Context) error {
	if err := p.Flush(ctx); err != nil {
		return err
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.failed
}

// keyOf is the key of a record; a tick has none.
func keyOf(r *history.Record) []byte {
	if r.Key == "" {
		return nil
	}
	return []byte(r.Key)
}
