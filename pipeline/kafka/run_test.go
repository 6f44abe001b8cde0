package kafka

import (
	"context"
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/twmb/franz-go/pkg/kgo"

	"andon/detectors/setting"
	"andon/pipeline"
	"andon/pipeline/mem"
	"andon/schemas/beat"
	"andon/schemas/deadletter"
	"andon/schemas/event"
	"andon/schemas/exception"
)

func TestEventsBecomeExceptionsOnce(t *testing.T) {
	s := real(t)
	n := s.start(s.Config, logClock)
	for i := range 50 {
		s.send(lane(int32(i%2)), manifest(i, start, start+event.Day))
	}
	for p := range int32(2) {
		s.send(lane(p), tick(start+3*event.Day))
	}
	await(t, "both lanes", func() bool { return s.folded(lane(0)) == 26 && s.folded(lane(1)) == 26 })
	first := s.exceptions(0)
	if len(first) == 0 {
		t.Fatal("nobody is late")
	}
	n.crash()

	// Another start restores both lanes and goes on where the first stopped.
	n = s.start(s.Config, logClock)
	for i := range 50 {
		s.send(lane(int32(i%2)), delivered(i, start+3*event.Day))
	}
	await(t, "the deliveries", func() bool { return s.folded(lane(0)) == 51 && s.folded(lane(1)) == 51 })
	n.stop()
	for p := range int32(2) {
		for _, x := range last(s.exceptions(p)) {
			if x.State != exception.Cleared {
				t.Errorf("partition %d: %s %s is %s", p, x.Code, x.Subject, x.State)
			}
		}
	}
	for _, e := range s.entries(lane(0)) {
		if !e.Counts.Balanced() {
			t.Errorf("entry %d: %+v", e.Seq, e.Counts)
		}
	}
}

func last(list []exception.Exception) map[exception.ID]exception.Exception {
	m := map[exception.ID]exception.Exception{}
	for _, x := range list {
		m[x.ID] = x
	}
	return m
}

func TestTwoMembersShareLanesAndHandThemOver(t *testing.T) {
	s := real(t)
	one, two := s.start(s.named("one"), logClock), s.start(s.named("two"), logClock)
	await(t, "a lane of each family on each member", func() bool { return one.lanes.Load() == 3 && two.lanes.Load() == 3 })
	for i := range 40 {
		s.send(lane(int32(i%2)), manifest(i, start, start+event.Day))
	}
	await(t, "the promises", func() bool { return s.folded(lane(0)) == 20 && s.folded(lane(1)) == 20 })
	one.stop()
	for p := range int32(2) {
		s.send(lane(p), tick(start+3*event.Day))
	}
	await(t, "the member that stayed", func() bool { return s.folded(lane(0)) == 21 && s.folded(lane(1)) == 21 })
	for p := range int32(2) {
		if n := len(last(s.exceptions(p))); n != 40 {
			t.Errorf("partition %d: %d exceptions", p, n)
		}
	}
	two.stop()
}

func TestTimersFireOnAQuietTopic(t *testing.T) {
	s := real(t)
	n := s.start(s.Config, setting.Settings{Clock: setting.Wall})
	now := event.At(n.member.now())
	e := manifest(1, now, now-2*event.Hour+2*event.Second) // grace is two hours: late in two seconds
	s.send(lane(0), e)
	await(t, "the alarm", func() bool { return len(s.exceptions(0)) == 1 })
	n.stop()
	entries := s.entries(lane(0))
	if e := entries[len(entries)-1]; e.Counts.Read != 0 || e.Input.From != e.Input.To {
		t.Errorf("the alarm came with %+v", e)
	}
	again := s.start(s.Config, setting.Settings{Clock: setting.Wall})
	s.send(lane(0), delivered(1, now))
	await(t, "the delivery", func() bool {
		return slices.ContainsFunc(s.exceptions(0), func(x exception.Exception) bool { return x.State == exception.Cleared })
	})
	again.stop()
}

func TestABatchThatCannotBeInflatedIsPutAside(t *testing.T) {
	s := real(t)
	cl, err := kgo.NewClient(kgo.SeedBrokers(s.Brokers...), kgo.RecordPartitioner(kgo.ManualPartitioner()),
		kgo.ProducerBatchMaxBytes(40<<20), kgo.ProducerLinger(time.Second), kgo.ProducerBatchCompression(kgo.GzipCompression()))
	if err != nil {
		t.Fatal(err)
	}
	defer cl.Close()
	s.send(lane(0), manifest(1, start, start+event.Day))
	var bomb []*kgo.Record
	for range 20 {
		bomb = append(bomb, &kgo.Record{Topic: s.Input(event.Carrier), Value: make([]byte, 1<<20)})
	}
	if err := cl.ProduceSync(t.Context(), bomb...).FirstErr(); err != nil {
		t.Fatal(err)
	}
	s.send(lane(0), tick(start+3*event.Day))

	for again := range 2 { // live, and restored
		n := s.start(s.Config, logClock)
		await(t, "the tick after the bomb", func() bool { return s.folded(lane(0)) == 22 })
		s.send(lane(1), tick(start)) // a lane of the same member answers once all are restored
		await(t, "the other lane", func() bool { return s.folded(lane(1)) == int64(again+1) })
		n.stop()
	}
	letters := s.read(s.DeadLetter(), 0)
	if len(letters) != 1 {
		t.Fatalf("%d letters", len(letters))
	}
	var l deadletter.Letter
	if err := deadletter.Decode(letters[0].Value, &l); err != nil || l.Reason != event.Unreadable || l.Detail != "the batch of offsets 1 to 20" {
		t.Errorf("%+v %v", l, err)
	}
}

// TestCrashesAnywhereOnKafka compares what a process that keeps crashing leaves on Kafka with an undisturbed run in memory.
func TestCrashesAnywhereOnKafka(t *testing.T) {
	seed := time.Now().UnixNano()
	t.Logf("seed %d", seed)
	random := rand.New(rand.NewPCG(uint64(seed), 0))
	s := real(t)
	whole := mem.New(lane(0))
	var sent int64
	for i := range 12 {
		n := s.start(s.Config, logClock)
		var records []*kgo.Record
		for range 20 + random.IntN(60) {
			at := start + event.Micros(i)*event.Hour
			parcel := random.IntN(300)
			e := []event.Event{manifest(parcel, at, at+event.Micros(parcel%4)*event.Day), delivered(parcel, at-event.Day), tick(at), {ID: "bad", Time: at}}[random.IntN(4)]
			if e.ID != "" {
				e.ID = fmt.Sprint(e.ID, "-", i) // the same id has the same content: a duplicate, whatever order lanes read side and input in
			}
			side := random.IntN(4) == 0
			r := &kgo.Record{Topic: s.Topic(event.Carrier, side), Key: []byte(e.Key(event.Carrier)), Value: event.Append(nil, &e)}
			records = append(records, r)
			whole.Append(lane(0), side, r.Key, r.Value, at)
		}
		sent += int64(len(records))
		if err := s.cl.ProduceSync(t.Context(), records...).FirstErr(); err != nil {
			t.Fatal(err)
		}
		if random.IntN(3) > 0 { // crash at some point of a beat, or before the lanes are restored
			ctx, cancel := context.WithTimeout(t.Context(), time.Duration(random.IntN(400))*time.Millisecond)
			<-ctx.Done()
			cancel()
		} else {
			await(t, "all that was sent", func() bool { return s.folded(lane(0)) == sent })
		}
		n.crash()
	}
	end := tick(start + 99*event.Day)
	whole.Append(lane(0), false, nil, event.Append(nil, &end), start)
	s.send(lane(0), end)
	n := s.start(s.Config, logClock)
	await(t, "all that was sent", func() bool { return s.folded(lane(0)) == sent+1 })
	n.stop()

	metrics := pipeline.NewMetrics(prometheus.NewRegistry())
	if err := whole.Run(t.Context(), s.config(s.Config, logClock, metrics), mem.Options{}); err != nil {
		t.Fatal(err)
	}
	if a, b := final(whole.Exceptions), final(s.exceptions(0)); len(a) == 0 || !slices.Equal(a, b) {
		t.Errorf("in memory:\n%s\non Kafka:\n%s", a, b)
	}
	var a, b beat.Counts
	for _, e := range whole.Entries(lane(0)) {
		a.Add(e.Counts)
	}
	for _, e := range s.entries(lane(0)) {
		b.Add(e.Counts)
	}
	if a != b || !a.Balanced() {
		t.Errorf("accounts %+v and %+v", a, b)
	}
	if letters := len(s.read(s.DeadLetter(), 0)); int64(letters) != a.DeadLettered || letters != len(whole.Letters) {
		t.Errorf("%d and %d letters, %d counted", len(whole.Letters), letters, a.DeadLettered)
	}
}

// final is the last revision of each exception, without what depends on how the stream was cut and side and input were interleaved.
func final(list []exception.Exception) (out []string) {
	for _, x := range last(list) {
		if x.State == exception.Retracted || x.LateData {
			continue
		}
		x.Revision, x.DetectedAt = 0, 0
		out = append(out, string(exception.Append(nil, &x)))
	}
	slices.Sort(out)
	return out
}
