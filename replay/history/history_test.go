package history_test

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"

	"andon/replay/history"
	"andon/schemas/event"

	"github.com/twmb/franz-go/pkg/kgo"
)

func TestPartitionIsKafkas(t *testing.T) {
	seed := rand.Uint64()
	random := rand.New(rand.NewPCG(seed, 0))
	client := kgo.StickyKeyPartitioner(nil).ForTopic("t")
	for range 5000 {
		key := make([]byte, 1+random.IntN(40))
		for i := range key {
			key[i] = byte(random.Uint32())
		}
		n := 1 + random.Int32N(64)
		want := client.Partition(&kgo.Record{Key: key}, int(n))
		if got := history.Partition(string(key), n); int(got) != want {
			t.Fatalf("key %x on %d partitions: %d, the client says %d (seed %d)", key, n, got, want, seed)
		}
	}
}

const start event.Micros = 1_700_000_000 * event.Second

func scan(id string, happened, arrived event.Micros) history.Record {
	e := event.Event{ID: id, Type: event.CarrierScan, Time: happened, Carrier: "C", TrackingNo: id, Status: event.InTransit}
	return history.New(event.Carrier, &e, arrived)
}

func TestNew(t *testing.T) {
	e := event.Event{ID: "m", Type: event.ShipmentManifested, Time: start, Carrier: "C", TrackingNo: "T", PromiseDeliverBy: start + event.Day}
	r := history.New(event.Carrier, &e, start+event.Hour)
	if r.Key != "C/T" || r.EventTime != start || r.At != start+event.Hour || r.Latest != start+event.Day || r.On(8) != history.Partition("C/T", 8) {
		t.Errorf("%+v", r)
	}
	var back event.Event
	if err := event.Decode(event.Carrier, []byte(r.Key), r.Value, &back); err != nil || back.PromiseDeliverBy != e.PromiseDeliverBy {
		t.Errorf("%s: %v", r.Value, err)
	}
}

func TestTicked(t *testing.T) {
	const step, lateness = 6 * event.Hour, 48 * event.Hour
	random := rand.New(rand.NewPCG(1, 1))
	var records []history.Record
	for i := range 500 {
		happened := start + event.Micros(random.Int64N(int64(20*event.Day)))
		records = append(records, scan(fmt.Sprint(i), happened, happened+event.Micros(random.Int64N(int64(lateness)))))
	}
	slices.SortFunc(records, func(a, b history.Record) int { return int(a.At - b.At) })

	var plain int
	var high, latest event.Micros
	lanes := map[string]event.Micros{}
	for r := range history.Ticked(slices.Values(records), 3, step, lateness) {
		if !r.IsTick() {
			if string(r.Value) != string(records[plain].Value) {
				t.Fatalf("record %d is another", plain)
			}
			plain++
			for lane, passed := range lanes {
				if r.EventTime < passed {
					t.Fatalf("%s has passed %s, and a record of %s comes", lane, passed, r.EventTime)
				}
			}
			high, latest = max(high, r.EventTime), max(latest, r.Latest)
			continue
		}
		var e event.Event
		if err := event.Decode(r.Family, []byte(r.Key), r.Value, &e); err != nil || e.Type != event.ClockTick || e.Time != r.EventTime {
			t.Fatalf("%s: %v", r.Value, err)
		}
		lane := fmt.Sprint(r.Family, r.On(3))
		if e.Time <= lanes[lane] {
			t.Fatalf("%s ticks %s after %s", lane, e.Time, lanes[lane])
		}
		if last := plain == len(records) && e.Time > high; !last && e.Time+lateness > high {
			t.Fatalf("tick %s, with the highest event time at %s", e.Time, high)
		}
		lanes[lane] = e.Time
	}
	if plain != len(records) || len(lanes) != 9 {
		t.Errorf("%d records of %d, ticks on %d lanes", plain, len(records), len(lanes))
	}
	for lane, passed := range lanes {
		if passed != latest+history.Tail {
			t.Errorf("%s ends at %s, latest instant is %s", lane, passed, latest)
		}
	}
}

func TestTickedOfNothing(t *testing.T) {
	for r := range history.Ticked(slices.Values([]history.Record(nil)), 8, event.Hour, event.Hour) {
		t.Errorf("%+v", r)
	}
}

// A reader that stops early is obeyed at once.
func TestTickedStops(t *testing.T) {
	told := history.Ticked(slices.Values([]history.Record{scan("1", start, start), scan("2", start+event.Day, start+event.Day)}), 3, event.Hour, event.Hour)
	for stop := 1; stop <= 2+3*9; stop++ { // two records, three ticks on nine partitions
		n := 0
		for range told {
			if n++; n == stop {
				break
			}
		}
		if n != stop {
			t.Errorf("%d records of %d", n, stop)
		}
	}
}
