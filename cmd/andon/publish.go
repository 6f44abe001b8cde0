package main

import (
	"context"
	"fmt"
	"iter"
	"os"

	"andon/cmd/andon/config"
	"andon/pipeline/kafka"
	"andon/replay/history"
	"andon/schemas/event"

	"github.com/twmb/franz-go/pkg/kadm"
	"github.com/twmb/franz-go/pkg/kgo"
)

// deliveryTries is how often a record is sent again before writing is given up: about a minute without a broker. (A delivery timeout would count
// from the record's own timestamp, which is long ago.)
const deliveryTries = 30

// past is a history to be written: events in arrival order, how many they are, and the ticks they need.
type past struct {
	events         iter.Seq[history.Record]
	total          int
	step, lateness event.Micros
}

// write puts the history and its ticks into the empty input topics of a configuration, and reports now and then how many events are handed over.
func (p past) write(ctx context.Context, c config.Kafka, progress func(int)) error {
	client, err := reachKafka(ctx, c, kgo.RecordPartitioner(kgo.ManualPartitioner()), kgo.RecordRetries(deliveryTries))
	if err != nil {
		return err
	}
	defer client.Close()
	var topics []string
	for _, family := range event.Families {
		topics = append(topics, inputs{prefix: c.InputPrefix}.topic(family))
	}
	if err := kafka.CheckWrite(ctx, client, toolConfig(c), topics...); err != nil {
		return err
	}
	in, err := emptyInputs(ctx, client, c.InputPrefix)
	if err != nil {
		return err
	}
	return in.publish(ctx, client, history.Ticked(p.events, in.partitions, p.step, p.lateness), progress)
}

// tell writes the history with a progress bar.
func (p past) tell(ctx context.Context, c config.Kafka, what string) error {
	told := newProgress(os.Stdout, what, p.total)
	if err := p.write(ctx, c, told.at); err != nil {
		return err
	}
	told.done()
	return nil
}

// inputs are the three input topics of a prefix, as found on the brokers.
type inputs struct {
	prefix     string
	partitions int32 // of each
}

func (in inputs) topic(family event.Family) string { return in.prefix + family.String() }

// emptyInputs looks up the input topics of a prefix and refuses them unless they are there, equally wide and hold no record: ticks say how far
// time has passed in one history, so two histories on one topic would judge each other late.
func emptyInputs(ctx context.Context, client *kgo.Client, prefix string) (inputs, error) {
	in := inputs{prefix: prefix}
	admin := kadm.NewClient(client)
	var topics []string
	for _, family := range event.Families {
		topics = append(topics, in.topic(family))
	}
	details, err := admin.ListTopics(ctx, topics...)
	if err != nil {
		return in, fmt.Errorf("look up the input topics: %w", err)
	}
	for _, topic := range topics {
		n := int32(len(details[topic].Partitions))
		switch {
		case n == 0:
			return in, fmt.Errorf("there is no topic %s (kafka.input_prefix): run andon topics apply first", topic)
		case in.partitions != 0 && n != in.partitions:
			return in, fmt.Errorf("%s has %d partitions, %s has %d: they must be equal", topic, n, topics[0], in.partitions)
		}
		in.partitions = n
	}
	ends, err := admin.ListEndOffsets(ctx, topics...)
	if err == nil {
		err = ends.Error()
	}
	if err != nil {
		return in, fmt.Errorf("look up the ends of the input topics: %w", err)
	}
	ends.Each(func(o kadm.ListedOffset) {
		if o.Offset > 0 && err == nil {
			err = fmt.Errorf("%s is not empty: each history needs topics of its own, choose another kafka.input_prefix and kafka.own_prefix", o.Topic)
		}
	})
	return in, err
}

// publish writes records to the input topics in their order within each partition, with the times they arrived (a topic with
// LogAppendTime, as topics apply makes them for the wall clock, puts its own in their place), and reports now and then how many events are handed over. The client must place records by hand (kgo.ManualPartitioner). Dying here leaves a part of the history: the topics are
// not empty and the same import is refused, so that it is repeated under another prefix, never in part.
func (in inputs) publish(ctx context.Context, client *kgo.Client, records iter.Seq[history.Record], progress func(int)) error {
	ctx, stop := context.WithCancelCause(ctx)
	defer stop(nil)
	promise := func(_ *kgo.Record, err error) {
		if err != nil {
			stop(fmt.Errorf("write to kafka: %w", err)) // the first cause stays
		}
	}
	events := 0
	for r := range records {
		if ctx.Err() != nil {
			break
		}
		client.Produce(ctx, &kgo.Record{
			Topic: in.topic(r.Family), Partition: r.On(in.partitions), Key: keyBytes(r.Key), Value: r.Value, Timestamp: r.At.UTC(),
		}, promise)
		if !r.IsTick() {
			if events++; events%progressStep == 0 {
				progress(events)
			}
		}
	}
	if err := client.Flush(ctx); err != nil {
		stop(err)
	}
	progress(events)
	return context.Cause(ctx)
}

// progressStep is after how many events progress is told.
const progressStep = 1000

// keyBytes is the key of a record; a tick has none.
func keyBytes(key string) []byte {
	if key == "" {
		return nil
	}
	return []byte(key)
}
