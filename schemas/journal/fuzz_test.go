package journal_test

import (
	"reflect"
	"slices"
	"testing"

	"andon/schemas/beat"
	"andon/schemas/event"
	"andon/schemas/journal"
)

// FuzzDecode: no bytes make Decode panic, and what was read is written and read again as the same entry.
func FuzzDecode(f *testing.F) {
	e := journal.Entry{
		Version: journal.Version, Lane: "asn/3", Seq: 7, Input: journal.Range{From: 10, To: 30}, Side: journal.Range{From: 1, To: 1}, InputID: "i", SideID: "s",
		Logic: "l", Models: "m", Settings: "h", Start: event.MinTime, End: event.MinTime + 1, Counts: beat.Counts{Read: 20, Done: 18, DeadLettered: 2},
		DeadLettered: []journal.DeadRange{{Range: journal.Range{From: 11, To: 13}}}, Disarmed: []beat.Timer{{Tenant: "t", Subject: "D1", Due: event.MinTime}},
		Outputs: journal.HashOf(nil), Before: journal.HashOf([]byte("x")),
	}
	f.Add(journal.Append(nil, &e))
	for _, seed := range []string{"", "{}", "[]", "null", `{"seq":-1}`, `{"seq":1.5}`, `{"start":"x"}`, `{"counts":null,"dead_lettered":[null],"disarmed":[{}]}`, "{} x"} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, value []byte) {
		var e, again, third journal.Entry
		noDue := func(timer beat.Timer) bool { return timer.Due == 0 }
		if journal.Decode(value, &e) != nil || slices.ContainsFunc(e.Disarmed, noDue) { // such a timer is none that Append writes
			return
		}
		once := journal.Append(nil, &e)
		if err := journal.Decode(once, &again); err != nil {
			t.Fatalf("%s\nis written as\n%s\nwhich is not read: %v", value, once, err)
		}
		if twice := journal.Append(nil, &again); journal.Decode(twice, &third) != nil || !reflect.DeepEqual(again, third) || string(once) != string(twice) {
			t.Fatalf("%s\nis written as\n%s\nand then as\n%s", value, once, twice)
		}
	})
}
