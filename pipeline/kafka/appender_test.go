package kafka

import (
	"errors"
	"fmt"
	"slices"
	"testing"

	"andon/pipeline"
)

// A writer that was taken over writes nothing any more, not even what it had begun; what stands is what the later one read, and what it added.
func TestOneAppenderAtATime(t *testing.T) {
	s := real(t)
	begin := func(topic string) *Appender {
		t.Helper()
		a, err := NewAppender(t.Context(), s.Config, topic, quiet(t))
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(a.Close)
		return a
	}
	pairs := func(names ...string) (list [][2][]byte) {
		for _, n := range names {
			list = append(list, [2][]byte{[]byte(n), []byte("of " + n)})
		}
		return list
	}
	stands := func(topic string) (keys []string) {
		t.Helper()
		for r, err := range Ordered(t.Context(), s.Config, topic, quiet(t)) {
			if err != nil || string(r.Value) != "of "+string(r.Key) {
				t.Fatalf("%s=%s, %v", r.Key, r.Value, err)
			}
			keys = append(keys, string(r.Key))
		}
		return keys
	}
	first := begin(s.Control())
	if got := stands(s.Control()); got != nil {
		t.Errorf("an empty topic has %v", got)
	}
	if err := first.Append(t.Context(), pairs("a", "b")); err != nil {
		t.Fatal(err)
	}
	if err := first.cl.BeginTransaction(); err != nil {
		t.Fatal(err)
	}
	other := begin(s.Decisions()) // of another topic: it is in nobody's way
	second := begin(s.Control())
	seen := 0
	for _, err := range second.Records(t.Context()) {
		if err != nil {
			t.Fatal(err)
		}
		seen++
	}
	if err := second.Append(t.Context(), pairs("c")); err != nil || seen != 2 {
		t.Fatalf("%d seen, %v", seen, err)
	}
	_ = first.cl.EndTransaction(t.Context(), false)
	if err := first.Append(t.Context(), pairs("late")); !errors.Is(err, ErrAppending) || pipeline.KindOf(err) != pipeline.Lost {
		t.Errorf("a writer that was taken over: %v", err)
	}
	var many []string
	for i := range 2500 {
		many = append(many, fmt.Sprint(i))
	}
	if err := other.Append(t.Context(), pairs(many...)); err != nil {
		t.Fatal(err)
	}
	if got := stands(s.Control()); !slices.Equal(got, []string{"a", "b", "c"}) {
		t.Errorf("%v stand", got)
	}
	if got := stands(s.Decisions()); !slices.Equal(got, many) {
		t.Errorf("%d decisions stand", len(got))
	}
}
