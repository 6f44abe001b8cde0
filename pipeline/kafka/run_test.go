package kafka

import (
	"slices"
	"testing"

	"andon/detectors/setting"
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
		s.send(lane(p), tick(start+9*event.Day))
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
	held := func(n *node) int {
		n.member.mu.Lock()
		defer n.member.mu.Unlock()
		return n.member.held
	}
	await(t, "a lane of each family on each member", func() bool { return held(one) == 3 && held(two) == 3 })
	for i := range 40 {
		s.send(lane(int32(i%2)), manifest(i, start, start+event.Day))
	}
	await(t, "the promises", func() bool { return s.folded(lane(0)) == 20 && s.folded(lane(1)) == 20 })
	one.stop()
	for p := range int32(2) {
		s.send(lane(p), tick(start+9*event.Day))
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
