package event_test

import (
	"errors"
	"testing"

	"andon/schemas/event"
)

// FuzzDecode: Decode says what the oracle says; no record makes Decode panic; a refusal has a reason; an event that is taken can be written and is then read as the same event,
// also into memory that held another one.
func FuzzDecode(f *testing.F) {
	for _, x := range examples(f) {
		f.Add(uint8(x.family), []byte(x.key), x.value)
	}
	for _, c := range rejects() {
		if len(c.value) < 1000 {
			f.Add(uint8(c.family), []byte(c.key), []byte(c.value))
		}
	}
	var used event.Event
	f.Fuzz(func(t *testing.T, family uint8, key, value []byte) {
		topic := event.Family(family % 3)
		if !doubled(value) {
			same(t, example{family: topic, key: string(key), value: value})
		}
		var e event.Event
		if err := event.Decode(topic, key, value, &e); err != nil {
			if r := (*event.Reject)(nil); !errors.As(err, &r) || r.Reason == "" {
				t.Fatalf("refused without a reason: %v", err)
			}
			return
		}
		if e.Type != event.ClockTick && e.Key(topic) != string(key) {
			t.Fatalf("key %q taken for %q", key, e.Key(topic))
		}
		again := event.Append(nil, &e)
		err := event.Decode(topic, key, again, &used)
		if r := (*event.Reject)(nil); errors.As(err, &r) && (r.Reason == event.StringTooLong || r.Reason == event.TooLarge) && len(again) > len(value) {
			return // escapes can be longer than the characters they came from
		}
		if err != nil || !equal(e, used) {
			t.Fatalf("%s\nwritten as\n%s\nread as %+v: %v", value, again, used, err)
		}
	})
}
