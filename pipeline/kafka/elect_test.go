package kafka

import (
	"context"
	"errors"
	"slices"
	"testing"
	"time"

	"github.com/twmb/franz-go/pkg/kgo"

	"andon/pipeline"
)

func (s *site) stand(instance string) *Election {
	s.t.Helper()
	c := s.Config
	c.Instance = instance
	e, err := Stand(s.t.Context(), c, Guard, quiet(s.t))
	if err != nil {
		s.t.Fatal(err)
	}
	s.t.Cleanup(e.Close)
	return e
}

// turn waits for a member to be elected.
func (s *site) turn(e *Election) context.Context {
	s.t.Helper()
	ctx, cancel := context.WithTimeout(s.t.Context(), time.Minute)
	s.t.Cleanup(cancel)
	turn, stop, err := e.Turn(ctx)
	if err != nil {
		s.t.Fatal(err)
	}
	s.t.Cleanup(stop)
	return turn
}

// members waits until the group of guards has so many, and nothing moves.
func (s *site) members(n int) {
	s.t.Helper()
	await(s.t, "the group to settle", func() bool {
		groups, err := s.admin.DescribeGroups(s.t.Context(), s.Group(Guard))
		if err != nil {
			s.t.Fatal(err)
		}
		g := groups[s.Group(Guard)]
		return len(g.Members) == n && g.State == "Stable"
	})
}

// One member is elected at a time. It stays it when others come; when it leaves, another is.
func TestOneIsElected(t *testing.T) {
	s := real(t)
	first := s.stand("first")
	turn := s.turn(first)
	second := s.stand("second")
	s.members(2)
	if _, _, elected := second.standing(); elected || turn.Err() != nil {
		t.Fatalf("a second one came: it is elected: %t, the turn of the first: %v", elected, turn.Err())
	}
	if err := first.Leave(t.Context()); err != nil {
		t.Fatal(err)
	}
	s.turn(second)
	<-turn.Done()
}

// Who is not elected any more writes nothing: neither what it had begun, nor what it begins without having heard of it.
func TestWhoIsDeposedWritesNothing(t *testing.T) {
	s := real(t)
	first := s.stand("first")
	s.turn(first)
	opens := func(e *Election) *Appender {
		t.Helper()
		a, err := e.Appender(t.Context(), s.Control(), quiet(t))
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(a.Close)
		return a
	}
	writes := func(a *Appender, name string) error {
		return a.Append(t.Context(), [][2][]byte{{[]byte(name), []byte(name)}})
	}
	if err := writes(opens(first), "before"); err != nil {
		t.Fatal(err)
	}
	second := s.stand("second")
	s.members(2)
	if err := writes(opens(first), "with another one waiting"); err != nil {
		t.Fatal(err)
	}

	begun := opens(first) // it has written and vouched, and not ended, when it is deposed
	if err := begun.cl.BeginTransaction(); err != nil {
		t.Fatal(err)
	}
	if err := begun.cl.ProduceSync(t.Context(), &kgo.Record{Topic: s.Control(), Value: []byte("begun")}).FirstErr(); err != nil {
		t.Fatal(err)
	}
	if err := first.vouch(t.Context(), begun); err != nil {
		t.Fatal(err)
	}
	id, generation, _ := first.standing()
	if err := first.Leave(t.Context()); err != nil {
		t.Fatal(err)
	}
	s.turn(second)
	opens(second)
	if err := begun.cl.EndTransaction(t.Context(), kgo.TryCommit); err == nil {
		t.Error("what was begun in a former turn is committed")
	}

	if err := writes(opens(first), "knows"); !errors.Is(err, ErrDeposed) {
		t.Errorf("it knows that it is deposed: %v", err)
	}
	first.mu.Lock()
	first.id, first.generation, first.elected = id, generation, true // it has not heard of it
	first.mu.Unlock()
	if err := writes(opens(first), "does not know"); !errors.Is(err, ErrDeposed) || pipeline.KindOf(err) != pipeline.Lost {
		t.Errorf("it does not know that it is deposed: %v", err)
	}
	if err := writes(opens(second), "after"); err != nil {
		t.Fatal(err)
	}
	var stands []string
	for r, err := range Ordered(t.Context(), s.Config, s.Control(), quiet(t)) {
		if err != nil {
			t.Fatal(err)
		}
		stands = append(stands, string(r.Value))
	}
	if want := []string{"before", "with another one waiting", "after"}; !slices.Equal(stands, want) {
		t.Errorf("%q stand, want %q", stands, want)
	}
}
