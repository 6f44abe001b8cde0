package kafka

import (
	"context"
	"errors"
	"io"
	"strings"
	"testing"
	"time"

	"github.com/twmb/franz-go/pkg/kerr"
	"github.com/twmb/franz-go/pkg/kmsg"

	"andon/pipeline"
	"andon/schemas/exception"
	"andon/schemas/journal"
)

// join makes a member that is driven by hand and waits until it holds n lanes; no lane can be taken from it until it is released.
func (s *site) join(c Config, n int) *Member {
	s.t.Helper()
	m, err := Join(s.t.Context(), c, quiet(s.t))
	if err != nil {
		s.t.Fatal(err)
	}
	s.t.Cleanup(m.Close)
	m.hold(s.t, n)
	return m
}

func (m *Member) hold(t *testing.T, n int) {
	t.Helper()
	held := 0
	await(t, "the assignment", func() bool {
		p, err := m.Poll(t.Context(), time.Millisecond, 1)
		if err != nil {
			t.Fatal(err)
		}
		for _, c := range p.Changes {
			if held = len(c.Lanes); c.Revoked {
				held = 0
			}
		}
		if held != n {
			m.cl.AllowRebalance()
		}
		return held == n
	})
}

// timerBeat is a beat in which nothing was read: an entry and an exception.
func timerBeat(seq int64) pipeline.Beat {
	o := pipeline.Outcome{
		Lane:       lane(0),
		Entry:      journal.Entry{Version: journal.Version, Lane: lane(0).String(), Seq: seq, Start: 1, End: 2},
		Snapshots:  pipeline.Marks{pipeline.Nowhere, pipeline.Nowhere},
		Exceptions: []exception.Exception{{ID: exception.NewID("t", "X", "s", "e"), Revision: 1, OpenedAt: start}},
	}
	o.Seal("")
	return pipeline.Beat{Lanes: []pipeline.Outcome{o}}
}

func TestAPausedFormerOwnerCannotCommitATimer(t *testing.T) {
	s := real(t)
	s.SessionTimeout = time.Second
	zombie := s.join(s.named("zombie"), 6)
	// It holds its lanes through a beat that does not end; the group goes on without it.
	heir := s.join(s.named("heir"), 6)
	err := zombie.Commit(t.Context(), timerBeat(1))
	if pipeline.KindOf(err) != pipeline.Aborted || !errors.Is(err, kerr.UnknownMemberID) {
		t.Fatalf("the zombie's beat: %v", err)
	}
	if err := heir.Commit(t.Context(), timerBeat(1)); err != nil {
		t.Fatal(err)
	}
	if x, e := s.exceptions(0), s.entries(lane(0)); len(x) != 1 || len(e) != 2 {
		t.Fatalf("%d exceptions, %d entries", len(x), len(e))
	}
}

func TestANewOwnerWaitsForTheOpenTransaction(t *testing.T) {
	s := real(t)
	s.SessionTimeout = time.Second
	old := s.join(s.named("old"), 6)
	if err := old.cl.BeginTransaction(); err != nil {
		t.Fatal(err)
	}
	if err := errors.Join(old.produce(t.Context(), timerBeat(1)), old.commitOffsets(t.Context(), timerBeat(1))); err != nil {
		t.Fatal(err)
	}
	heir := s.join(s.named("heir"), 6)
	found := make(chan pipeline.Committed, 1)
	go func() {
		c, err := heir.Committed(t.Context(), lane(0))
		if err != nil {
			t.Error(err)
		}
		found <- c
	}()
	hurry, cancel := context.WithTimeout(t.Context(), 300*time.Millisecond)
	defer cancel()
	select {
	case c := <-found:
		t.Fatalf("it did not wait: %+v", c)
	case <-hurry.Done():
	}
	if err := old.end(t.Context(), pipeline.None, nil); err != nil { // its fence held: this beat is the old owner's last
		t.Fatal(err)
	}
	if c := <-found; c.Seq != 1 {
		t.Fatalf("found %+v", c)
	}
}

// An entry whose transaction is open when a restore begins is waited for: the journal is read to its high watermark, not to where it is stable.
func TestARestoreReadsToTheHighWatermark(t *testing.T) {
	s := real(t)
	m := s.join(s.Config, 6)
	if err := errors.Join(m.cl.BeginTransaction(), m.produce(t.Context(), timerBeat(1))); err != nil {
		t.Fatal(err)
	}
	past, err := m.Open(t.Context(), lane(0), pipeline.Nowhere)
	if err != nil {
		t.Fatal(err)
	}
	defer past.Close()
	if err := m.end(t.Context(), pipeline.None, nil); err != nil {
		t.Fatal(err)
	}
	for seq := range int64(2) {
		if e, err := past.Entry(t.Context()); err != nil || e.Seq != seq {
			t.Fatalf("entry %d: %+v, %v", seq, e, err)
		}
	}
	if _, err := past.Entry(t.Context()); !errors.Is(err, io.EOF) {
		t.Fatal(err)
	}
}

func TestTheSameNameTwiceIsFenced(t *testing.T) {
	s := real(t)
	first := s.join(s.Config, 6)
	if err := first.Commit(t.Context(), timerBeat(1)); err != nil {
		t.Fatal(err)
	}
	second := s.join(s.Config, 6)
	if err := second.Commit(t.Context(), timerBeat(2)); err != nil {
		t.Fatal(err)
	}
	err := first.Commit(t.Context(), timerBeat(2))
	if k := pipeline.KindOf(err); k != pipeline.Lost && k != pipeline.Refused {
		t.Fatalf("%s: %v", k, err)
	}
	first.cl.AllowRebalance()
	await(t, "the first to learn why", func() bool {
		_, err = first.Poll(t.Context(), 10*time.Millisecond, 1)
		first.cl.AllowRebalance()
		return err != nil
	})
	if !errors.Is(err, ErrNameTaken) || pipeline.KindOf(err) != pipeline.Refused || !strings.Contains(err.Error(), "setting instance") {
		t.Fatal(err)
	}
}

func TestAWrongClockIsFoundInTheCommit(t *testing.T) {
	s := real(t)
	m := s.join(s.Config, 6)
	for _, off := range []time.Duration{20 * time.Second, -20 * time.Second} {
		m.now = func() time.Time { return time.Now().Add(off) }
		b := timerBeat(1)
		b.Wall = true
		if err := m.Commit(t.Context(), b); pipeline.KindOf(err) != pipeline.Held || !strings.Contains(err.Error(), "20s off") {
			t.Fatalf("%v: %v", off, err)
		}
	}
	m.now = time.Now
	b := timerBeat(1)
	b.Wall = true
	if err := m.Commit(t.Context(), b); err != nil {
		t.Fatal(err)
	}
	if e := s.entries(lane(0)); len(e) != 2 {
		t.Fatalf("%d entries", len(e))
	}
}

// TestWhatACommitMakesOfAnswers runs each step of a commit into each kind of bad answer, once; the lane's journal must then be what the error
// said.
func TestWhatACommitMakesOfAnswers(t *testing.T) {
	for name, c := range map[string]struct {
		key       kmsg.Key
		answer    int16 // 0: the connection breaks
		want      pipeline.Kind
		committed int // entries after genesis
	}{
		"the group moved":                     {kmsg.TxnOffsetCommit, kerr.IllegalGeneration.Code, pipeline.Aborted, 0},
		"the group is moving":                 {kmsg.TxnOffsetCommit, kerr.RebalanceInProgress.Code, pipeline.Aborted, 0},
		"we are fenced at the offsets":        {kmsg.TxnOffsetCommit, kerr.InvalidProducerEpoch.Code, pipeline.Lost, 0},
		"our name is taken":                   {kmsg.TxnOffsetCommit, kerr.FencedInstanceID.Code, pipeline.Refused, 0},
		"we are fenced at the end":            {kmsg.EndTxn, kerr.ProducerFenced.Code, pipeline.Lost, 0},
		"the end must be an abort":            {kmsg.EndTxn, kerr.TransactionAbortable.Code, pipeline.Aborted, 0},
		"the end is not known to the broker":  {kmsg.EndTxn, kerr.UnknownServerError.Code, pipeline.Lost, 0},
		"writing is fenced":                   {kmsg.Produce, kerr.InvalidProducerEpoch.Code, pipeline.Lost, 0},
		"a record is too large for the topic": {kmsg.Produce, kerr.MessageTooLarge.Code, pipeline.Lost, 0},
	} {
		t.Run(name, func(t *testing.T) {
			s, cluster := fake(t)
			m := s.join(s.Config, 6)
			cluster.ControlKey(int16(c.key), func(req kmsg.Request) (kmsg.Response, error, bool) {
				return answer(req, c.answer), nil, true
			})
			err := m.Commit(t.Context(), timerBeat(1))
			if pipeline.KindOf(err) != c.want {
				t.Fatalf("%s: %v", pipeline.KindOf(err), err)
			}
			if c.want == pipeline.Aborted {
				if err := m.Commit(t.Context(), timerBeat(1)); err != nil {
					t.Fatalf("the next beat: %v", err)
				}
				c.committed++
			}
			m.Close()
			s.join(s.Config, 6) // a new start aborts what the first left open
			if n := len(s.entries(lane(0))) - 1; n != c.committed {
				t.Fatalf("%d beats are committed", n)
			}
		})
	}
}

// answer is the request's response with an error code wherever one goes.
func answer(req kmsg.Request, code int16) kmsg.Response {
	switch r := req.(type) {
	case *kmsg.TxnOffsetCommitRequest:
		resp := r.ResponseKind().(*kmsg.TxnOffsetCommitResponse)
		for _, t := range r.Topics {
			st := kmsg.NewTxnOffsetCommitResponseTopic()
			st.Topic, st.TopicID = t.Topic, t.TopicID
			for _, p := range t.Partitions {
				st.Partitions = append(st.Partitions, kmsg.TxnOffsetCommitResponseTopicPartition{Partition: p.Partition, ErrorCode: code})
			}
			resp.Topics = append(resp.Topics, st)
		}
		return resp
	case *kmsg.EndTxnRequest:
		resp := r.ResponseKind().(*kmsg.EndTxnResponse)
		resp.ErrorCode = code
		return resp
	case *kmsg.ProduceRequest:
		resp := r.ResponseKind().(*kmsg.ProduceResponse)
		for _, t := range r.Topics {
			st := kmsg.NewProduceResponseTopic()
			st.Topic, st.TopicID = t.Topic, t.TopicID
			for _, p := range t.Partitions {
				sp := kmsg.NewProduceResponseTopicPartition()
				sp.Partition, sp.ErrorCode = p.Partition, code
				st.Partitions = append(st.Partitions, sp)
			}
			resp.Topics = append(resp.Topics, st)
		}
		return resp
	}
	panic("no answer for it")
}
