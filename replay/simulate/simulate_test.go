package simulate_test

import (
	"crypto/sha256"
	"iter"
	"slices"
	"strings"
	"testing"
	"time"

	"andon/replay/history"
	"andon/replay/simulate"
	"andon/schemas/event"
)

var start = event.At(time.Date(2026, 3, 2, 0, 0, 0, 0, time.UTC))

func digest(records iter.Seq[history.Record]) (n int, sum [32]byte) {
	h := sha256.New()
	for r := range records {
		h.Write([]byte(r.Key))
		h.Write(r.Value)
		h.Write([]byte(r.At.String()))
		n++
	}
	return n, [32]byte(h.Sum(nil))
}

// The same config gives the same day, twice from one value and once from another; another seed gives another day.
func TestDayIsAFunctionOfItsConfig(t *testing.T) {
	c := simulate.Config{Seed: 7, Orders: 300, Start: start}
	records, labels := simulate.Day(c)
	others, otherLabels := simulate.Day(c)
	n, sum := digest(records)
	if m, again := digest(records); m != n || again != sum {
		t.Error("read again, the records are others")
	}
	if m, again := digest(others); m != n || again != sum {
		t.Error("made again, the records are others")
	}
	if !slices.Equal(slices.Collect(labels), slices.Collect(otherLabels)) {
		t.Error("made again, the labels are others")
	}
	c.Seed++
	records, _ = simulate.Day(c)
	if _, other := digest(records); other == sum {
		t.Error("another seed makes the same day")
	}
}

func TestRecords(t *testing.T) {
	const orders = 3000
	records, labels := simulate.Day(simulate.Config{Seed: 1, Orders: orders, Start: start})
	var last event.Micros
	var e event.Event
	types, sizes, copies, disorder, n := map[event.Type]int{}, 0, 0, 0, 0
	content := map[string]uint64{}
	keys := map[string]bool{}
	newest := map[string]event.Micros{} // by key
	for r := range records {
		if err := event.Decode(r.Family, []byte(r.Key), r.Value, &e); err != nil {
			t.Fatalf("%s: %v", r.Value, err)
		}
		if r.At < last || r.At < e.Time || r.At > e.Time+history.SimulateLateness || e.Time < start {
			t.Fatalf("%s arrived %s, after one of %s", r.Value, r.At, last)
		}
		if before, seen := content[string(e.ID)]; seen && before != e.Content {
			t.Fatalf("two events are called %s", e.ID)
		} else if seen {
			copies++
		}
		if e.Time < newest[r.Key] {
			disorder++
		}
		last, newest[r.Key] = r.At, max(newest[r.Key], e.Time)
		content[strings.Clone(e.ID)] = e.Content
		keys[r.Key] = true
		types[e.Type]++
		sizes += len(r.Value)
		n++
	}
	if types[event.OrderReleased] < orders || n < 18*orders || n > 26*orders {
		t.Errorf("%d orders released, %d events", types[event.OrderReleased], n)
	}
	for _, typ := range []event.Type{event.ASNDespatched, event.ReceiptLine, event.ReceiptClosed, event.ShipmentManifested, event.CarrierScan, event.PickStarted,
		event.PickConfirmed, event.PickShorted, event.PackStarted, event.PackItem, event.PackClosed, event.LabelCreated, event.ManifestClosed} {
		if types[typ] == 0 {
			t.Errorf("no %s", typ)
		}
	}
	if mean := sizes / n; mean < 350 || mean > 450 {
		t.Errorf("a record has %d bytes on average", mean)
	}
	if copies < n/200 || disorder < n/200 {
		t.Errorf("of %d records %d are copies and %d come out of order", n, copies, disorder)
	}
	codes := map[string]int{}
	for l := range labels {
		codes[l.Code]++
		if !keys[l.Subject] || l.Detail == "" {
			t.Errorf("label of nothing: %+v", l)
		}
	}
	for _, code := range []string{"IN-01", "IN-03", "IN-05", "IN-06", "IN-07", "IN-10", "IN-11", "CA-02", "CA-04", "CA-08", "CA-13", "CA-14", "PI-01", "PI-03", "PI-06", "PA-01"} {
		if codes[code] == 0 || codes[code] > orders/8 {
			t.Errorf("%s: %d labels", code, codes[code])
		}
	}
	t.Logf("%d records, %d bytes each, %d copies, %d out of order, labels %v", n, sizes/n, copies, disorder, codes)
}

func TestSmallDays(t *testing.T) {
	for orders := range 25 {
		records, _ := simulate.Day(simulate.Config{Seed: 3, Orders: orders, Start: start})
		released := map[string]bool{}
		for r := range records {
			if r.Family == event.PickPack {
				released[r.Key] = true
			}
		}
		if len(released) != orders {
			t.Errorf("%d orders asked for, %d released", orders, len(released))
		}
		for range records { // stopping early is obeyed
			break
		}
	}
}

func BenchmarkDay(b *testing.B) {
	n := 0
	records, _ := simulate.Day(simulate.Config{Seed: 1, Orders: 1 << 30, Start: start})
	b.ReportAllocs()
	for range records {
		if n++; n >= b.N {
			break
		}
	}
}
