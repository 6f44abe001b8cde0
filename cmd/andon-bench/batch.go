package main

import (
	"bytes"
	"context"
	"encoding/binary"
	"fmt"
	"hash/crc32"
	"runtime"
	"sync"

	"andon/pipeline/kafka"
	"andon/schemas/event"

	"github.com/twmb/franz-go/pkg/kadm"
	"github.com/twmb/franz-go/pkg/kerr"
	"github.com/twmb/franz-go/pkg/kgo"
	"github.com/twmb/franz-go/pkg/kmsg"
)

// slot is what is sent at once: for each family and partition a record batch as it goes over the wire, or none. It is made before the run, so
// that a producer on the same cores costs next to nothing while it is measured.
type slot struct {
	events  int
	batches [len(event.Families)][partitions][]byte
}

// slots makes so many slots of a template's records, each of so many events, on all cores.
func (t *template) slots(n, events int) ([]slot, error) {
	list := make([]slot, n)
	var g sync.WaitGroup
	errs := make([]error, runtime.GOMAXPROCS(0))
	for w := range errs {
		g.Go(func() {
			lz4, err := kgo.DefaultCompressor(kgo.Lz4Compression())
			for i := w; i < n && err == nil; i += len(errs) {
				list[i] = t.slot(lz4, int64(i*events), events)
			}
			errs[w] = err
		})
	}
	g.Wait()
	return list, first(errs...)
}

// slot makes one slot of the template's records from the given one on.
func (t *template) slot(lz4 kgo.Compressor, from int64, events int) (s slot) {
	s.events = events
	var plain [len(event.Families)][partitions]batch
	for i := from; i < from+int64(events); i++ {
		r := t.record(i)
		plain[r.Family][r.On(partitions)].add([]byte(r.Key), r.Value)
	}
	for f := range plain {
		for p := range plain[f] {
			if b := &plain[f][p]; b.n > 0 {
				s.batches[f][p] = b.encode(lz4, int64(t.begin/1000))
			}
		}
	}
	return s
}

// batch is a record batch in the making.
type batch struct {
	n       int32
	records []byte
}

func (b *batch) add(key, value []byte) {
	r := kmsg.NewRecord()
	r.OffsetDelta, r.Key, r.Value = b.n, key, value
	whole := r.AppendTo(nil)
	r.Length = int32(len(whole) - 1) // the length itself, 0 so far, took one byte
	b.records = r.AppendTo(b.records)
	b.n++
}

// encode is the batch in Kafka's format of version 2, all records of one timestamp in milliseconds; a topic with LogAppendTime puts its own.
func (b *batch) encode(lz4 kgo.Compressor, at int64) []byte {
	var dst bytes.Buffer
	records, codec := lz4.Compress(&dst, b.records)
	whole := kmsg.RecordBatch{PartitionLeaderEpoch: -1, Magic: 2, Attributes: int16(codec), LastOffsetDelta: b.n - 1, FirstTimestamp: at, MaxTimestamp: at,
		ProducerID: -1, ProducerEpoch: -1, FirstSequence: -1, NumRecords: b.n, Records: records}
	text := whole.AppendTo(nil)
	const lengthAt, lengthEnd, crcAt, crcEnd = 8, 12, 17, 21
	binary.BigEndian.PutUint32(text[lengthAt:], uint32(len(text)-lengthEnd))
	binary.BigEndian.PutUint32(text[crcAt:], crc32.Checksum(text[crcEnd:], castagnoli))
	return text
}

var castagnoli = crc32.MakeTable(crc32.Castagnoli)

// sender sends slots to the topics of a configuration, each family's in order.
type sender struct {
	broker *kgo.Broker
	topics [len(event.Families)]kmsg.ProduceRequestTopic // without partitions
}

func newSender(ctx context.Context, cl *kgo.Client, at kafka.Config) (*sender, error) {
	var names []string
	for _, f := range event.Families {
		names = append(names, at.Input(f))
	}
	details, err := kadm.NewClient(cl).ListTopics(ctx, names...)
	if err != nil {
		return nil, fmt.Errorf("look up the input topics: %w", err)
	}
	s := &sender{}
	for _, f := range event.Families {
		t := details[at.Input(f)]
		s.topics[f] = kmsg.ProduceRequestTopic{Topic: t.Topic, TopicID: t.ID}
		s.broker = cl.Broker(int(t.Partitions[0].Leader)) // there is one
	}
	return s, nil
}

// send writes one family's part of a slot and waits until it is there.
func (s *sender) send(ctx context.Context, f event.Family, of *slot) error {
	req := kmsg.NewPtrProduceRequest()
	req.Acks, req.TimeoutMillis = -1, 10_000
	topic := s.topics[f]
	for p, records := range of.batches[f] {
		if records != nil {
			topic.Partitions = append(topic.Partitions, kmsg.ProduceRequestTopicPartition{Partition: int32(p), Records: records})
		}
	}
	if len(topic.Partitions) == 0 {
		return nil
	}
	req.Topics = append(req.Topics, topic)
	resp, err := s.broker.Request(ctx, req)
	if err != nil {
		return fmt.Errorf("write to %s: %w", topic.Topic, err)
	}
	for _, t := range resp.(*kmsg.ProduceResponse).Topics {
		for _, p := range t.Partitions {
			if err := kerr.ErrorForCode(p.ErrorCode); err != nil {
				return fmt.Errorf("write to %s/%d: %w", topic.Topic, p.Partition, err)
			}
		}
	}
	return nil
}
