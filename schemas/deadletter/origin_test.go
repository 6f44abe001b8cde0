package deadletter_test

import (
	"reflect"
	"testing"

	"andon/schemas/deadletter"
	"andon/schemas/event"
)

// A record that is put aside, sent again, and put aside again is one story: the second letter lies where the first did, and counts.
func TestOriginCarriesTheStory(t *testing.T) {
	first := deadletter.Letter{Topic: "in.asn", Partition: 3, Offset: 7, At: event.MinTime, Reason: event.RulePanic, Detail: "stack"}
	first.Keep([]byte("D-1"), []byte("{}"))
	if !first.Whole() {
		t.Error("a letter with all its bytes is not whole")
	}
	o := first.Origin(2)
	header := deadletter.AppendOrigin(nil, &o)
	read, err := deadletter.DecodeOrigin(header)
	if err != nil || read != o {
		t.Fatalf("%s reads as %+v, %v", header, read, err)
	}
	second := deadletter.Letter{Topic: "side.asn", Partition: 3, Offset: 90, At: event.MinTime + 1, Reason: event.EntityFull}
	second.From(&read)
	want := deadletter.Letter{Topic: "in.asn", Partition: 3, Offset: 7, At: event.MinTime, Reason: event.EntityFull, Redrives: 2}
	if !reflect.DeepEqual(second, want) {
		t.Errorf("the second letter is %+v", second)
	}
	mark := first.Marker(2)
	if mark.Whole() || mark.Raw != nil || mark.Detail != "" || !mark.Redriven || mark.Redrives != 2 || mark.SHA256 != first.SHA256 || mark.Reason != first.Reason {
		t.Errorf("the mark is %+v", mark)
	}
}

func FuzzDecodeOrigin(f *testing.F) {
	for _, seed := range []string{"", "{}", `{"topic":"in.asn","partition":0,"offset":0,"redrives":1}`, `{"topic":"in.asn","offset":-1,"redrives":1}`,
		`{"topic":"in.asn","partition":1,"offset":9,"at":"2026-03-02T08:00:00.000001Z","redrives":3}`, `{"topic":"in.asn","redrives":0}`, `[1]`} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, value []byte) {
		o, err := deadletter.DecodeOrigin(value)
		if err != nil {
			return
		}
		if o.Topic == "" || o.Partition < 0 || o.Offset < 0 || o.Redrives < 1 {
			t.Fatalf("%q reads as %+v", value, o)
		}
		if again, err := deadletter.DecodeOrigin(deadletter.AppendOrigin(nil, &o)); err != nil || again != o {
			t.Fatalf("%+v is written and read as %+v, %v", o, again, err)
		}
	})
}
