package deadletter_test

import (
	"reflect"
	"testing"

	"andon/schemas/deadletter"
	"andon/schemas/event"
)

// FuzzDecode: no bytes make Decode panic, and what was read is written and read again as the same letter, with the bytes of its record.
func FuzzDecode(f *testing.F) {
	l := deadletter.Letter{Topic: "in.asn", Partition: 3, Offset: 7, At: event.MinTime, Reason: event.RulePanic, Detail: "stack\n", Redrives: 1}
	l.Keep([]byte{0, 0xff}, []byte("{"))
	f.Add(deadletter.Append(nil, &l))
	marker := l.Marker(2)
	f.Add(deadletter.Append(nil, &marker))
	for _, seed := range []string{"", "{}", "[]", "null", `{"raw":"?"}`, `{"raw":null,"key":""}`, `{"bytes":1e3}`, `{"at":"x"}`, "{} x"} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, value []byte) {
		var l, again, third deadletter.Letter
		if deadletter.Decode(value, &l) != nil {
			return
		}
		once := deadletter.Append(nil, &l)
		if err := deadletter.Decode(once, &again); err != nil || string(again.Raw) != string(l.Raw) || string(again.Key) != string(l.Key) {
			t.Fatalf("%s\nis written as\n%s\nread as %+v: %v", value, once, again, err)
		}
		if twice := deadletter.Append(nil, &again); deadletter.Decode(twice, &third) != nil || !reflect.DeepEqual(again, third) || string(once) != string(twice) {
			t.Fatalf("%s\nis written as\n%s\nand then as\n%s", value, once, twice)
		}
	})
}
