package kafka

import (
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/twmb/franz-go/pkg/kgo"
)

// What stands in the topics comes by the time it was written, whatever partition it lies in; then comes what is written.
func TestToldComesInTheOrderOfTime(t *testing.T) {
	s := real(t)
	say := func(topic string, partition int32, value string) {
		t.Helper()
		if err := s.cl.ProduceSync(t.Context(), &kgo.Record{Topic: topic, Partition: partition, Value: []byte(value)}).FirstErr(); err != nil {
			t.Fatal(err)
		}
	}
	var want []string
	for i := range 40 {
		topic, partition := s.Verdicts(), int32(i%2)
		if i%5 == 0 {
			topic, partition = s.Control(), 0
		}
		say(topic, partition, fmt.Sprint(i))
		want = append(want, fmt.Sprint(i))
	}
	told, err := OpenTold(t.Context(), s.Config, quiet(t), s.Control(), s.Verdicts(), s.Decisions())
	if err != nil {
		t.Fatal(err)
	}
	defer told.Close()
	say(s.Verdicts(), 1, "later")
	var got []string
	last := Saying{}
	for x, err := range told.Past(t.Context()) {
		if err != nil || x.At < last.At {
			t.Fatalf("%s of %s after %s of %s, %v", x.Value, x.At, last.Value, last.At, err)
		}
		last = x
		got = append(got, string(x.Value))
	}
	slices.Sort(want) // within a millisecond the order is open
	if slices.Sort(got); !slices.Equal(got, want) {
		t.Errorf("told %v, want %v", got, want)
	}
	say(s.Decisions(), 0, "last")
	got = nil
	for len(got) < 2 {
		list, err := told.Poll(t.Context(), time.Second)
		if err != nil {
			t.Fatal(err)
		}
		for _, x := range list {
			got = append(got, x.Topic+" "+string(x.Value))
		}
	}
	slices.Sort(got)
	if want := []string{s.Decisions() + " last", s.Verdicts() + " later"}; !slices.Equal(got, want) {
		t.Errorf("told %v, want %v", got, want)
	}
}
