package feature

import (
	"fmt"
	"math"
	"slices"
	"testing"

	"andon/detectors/rule"
	"andon/schemas/event"

	"pgregory.net/rapid"
)

// What is not known of an instant cannot matter: later events, repeats and the order of arrival change no bit, and there is no infinity.
func TestOnlyWhatWasKnownMatters(t *testing.T) {
	for _, s := range All {
		t.Run(s.Name, func(t *testing.T) {
			rapid.Check(t, func(t *rapid.T) {
				events := draw(t, types[s.Name])
				now := at(0, 0, event.Micros(rapid.IntRange(-1, 100).Draw(t, "now")))
				known := slices.DeleteFunc(slices.Clone(events), func(e event.Event) bool { return e.Time > now })
				slices.SortStableFunc(known, func(a, b event.Event) int { return int(a.Time - b.Time) })
				want := entityOf(known).judge(s, now)

				mixed := rapid.Permutation(slices.Concat(events, events)).Draw(t, "arrival")
				got := entityOf(mixed).judge(s, now)
				if len(got) != len(s.Features) || len(want) != len(s.Features) {
					t.Fatalf("%d and %d values of %d features", len(got), len(want), len(s.Features))
				}
				for i, v := range got {
					if math.IsInf(v, 0) {
						t.Errorf("%s is %v", s.Features[i].Name, v)
					}
					if math.Float64bits(v) != math.Float64bits(want[i]) {
						t.Errorf("%s is %v; by what was known it is %v", s.Features[i].Name, v, want[i])
					}
				}
			})
		})
	}
}

var types = map[string][]event.Type{
	"carrier":  {event.ShipmentManifested, event.CarrierScan, event.CarrierScan, event.CarrierScan, event.CarrierETA},
	"pickpack": {event.OrderReleased, event.PickStarted, event.PickConfirmed, event.PickConfirmed, event.PickShorted},
	"pack":     {event.OrderReleased, event.PickConfirmed, event.PackStarted, event.PackItem, event.PackItem, event.PackClosed, event.LabelCreated},
	"asn":      {event.ASNDespatched, event.ASNDespatched, event.ASNCancelled, event.ReceiptLine},
}

// draw is what may happen to an entity in a hundred minutes: few values, so that they meet, and the largest that the wire can carry.
func draw(t *rapid.T, types []event.Type) []event.Event {
	number := func(label string, n int) int { return rapid.IntRange(0, n).Draw(t, label) }
	items := []string{"MUG", "TEA", "BOX", "JAR"}
	quantities := []int64{0, 1, 1000, 2000, 2500, event.MaxQtyMilli}
	list := make([]event.Event, number("events", 16))
	for i := range list {
		list[i] = event.Event{
			ID: fmt.Sprint("e", i), Content: uint64(number("content", 3)), Type: rapid.SampledFrom(types).Draw(t, "type"), Time: at(0, 0, event.Micros(number("minute", 99))),
			Revision: int32(number("revision", 2)), Status: event.Status(number("status", int(event.Unmapped))), Facility: fmt.Sprint("H", number("facility", 2)),
			Site: rapid.SampledFrom([]string{"", "S1"}).Draw(t, "site"), Source: rapid.SampledFrom([]string{"", "SUP"}).Draw(t, "source"), Service: "NEXT",
			SKU: items[number("sku", 3)], Line: fmt.Sprint(number("line", 2)), CartonID: rapid.SampledFrom([]string{"", "C1", "C2"}).Draw(t, "carton"),
			QtyMilli: quantities[number("qty", 5)], WeightG: rapid.SampledFrom([]int64{0, 531, 980, event.MaxQtyMilli}).Draw(t, "weight"),
		}
		e := &list[i]
		if due := number("due", 120); due > 0 {
			e.PromiseDeliverBy, e.ShipBy, e.ETA = at(0, 0, event.Micros(due)), at(0, 0, event.Micros(due)), at(0, 0, event.Micros(due))
		}
		for n := range number("lines", 3) {
			e.Lines = append(e.Lines, event.Line{Line: fmt.Sprint(n), SKU: items[number("item", 3)], QtyMilli: quantities[number("planned", 5)]})
		}
		if number("weighed", 3) == 0 && len(e.Lines) > 0 {
			e.Lines[0].UOM = "KGM"
		}
	}
	return list
}

// Nothing is allocated for a judgement once its entity was judged before.
func TestAppendAllocatesNothing(t *testing.T) {
	for _, s := range All {
		e, now := sample(s)
		e.judge(s, now)
		values := make([]float64, 0, len(s.Features))
		if n := testing.AllocsPerRun(100, func() { values = s.Append(values[:0], &e.context) }); n != 0 {
			t.Errorf("%s allocates %v times", s.ID(), n)
		}
	}
}

func TestCoverage(t *testing.T) {
	e, now := sample(&carrier)
	values := e.judge(&carrier, now)
	if !carrier.Covered(values) {
		t.Error("not covered, though there is a promise")
	}
	if values[caSlackS] = missing; carrier.Covered(values) {
		t.Error("covered, though there is no promise")
	}
	if values = e.judge(&carrier, at(0, 0, 0)); carrier.Covered(values) {
		t.Error("covered before anything happened")
	}
}

// sample is an entity with something to say to a set.
func sample(s *Set) (*entity, event.Micros) {
	stories := map[string][]event.Event{"carrier": parcel, "pickpack": order, "pack": cartons, "asn": advices}
	events := slices.Clone(stories[s.Name])
	for i := range events {
		events[i].ID = fmt.Sprint("e", i)
	}
	e, now := entityOf(events), events[len(events)-1].Time
	e.context.Begin(e.timeline.Live, now, rule.SendsAll)
	return e, now
}

func BenchmarkAppend(b *testing.B) {
	for _, s := range All {
		b.Run(s.Name, func(b *testing.B) {
			e, _ := sample(s)
			values := make([]float64, 0, len(s.Features))
			b.ReportAllocs()
			for b.Loop() {
				values = s.Append(values[:0], &e.context)
			}
		})
	}
}
