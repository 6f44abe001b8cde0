package event_test

import (
	"bytes"
	"fmt"
	"os"
	"reflect"
	"slices"
	"strings"
	"testing"

	"andon/schemas/event"
)

// example is one line of testdata/events.ndjson: a well-formed record of each type.
type example struct {
	family event.Family
	key    string
	value  []byte
	event  event.Event
}

func examples(t testing.TB) []example { return examplesIn(t, "testdata/events.ndjson") }

func examplesIn(t testing.TB, name string) []example {
	t.Helper()
	file, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	var all []example
	for line := range bytes.Lines(file) {
		x, ok := decodeAny(bytes.TrimSpace(line))
		if !ok {
			t.Fatalf("no family takes %s", line)
		}
		all = append(all, x)
	}
	return all
}

// decodeAny decodes a record on the first topic that takes it, under the key the event itself says.
func decodeAny(value []byte) (example, bool) {
	for _, f := range event.Families {
		x := example{family: f, value: value}
		var guess event.Event
		event.Decode(f, []byte("?"), value, &guess) // fails on the key at the latest, and has read the subject by then
		x.key = guess.Key(f)
		if event.Decode(f, []byte(x.key), value, &x.event) == nil {
			return x, true
		}
	}
	return example{}, false
}

func TestExamplesCoverEveryType(t *testing.T) {
	seen := map[event.Type]bool{}
	for _, x := range examples(t) {
		seen[x.event.Type] = true
	}
	for i := event.ASNDespatched; i <= event.ClockTick; i++ {
		if !seen[i] {
			t.Errorf("testdata/events.ndjson holds no %s", i)
		}
	}
	if name := (event.ClockTick + 1).String(); name != "" {
		t.Errorf("%s comes after the last type this test knows", name)
	}
}

func TestRoundTrip(t *testing.T) {
	for _, x := range examples(t) {
		again := event.Append(nil, &x.event)
		var got event.Event
		if err := event.Decode(x.family, []byte(x.key), again, &got); err != nil {
			t.Errorf("%s: %v", again, err)
		}
		if got.Content == x.event.Content && string(again) != string(x.value) {
			t.Errorf("%s: same content hash as %s", again, x.value)
		}
		if !equal(got, x.event) {
			t.Errorf("decoded again:\n%+v\nwas\n%+v", got, x.event)
		}
	}
}

// equal compares all that travels on the wire.
func equal(a, b event.Event) bool {
	linesEqual := slices.Equal(a.Lines, b.Lines)
	a.Content, b.Content, a.Lines, b.Lines = 0, 0, nil, nil
	return linesEqual && reflect.DeepEqual(a, b)
}

func TestDecodedMembers(t *testing.T) {
	all := examples(t)
	asn, scan := all[0].event, all[5].event
	want := event.Line{Line: "1", SKU: "SKU-1", GTIN: "04006381333931", Lot: "L9", QtyMilli: 24000, UOM: "H87", UnitCostMinor: 1999, Currency: "EUR"}
	if len(asn.Lines) != 2 || asn.Lines[0] != want || asn.Lines[0].Item() != want.GTIN || asn.Lines[1].Item() != "SKU-2" {
		t.Errorf("lines %+v", asn.Lines)
	}
	if asn.Tenant != "acme" || asn.Purpose != event.Replace || asn.Revision != 2 {
		t.Errorf("tenant %q, purpose %q, revision %d", asn.Tenant, asn.Purpose, asn.Revision)
	}
	if scan.Tenant != event.DefaultTenant || scan.Status != event.Delayed || scan.Time.String() != "2026-03-02T18:03:11.123456Z" {
		t.Errorf("tenant %q, status %q, time %s", scan.Tenant, scan.Status, scan.Time)
	}
}

// An event decoded into used memory is the event decoded into fresh memory.
func TestDecodeForgetsTheLastEvent(t *testing.T) {
	const head = `{"event_id":"1","type":"asn.despatched","event_time":"2026-01-01T00:00:00Z","despatch_id":"D","lines":`
	full := head + `[{"line":"1","sku":"A","lot":"L","unit_cost_minor":5,"currency":"EUR"},{"line":"2","sku":"B","lot":"M"}]}`
	bare := head + `[{"line":"1","sku":"A"},{"line":"2","sku":"B"}]}`
	for name, before := range map[string]string{
		"event":              full,
		"failed line":        head + `[{"line":"1","lot":"L","sku":1}]}`,
		"member given twice": full[:len(full)-1] + `,"lines":[]}`,
		"many lines":         head + `[` + strings.Repeat(`{"line":"1","sku":"A","lot":"L"},`, 500) + `{"line":"1","sku":"A"}]}`,
	} {
		var used, fresh event.Event
		event.Decode(event.ASN, []byte("D"), []byte(before), &used)
		for _, e := range []*event.Event{&used, &fresh} {
			if err := event.Decode(event.ASN, []byte("D"), []byte(bare), e); err != nil {
				t.Fatal(err)
			}
		}
		if !equal(used, fresh) {
			t.Errorf("after %s: %+v", name, used.Lines)
		}
	}
}

func TestDecodeAllocatesNothing(t *testing.T) {
	for _, x := range examples(t) {
		key := []byte(x.key)
		var e event.Event
		n := testing.AllocsPerRun(100, func() {
			if err := event.Decode(x.family, key, x.value, &e); err != nil {
				panic(err)
			}
		})
		if n != 0 {
			t.Errorf("%s: %v allocations", x.event.Type, n)
		}
	}
}

func TestKey(t *testing.T) {
	for _, c := range []struct {
		family event.Family
		event  event.Event
		want   string
	}{
		{event.ASN, event.Event{DespatchID: "D", POID: "P"}, "D"},
		{event.ASN, event.Event{POID: "P"}, "P"},
		{event.Carrier, event.Event{Carrier: "C", TrackingNo: "T/1"}, "C/T/1"},
		{event.Carrier, event.Event{TrackingNo: "T"}, ""},
		{event.PickPack, event.Event{FulfilmentID: "F", OrderID: "O"}, "F"},
		{event.PickPack, event.Event{Type: event.ClockTick, FulfilmentID: "F"}, ""},
	} {
		if got := c.event.Key(c.family); got != c.want {
			t.Errorf("%s %+v: key %q, want %q", c.family, c.event, got, c.want)
		}
	}
}

func ExampleDecode() {
	value := []byte(`{"event_id":"s1","type":"carrier.scan","event_time":"2026-03-02T18:03:11Z","carrier":"NORD","tracking_no":"T1","status":"DELIVERED"}`)
	var e event.Event
	if err := event.Decode(event.Carrier, []byte("NORD/T1"), value, &e); err != nil {
		fmt.Println(err)
	}
	fmt.Println(e.Type, e.Status, e.Time)
	fmt.Println(event.Decode(event.Carrier, []byte("T1"), value, &e))
	// Output:
	// carrier.scan DELIVERED 2026-03-02T18:03:11Z
	// wrong_key
}
