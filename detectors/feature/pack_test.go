package feature

import (
	"testing"

	"andon/schemas/event"
)

func packs(carton, sku string, pieces int64, when event.Micros) event.Event {
	return event.Event{Type: event.PackItem, CartonID: carton, SKU: sku, QtyMilli: pieces * 1000, Time: when}
}

func picks(line, sku string, pieces int64, when event.Micros) event.Event {
	return event.Event{Type: event.PickConfirmed, Line: line, SKU: sku, QtyMilli: pieces * 1000, Time: when}
}

// Two cartons: of the first a mug is missing, the second is right, then opened again and given something that nobody knows.
var cartons = []event.Event{
	{Type: event.OrderReleased, Time: at(0, 6, 0), ShipBy: at(0, 12, 0), Site: "S1", Lines: []event.Line{{Line: "1", SKU: "MUG", QtyMilli: 4000}, {Line: "2", SKU: "TEA", QtyMilli: 2000}}},
	picks("1", "MUG", 4, at(0, 7, 0)),
	picks("2", "TEA", 2, at(0, 7, 1)),
	{Type: event.PackStarted, CartonID: "C1", Time: at(0, 8, 0)},
	packs("C1", "MUG", 2, at(0, 8, 1)),
	packs("C1", "TEA", 2, at(0, 8, 2)),
	packs("C1", "MUG", 1, at(0, 8, 3)),
	{Type: event.PackStarted, CartonID: "C2", Time: at(0, 8, 4)},
	{Type: event.PackClosed, CartonID: "C1", WeightG: 980, Time: at(0, 8, 5)},
	packs("C2", "MUG", 1, at(0, 8, 6)),
	{Type: event.PackClosed, CartonID: "C2", Time: at(0, 8, 7)},
	{Type: event.LabelCreated, CartonID: "C2", WeightG: 532, Time: at(0, 8, 8)},
	{Type: event.PackStarted, CartonID: "C2", Time: at(0, 9, 0)},
	packs("C2", "JAR", 1, at(0, 9, 1)),
	{Type: event.PackClosed, CartonID: "C2", WeightG: 900, Time: at(0, 9, 2)},
}

func TestPack(t *testing.T) {
	table(t, &pack, cartons, at(0, 8, 4), at(0, 8, 5), at(0, 8, 7), at(0, 8, 8), at(0, 9, 2))
}

// Where two cartons are weighed before the first is judged, it is the one asked about that counts.
func TestPackIsAskedOfACarton(t *testing.T) {
	e, _ := sample(&pack)
	e.context.Now, e.context.Asked.Carton = at(0, 8, 9), "C1"
	first := pack.Append(nil, &e.context)
	e.context.Asked.Carton = "C2"
	second := pack.Append(nil, &e.context)
	if first[paGrossG] != 980 || second[paGrossG] != 532 {
		t.Errorf("of the cartons of 980 g and 532 g the scale says %v and %v", first[paGrossG], second[paGrossG])
	}
}
