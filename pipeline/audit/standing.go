package audit

import (
	"bytes"
	"cmp"
	"context"
	"crypto/sha256"
	"fmt"
	"slices"
	"sync"

	"andon/pipeline"
	"andon/schemas/event"
)

// standing is what stands on one partition of a topic of outputs: a line per record, by key and offset. Lanes whose outputs stand there share it.
type standing struct {
	topic     pipeline.Topic
	partition int32
	extent    Extent
	begins    event.Micros // when its first record was written

	mu   sync.Mutex
	list []line
}

// line is one record, without its bytes.
type line struct {
	key, value sum
	offset     int64
	taken      bool // a beat wrote it
	met        bool // a lane under audit wrote this key
}

type sum [16]byte

// sumOf tells bytes apart, and none from empty ones.
func sumOf(b []byte) (s sum) {
	if b != nil {
		full := sha256.Sum256(b)
		copy(s[:], full[:])
	}
	return s
}

// read reads a partition.
func (r *run) read(ctx context.Context, topic pipeline.Topic, partition int32) (s *standing, err error) {
	s = &standing{topic: topic, partition: partition}
	s.extent, err = r.Books.Written(ctx, topic, partition, func(x *pipeline.Record) {
		if len(s.list) == 0 {
			s.begins = x.At
		}
		s.list = append(s.list, line{key: sumOf(x.Key), value: sumOf(x.Value), offset: x.Offset})
	})
	slices.SortFunc(s.list, func(a, b line) int { return cmp.Or(bytes.Compare(a.key[:], b.key[:]), cmp.Compare(a.offset, b.offset)) })
	return s, err
}

// sameBeat is by how much the times of records may differ that one beat wrote: a transaction is over sooner.
const sameBeat = event.Minute

// expired reports whether what a beat wrote whose entry is of this time may have gone with the beginning of the topic.
func (s *standing) expired(at event.Micros) bool {
	return s.extent.Start > 0 && (len(s.list) == 0 || at <= s.begins+sameBeat)
}

// young reports whether what a beat wrote whose entry is of this time is left alone by compaction.
func (s *standing) young(at event.Micros) bool { return at >= s.extent.Compacts }

// of are the records of a key, in order.
func (s *standing) of(key []byte) []line {
	k := sumOf(key)
	from, _ := slices.BinarySearchFunc(s.list, k, func(x line, k sum) int { return bytes.Compare(x.key[:], k[:]) })
	to := from
	for to < len(s.list) && s.list[to].key == k {
		to++
	}
	return s.list[from:to]
}

// take finds the first record of the key and value that no beat wrote yet, and takes it; -1 when there is none. open says whether another record
// of the key is not taken and stands before it, or anywhere when it is not found.
func (s *standing) take(key, value []byte) (offset int64, open bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	v := sumOf(value)
	list := s.of(key)
	for i := range list {
		list[i].met = true
	}
	for i := range list {
		if x := &list[i]; !x.taken {
			if x.value == v {
				x.taken = true
				return x.offset, open
			}
			open = true
		}
	}
	return -1, open
}

// stands reports whether a record of the key was found.
func (s *standing) stands(key []byte) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.ContainsFunc(s.of(key), func(x line) bool { return x.taken })
}

// strangers lists the records that no beat wrote. Unless all lanes that write here were audited, only those of keys that one of them wrote can be
// told.
func (r *run) strangers(ctx context.Context, s *standing, all bool, report *Report) error {
	for i := range s.list {
		x := &s.list[i]
		if x.taken || x.offset >= s.extent.Settled || !all && !x.met {
			continue
		}
		record, err := r.Books.Record(ctx, s.topic, s.partition, x.offset)
		if err != nil {
			return err
		}
		if len(report.Findings) >= 10*findingsMax {
			report.More++
			continue
		}
		report.list(Finding{Kind: RecordForeign, Topic: r.Books.Name(s.topic), Partition: s.partition, Offset: new(x.offset), Key: string(record.Key),
			Stands: excerpt(record.Value, 0), Says: fmt.Sprintf("no beat wrote the record of key %s", record.Key)})
	}
	return nil
}
