package simulate

import (
	"slices"
	"strings"
	"testing"

	"andon/schemas/event"
)

// While a feed is cut nothing of it arrives; after the cut what it held back does.
func TestCuts(t *testing.T) {
	c := Config{Seed: 4, Orders: 2000, Start: 1_772_409_600 * event.Second}
	w := newWorld(c)
	silent := map[string][]cut{}
	for i, name := range carriers {
		silent["tracking-of-"+name] = w.cuts[i][:]
	}
	for i := range sites {
		silent[wms(i)] = w.siteCuts[i][:]
	}
	var e event.Event
	burst := 0
	records, _ := Day(c)
	for r := range records {
		if err := event.Decode(r.Family, []byte(r.Key), r.Value, &e); err != nil {
			t.Fatal(err)
		}
		for _, cut := range silent[e.Source] {
			if r.At >= cut.from && r.At < cut.to {
				t.Errorf("%s arrives %s, in the cut from %s to %s", e.ID, r.At, cut.from, cut.to)
			}
			if e.Time >= cut.from && e.Time < cut.to && r.At < cut.to+2*event.Minute {
				burst++
			}
		}
	}
	if burst < 100 {
		t.Errorf("%d records were held back", burst)
	}
}

// Whatever is on a carton or in a report of a parcel names the place, and every scan has a number of its own.
func TestScansNameThePlace(t *testing.T) {
	records, _ := Day(Config{Seed: 4, Orders: 1000, Start: 1_772_409_600 * event.Second})
	var e event.Event
	var places []string
	for r := range records {
		if err := event.Decode(r.Family, []byte(r.Key), r.Value, &e); err != nil {
			t.Fatal(err)
		}
		if e.Type == event.CarrierScan {
			if e.Facility == "" {
				t.Fatalf("%s has no place", r.Value)
			}
			places = append(places, strings.Clone(e.Facility))
		}
	}
	slices.Sort(places)
	if n := len(slices.Compact(places)); n < len(carriers)*len(hubs) {
		t.Errorf("%d places", n)
	}
}
