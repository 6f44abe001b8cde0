package kafka

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"slices"
	"time"

	"github.com/twmb/franz-go/pkg/kadm"
	"github.com/twmb/franz-go/pkg/kgo"
	"github.com/twmb/franz-go/pkg/kmsg"

	"andon/pipeline"
	"andon/pipeline/audit"
	"andon/schemas/event"
)

// Books implements audit.Books: all that is committed when it is opened. It only reads, and knows no group; detectors may run meanwhile.
type Books struct {
	Config
	log     *slog.Logger
	ids     map[string]string
	lanes   []pipeline.Lane
	starts  map[string]map[int32]int64
	ends    map[string]map[int32]int64 // high watermarks
	settled map[string]map[int32]int64 // of the topics of outputs: every record before is of a beat within the journal's end
}

// toAudit is what Books need.
func (c Config) toAudit() (needs []need) {
	for _, topic := range append(c.laneTopics(), c.Exceptions(), c.Verdicts(), c.Costs(), c.Journal(), c.Control(), c.Snapshots()) {
		needs = append(needs, need{onTopic, topic, []kmsg.ACLOperation{read}})
	}
	return needs
}

// OpenBooks notes how far the topics go. The order matters: what is committed to the topics of outputs by the first look has its entry in the journal
// by the second, and what the journal has by then is decided, with all its outputs, by the third.
func OpenBooks(ctx context.Context, c Config, log *slog.Logger) (*Books, error) {
	cl, err := connect(ctx, c, log)
	if err != nil {
		return nil, err
	}
	defer cl.Close()
	if err := c.allowed(ctx, cl, c.toAudit()); err != nil {
		return nil, err
	}
	b := &Books{Config: c, log: log, ids: map[string]string{}}
	all, err := b.describe(ctx, cl)
	if err != nil {
		return nil, err
	}
	admin := kadm.NewClient(cl)
	outputs, journals := some(all, c.Exceptions(), c.Verdicts(), c.Costs()), some(all, c.Journal())
	if b.settled, err = committedEnds(ctx, admin, outputs); err != nil {
		return nil, err
	}
	if b.ends, err = listOffsets(ctx, cl, journals, endOffset); err != nil {
		return nil, pipeline.Fail(pipeline.Lost, err)
	}
	if err := b.decided(ctx, admin, journals); err != nil {
		return nil, err
	}
	delete(all, c.Journal())
	ends, err := listOffsets(ctx, cl, all, endOffset)
	if err != nil {
		return nil, pipeline.Fail(pipeline.Lost, err)
	}
	ends[c.Journal()], all[c.Journal()] = b.ends[c.Journal()], journals[c.Journal()]
	b.ends = ends
	b.starts, err = listOffsets(ctx, cl, all, startOffset)
	return b, pipeline.Fail(pipeline.Lost, err)
}

// describe asks for the topics and their partitions.
func (b *Books) describe(ctx context.Context, cl *kgo.Client) (map[string][]int32, error) {
	names := append(b.laneTopics(), b.Exceptions(), b.Verdicts(), b.Costs(), b.Journal(), b.Snapshots())
	found, err := kadm.NewClient(cl).ListTopics(ctx, names...)
	if err != nil {
		return nil, pipeline.Fail(pipeline.Lost, fmt.Errorf("ask for the topics: %w", err))
	}
	all := map[string][]int32{}
	for _, name := range names {
		t := found[name]
		if t.Err != nil || len(t.Partitions) == 0 {
			return nil, pipeline.Fail(pipeline.Refused, fmt.Errorf("%w: there is no topic %s (settings kafka.own_prefix, kafka.input_prefix): name the deployment's "+
				"configuration, or run andon topics apply", ErrLayout, name))
		}
		all[name], b.ids[name] = t.Partitions.Numbers(), t.ID.String()
	}
	for _, f := range event.Families {
		for _, p := range all[b.Input(f)] {
			for _, topic := range []string{b.Side(f), b.Exceptions(), b.Verdicts(), b.Costs(), b.Journal(), b.Snapshots()} {
				if !slices.Contains(all[topic], p) {
					return nil, pipeline.Fail(pipeline.Refused, fmt.Errorf("%w: %s has a partition %d, %s has none: run andon topics apply", ErrLayout, b.Input(f), p, topic))
				}
			}
			b.lanes = append(b.lanes, pipeline.Lane{Family: f, Partition: p})
		}
	}
	return all, nil
}

func some(all map[string][]int32, topics ...string) map[string][]int32 {
	of := map[string][]int32{}
	for _, topic := range topics {
		of[topic] = all[topic]
	}
	return of
}

// committedEnds are the offsets up to which every transaction is decided.
func committedEnds(ctx context.Context, admin *kadm.Client, topics map[string][]int32) (map[string]map[int32]int64, error) {
	ends := map[string]map[int32]int64{}
	for topic := range topics {
		found, err := admin.ListCommittedOffsets(ctx, topic)
		if err == nil {
			err = found.Error()
		}
		if err != nil {
			return nil, pipeline.Fail(pipeline.Lost, fmt.Errorf("list the committed offsets of %s: %w", topic, err))
		}
		ends[topic] = map[int32]int64{}
		found.Each(func(o kadm.ListedOffset) { ends[topic][o.Partition] = o.Offset })
	}
	return ends, nil
}

// decided waits until every transaction within the journal's ends is.
func (b *Books) decided(ctx context.Context, admin *kadm.Client, journals map[string][]int32) error {
	ctx, cancel := context.WithTimeout(ctx, stallTime)
	defer cancel()
	again := time.NewTicker(50 * time.Millisecond)
	defer again.Stop()
	for {
		now, err := committedEnds(ctx, admin, journals)
		if err != nil {
			return err
		}
		open := false
		for p, end := range b.ends[b.Journal()] {
			open = open || now[b.Journal()][p] < end
		}
		if !open {
			return nil
		}
		select {
		case <-ctx.Done():
			return pipeline.Fail(pipeline.Lost, fmt.Errorf("wait for the transactions that are open in %s: %w", b.Journal(), ctx.Err()))
		case <-again.C:
		}
	}
}

// Lanes implements audit.Books.
func (b *Books) Lanes() []pipeline.Lane { return b.lanes }

// Name implements audit.Books.
func (b *Books) Name(t pipeline.Topic) string {
	return map[pipeline.Topic]string{pipeline.Exceptions: b.Exceptions(), pipeline.Verdicts: b.Verdicts(), pipeline.Costs: b.Costs(), pipeline.DeadLetters: b.DeadLetter(),
		pipeline.Snapshots: b.Snapshots(), pipeline.Journal: b.Journal()}[t]
}

func (b *Books) reader(topic string, partition int32, from int64) *reader {
	return &reader{config: b.Config, log: b.log, topic: topic, partition: partition, next: from, end: b.ends[topic][partition]}
}

// Written implements audit.Books.
func (b *Books) Written(ctx context.Context, t pipeline.Topic, partition int32, each func(*pipeline.Record)) (audit.Extent, error) {
	topic := b.Name(t)
	e := audit.Extent{Start: b.starts[topic][partition], Settled: b.settled[topic][partition],
		Compacts: event.At(time.Now().Add(-minCompactionLag * time.Millisecond))}
	r := b.reader(topic, partition, e.Start)
	defer r.close()
	for {
		record, err := r.then(ctx)
		if errors.Is(err, io.EOF) {
			return e, nil
		}
		if err != nil {
			return e, err
		}
		each(&record)
	}
}

// then is one, but for records that were appended since the end was taken, which a fetch may bring.
func (r *reader) then(ctx context.Context) (pipeline.Record, error) {
	record, err := r.one(ctx)
	if err == nil && record.Offset >= r.end {
		return pipeline.Record{}, io.EOF
	}
	return record, err
}

// Record implements audit.Books.
func (b *Books) Record(ctx context.Context, t pipeline.Topic, partition int32, offset int64) (pipeline.Record, error) {
	r := b.reader(b.Name(t), partition, offset)
	defer r.close()
	record, err := r.one(ctx)
	if err == nil && record.Offset != offset {
		err = fmt.Errorf("it is gone meanwhile")
	}
	if err != nil {
		return record, pipeline.Fail(pipeline.Lost, fmt.Errorf("read %s partition %d offset %d: %w", r.topic, partition, offset, err))
	}
	return record, nil
}

// Open implements audit.Books.
func (b *Books) Open(_ context.Context, l pipeline.Lane) (audit.Past, error) {
	return &chronicle{books: b, lane: l, journal: b.reader(b.Journal(), l.Partition, b.starts[b.Journal()][l.Partition])}, nil
}
