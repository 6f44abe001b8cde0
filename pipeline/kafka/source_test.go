package kafka

import (
	"errors"
	"testing"
	"time"

	"github.com/twmb/franz-go/pkg/kerr"
	"github.com/twmb/franz-go/pkg/kgo"

	"andon/pipeline"
	"andon/schemas/event"
)

// pollUntil polls a member that is driven by hand until ok says so or the source fails.
func (m *Member) pollUntil(t *testing.T, what string, ok func(pipeline.Polled) bool) (err error) {
	t.Helper()
	await(t, what, func() bool {
		var p pipeline.Polled
		p, err = m.Poll(t.Context(), 20*time.Millisecond, 1000)
		m.cl.AllowRebalance()
		return err != nil || ok(p)
	})
	return err
}

func TestARecordThatIsGoneEndsTheLoop(t *testing.T) {
	s := real(t)
	m := s.join(s.Config, 6)
	s.send(lane(0), tick(start), tick(start+1))
	s.cut(s.Input(event.Carrier))
	m.Release([]pipeline.Lane{lane(0)})
	err := m.pollUntil(t, "the out of range answer", func(pipeline.Polled) bool { return false })
	if !errors.Is(err, kerr.OffsetOutOfRange) || pipeline.KindOf(err) != pipeline.Lost {
		t.Fatal(err)
	}
}

func TestATopicMadeAgainEndsTheLoop(t *testing.T) {
	s := real(t)
	n := s.start(s.Config, logClock)
	s.send(lane(0), tick(start))
	await(t, "the tick", func() bool { return s.folded(lane(0)) == 1 })
	s.recreate(s.Input(event.Carrier))
	await(t, "the loop to end", func() bool {
		select {
		case <-n.done:
			return true
		default:
			return false
		}
	})
	if k := pipeline.KindOf(n.err); k != pipeline.Lost && k != pipeline.Refused {
		t.Fatal(n.err)
	}
}

func TestPositionsPassMarkersAndAbortedRecords(t *testing.T) {
	s := real(t)
	cl, err := kgo.NewClient(kgo.SeedBrokers(s.Brokers...), kgo.RecordPartitioner(kgo.ManualPartitioner()), kgo.TransactionalID(s.OwnPrefix+"writer"))
	if err != nil {
		t.Fatal(err)
	}
	defer cl.Close()
	for i, end := range []kgo.TransactionEndTry{kgo.TryCommit, kgo.TryAbort} {
		e := tick(start + event.Micros(i))
		if err := cl.BeginTransaction(); err != nil {
			t.Fatal(err)
		}
		if err := cl.ProduceSync(t.Context(), &kgo.Record{Topic: s.Input(event.Carrier), Value: event.Append(nil, &e)}).FirstErr(); err != nil {
			t.Fatal(err)
		}
		if err := cl.EndTransaction(t.Context(), end); err != nil {
			t.Fatal(err)
		}
	}
	m := s.join(s.Config, 6)
	m.Release([]pipeline.Lane{lane(0)})
	var records []pipeline.Record
	var next int64
	if err := m.pollUntil(t, "the last marker", func(p pipeline.Polled) bool {
		for _, f := range p.Fetched {
			records, next = append(records, f.Records...), f.Next
		}
		return next == 4
	}); err != nil {
		t.Fatal(err)
	}
	if len(records) != 1 || records[0].Offset != 0 {
		t.Errorf("records %+v", records)
	}
	ends, err := m.Ends(t.Context(), []pipeline.Lane{lane(0), lane(1)})
	if err != nil || ends[lane(0)] != (pipeline.Offsets{Input: 4}) || ends[lane(1)] != (pipeline.Offsets{}) {
		t.Errorf("ends %+v %v", ends, err)
	}
}

func TestWhatIsPastTheLimitWaitsForTheNextPoll(t *testing.T) {
	s := real(t)
	m := s.join(s.Config, 6)
	const each, limit = 10, 3
	for i := range each {
		s.send(lane(0), tick(start+event.Micros(i)))
		s.send(lane(1), tick(start+event.Micros(i)))
	}
	next := map[pipeline.Lane]int64{}
	poll := func() bool {
		p, err := m.Poll(t.Context(), 20*time.Millisecond, limit)
		m.cl.AllowRebalance()
		n := 0
		for _, f := range p.Fetched {
			for _, r := range f.Records {
				if n++; r.Offset != next[f.Lane] {
					t.Fatalf("lane %s: offset %d after %d", f.Lane, r.Offset, next[f.Lane])
				}
				next[f.Lane] = r.Next
			}
			if f.Next != next[f.Lane] {
				t.Fatalf("lane %s: next %d after %d", f.Lane, f.Next, next[f.Lane])
			}
		}
		if n > limit || err != nil {
			t.Fatalf("%d records, %v", n, err)
		}
		return next[lane(0)] == each && next[lane(1)] == each
	}
	m.Release([]pipeline.Lane{lane(0), lane(1)})
	await(t, "all records", poll)

	await(t, "a record that waits", func() bool {
		s.send(lane(0), tick(start), tick(start), tick(start), tick(start))
		poll()
		return len(m.ahead) > 0
	})
	m.mu.Lock()
	m.changes = append(m.changes, pipeline.Change{Lanes: []pipeline.Lane{lane(0), lane(1)}}) // as if assigned anew: reading begins at the committed offsets
	m.mu.Unlock()
	if p, err := m.Poll(t.Context(), 0, limit); len(p.Fetched) > 0 || len(m.ahead) > 0 || len(p.Changes) != 1 || err != nil {
		t.Fatalf("%+v, %v: records of lanes that changed hands", p, err)
	}
}

func TestMisplacedRecordsAreMarked(t *testing.T) {
	s := real(t)
	s.Partitioner = map[event.Family]Partitioner{event.Carrier: Murmur2}
	m := s.join(s.Config, 6)
	m.Release([]pipeline.Lane{lane(0), lane(1)})
	right := Murmur2.place([]byte("c/1"), 2)
	e, clock := manifest(1, start, start), tick(start)
	s.send(lane(int32(right)), e, clock)
	s.send(lane(int32(1-right)), e)
	misplaced, seen := 0, 0
	if err := m.pollUntil(t, "three records", func(p pipeline.Polled) bool {
		for _, f := range p.Fetched {
			for _, r := range f.Records {
				seen++
				if r.Misplaced {
					misplaced++
				}
			}
		}
		return seen == 3
	}); err != nil || misplaced != 1 {
		t.Errorf("%d misplaced, %v", misplaced, err)
	}
}

func TestPartitionersPlaceAsTheirProducersDo(t *testing.T) {
	// murmur2: the Java client's Utils.toPositive(Utils.murmur2(key)) % n; crc32: librdkafka's consistent partitioner.
	for key, want := range map[string]int{"21": -973932308 & 0x7fffffff % 7, "foobar": -790332482 & 0x7fffffff % 7} {
		if got := Murmur2.place([]byte(key), 7); got != want {
			t.Errorf("murmur2 puts %q on %d, want %d", key, got, want)
		}
	}
	if got := CRC32.place([]byte("123456789"), 1000); got != 0xcbf43926%1000 {
		t.Errorf("crc32 gives %d", got)
	}
	if Any.place([]byte("k"), 3) != -1 || Murmur2.place(nil, 3) != -1 {
		t.Error("a place where none can be said")
	}
}
