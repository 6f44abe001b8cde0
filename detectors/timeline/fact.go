// Package timeline is the fold of one entity's events: a set of facts, kept small. The order in which facts arrive does not matter; what rules
// see is a function of the set.
package timeline

import "andon/schemas/event"

// Fact is what rules use of one event. Strings share the memory of whatever the fact was read from.
type Fact struct {
	ID      uint64       // xxHash64 of the event id
	Content uint64       // xxHash64 of the record's value
	Time    event.Micros // event time; the broker's when the event claimed to come from the future
	Record  event.Micros // broker timestamp of the latest record that stated it
	Type    event.Type

	Skewed     bool // Time is not the event's own
	LineClosed bool
	Weighed    bool // the unit is a weight
	Status     event.Status
	Condition  event.Condition
	Revision   int32
	Target     uint64       // of a correction: the ID of the fact it retracts
	At         event.Micros // the promise, ship-by or ETA the event states
	Qty        int64        // thousandths of the base unit
	Rejected   int64        // part of Qty
	Line       string
	Item       string
	Lot        string
	Site       string
	Lines      []Line
}

// Line is an advised or planned line of a document.
type Line struct {
	Line, Item, Lot string
	Qty             int64 // thousandths of the base unit
	Weighed         bool
}

// Of fills f with what rules use of an event, reusing the memory of f.Lines. With limit above zero, an event time after it is taken as not the
// event's own: the fact is marked skewed and stands at the record's time.
func Of(e *event.Event, record, limit event.Micros, f *Fact) {
	*f = Fact{
		ID: event.IDHash(e.ID), Content: e.Content, Time: e.Time, Record: record, Type: e.Type,
		LineClosed: e.LineClosed, Weighed: weight(e.UOM), Status: e.Status, Condition: e.Condition, Revision: e.Revision,
		Qty: e.QtyMilli, Rejected: e.RejectedQtyMilli, Line: e.Line, Item: e.Item(), Lot: e.Lot, Lines: f.Lines[:0],
	}
	if limit > 0 && e.Time > limit {
		f.Time, f.Skewed = record, true
	}
	switch e.Type {
	case event.Correction:
		f.Target = event.IDHash(e.Retracts)
	case event.ShipmentManifested:
		f.At, f.Site = e.PromiseDeliverBy, e.Site
	case event.CarrierETA:
		f.At = e.ETA
	case event.OrderReleased:
		f.At, f.Site = e.ShipBy, e.Site
	case event.ASNDespatched:
		f.Site = e.Site
	}
	for i := range e.Lines {
		l := &e.Lines[i]
		f.Lines = append(f.Lines, Line{Line: l.Line, Item: l.Item(), Lot: l.Lot, Qty: l.QtyMilli, Weighed: weight(l.UOM)})
	}
}

// weight reports whether a UN/ECE Rec 20 unit code is a mass.
func weight(uom string) bool {
	switch uom {
	case "KGM", "GRM", "LBR", "ONZ", "TNE", "MGM":
		return true
	}
	return false
}
