package feature

import (
	"testing"

	"andon/schemas/event"
)

// order is released again with other lines, and picked.
var order = []event.Event{
	{Type: event.OrderReleased, Time: at(0, 6, 0), ShipBy: at(0, 16, 0), Site: "S1", Lines: []event.Line{
		{Line: "1", SKU: "MUG", QtyMilli: 4000}, {Line: "2", SKU: "TEA", QtyMilli: 2000, Lot: "L"}, {Line: "3", SKU: "HAM", QtyMilli: 1500, UOM: "KGM"},
	}},
	{Type: event.OrderReleased, Revision: 2, Time: at(0, 6, 30), Site: "S2", Lines: []event.Line{
		{Line: "1", SKU: "MUG", QtyMilli: 8000}, {Line: "2", SKU: "JAR", QtyMilli: 2000},
	}},
	{Type: event.PickStarted, Line: "1", Time: at(0, 6, 58)},
	picks("1", "MUG", 5, at(0, 7, 0)),
	{Type: event.PickShorted, Line: "2", SKU: "JAR", Time: at(0, 7, 10)},
}

func TestPickpack(t *testing.T) {
	table(t, &pickpack, order, at(0, 5, 0), at(0, 6, 0), at(0, 6, 30), at(0, 6, 59), at(0, 7, 30))
}

func advised(revision int32, source string, when event.Micros, lines ...event.Line) event.Event {
	return event.Event{Type: event.ASNDespatched, Revision: revision, Source: source, Time: when, Lines: lines}
}

// advices replace one another; a supplier that nobody knows sends the third.
var advices = []event.Event{
	advised(1, "SUP", at(0, 6, 0), event.Line{SKU: "MUG", QtyMilli: 48_000, UnitCostMinor: 3, Currency: "EUR"}, event.Line{SKU: "TEA", QtyMilli: 6_500}),
	advised(2, "SUP", at(0, 7, 0), event.Line{SKU: "MUG", QtyMilli: 24_000, Lot: "L"}, event.Line{SKU: "HAM", QtyMilli: 12_340, UOM: "KGM"}),
	advised(3, "NEW", at(0, 8, 0), event.Line{SKU: "MUG", QtyMilli: 24_000}),
	{Type: event.ReceiptLine, SKU: "MUG", QtyMilli: 24_000, Time: at(1, 8, 0)},
}

func TestASN(t *testing.T) {
	table(t, &asn, advices, at(0, 5, 0), at(0, 6, 0), at(0, 7, 0), at(0, 8, 0))
}
