// Package timeline is the fold of one entity's events: a set of facts, kept small. The order in which facts arrive does not matter; what rules
// see is a function of the set.
package timeline

import (
	"andon/schemas/event"
)

// Fact is what rules use of one event. Strings share the memory of whatever the fact was read from.
type Fact struct {
	ID      uint64       // xxHash64 of the event id
	Time    event.Micros // event time; the broker's when the event claimed to come from the future
	Record  event.Micros // broker timestamp of the latest record that stated it
	Content uint32       // of the xxHash64 of the record's value, the low half
	Place   uint32       // hash of the facility a scan names, of the carton a pack event or label is about, of the task of a pick; 0: none named
	Type    event.Type

	Status     event.Status
	Condition  event.Condition
	Skewed     bool // Time is not the event's own
	LineClosed bool
	Weighed    bool // the unit is a weight
	ByOrder    bool // of the ASN family: it names no despatch, only a purchase order

	Revision int32
	Target   uint64       // of a correction: the ID of the fact it retracts
	At       event.Micros // the promise, ship-by or ETA the event states
	Qty      int64        // thousandths of the base unit
	Rejected int64        // part of Qty
	Weight   int64        // gross, of a carton or shipment; grams, 0: not weighed
	Line     string       // order or receipt line; of a carton that is opened, closed or weighed its id
	Item     string       // a GTIN in 14 digits, or the owner's number
	Lot      string
	Doc      *Document // of a document; nil for any other fact
}

// Document is what only advices, orders and manifests state.
type Document struct {
	First    event.Micros // broker timestamp of the earliest record of this event
	Site     string
	Order    string // the sales order it is for
	Freight  int64  // minor units of Currency; unknown when Currency is empty
	Value    int64  // declared, minor units of Currency; unknown when 0
	Currency string
	Service  string // of a manifest: the carrier's service
	Source   string // of an advice: who sent it
	Lines    []Line
}

// Line is an advised or planned line of a document.
type Line struct {
	Line, Item, Lot string
	Qty             int64 // thousandths of the base unit
	Weighed         bool
	UnitCost        int64  // minor units of Currency per base unit; unknown when Currency is empty
	Currency        string // ISO 4217
}

// Of fills f with what rules use of an event; a document's part goes into d, reusing the memory of d.Lines. With limit above zero, an event time
// after it is taken as not the event's own: the fact is marked skewed and stands at the record's time.
func Of(e *event.Event, record, limit event.Micros, f *Fact, d *Document) {
	*f = Fact{
		ID: event.IDHash(e.ID), Content: uint32(e.Content), Time: e.Time, Record: record, Type: e.Type,
		LineClosed: e.LineClosed, Weighed: weight(e.UOM), Status: e.Status, Condition: e.Condition, Revision: e.Revision,
		Qty: e.QtyMilli, Rejected: e.RejectedQtyMilli, Line: e.Line, Item: item(e.GTIN, e.SKU), Lot: e.Lot,
	}
	if limit > 0 && e.Time > limit {
		f.Time, f.Skewed = record, true
	}
	switch e.Type {
	case event.Correction:
		f.Target = event.IDHash(e.Retracts)
	case event.CarrierETA:
		f.At = e.ETA
	case event.CarrierScan:
		f.Place = place(e.Facility)
	case event.PickStarted, event.PickConfirmed, event.PickShorted:
		f.Place = place(e.TaskID)
	case event.PackStarted:
		f.Line, f.Place = e.CartonID, place(e.CartonID)
	case event.PackClosed:
		f.Line, f.Place, f.Weight = e.CartonID, place(e.CartonID), e.WeightG
	case event.LabelCreated:
		if f.Place, f.Weight = place(e.CartonID), e.WeightG; f.Weight != 0 {
			f.Line = e.CartonID
		}
	case event.PackItem:
		f.Place = place(e.CartonID)
	case event.ShipmentManifested:
		f.At, f.Weight = e.PromiseDeliverBy, e.WeightG
		f.document(e, record, d)
		d.Service = e.Service
	case event.OrderReleased:
		f.At = e.ShipBy
		f.document(e, record, d)
	case event.ASNDespatched:
		f.document(e, record, d)
		d.Source = e.Source
	case event.ReceiptLine:
		f.ByOrder = e.DespatchID == ""
	}
}

func (f *Fact) document(e *event.Event, record event.Micros, d *Document) {
	*d = Document{First: record, Site: e.Site, Order: e.OrderID, Freight: e.FreightMinor, Value: e.DeclaredValueMinor, Currency: e.Currency, Lines: d.Lines[:0]}
	for i := range e.Lines {
		l := &e.Lines[i]
		d.Lines = append(d.Lines, Line{
			Line: l.Line, Item: item(l.GTIN, l.SKU), Lot: l.Lot, Qty: l.QtyMilli, Weighed: weight(l.UOM), UnitCost: l.UnitCostMinor, Currency: l.Currency,
		})
	}
	f.Doc = d
}

// item is the identity of goods: a GTIN in its 14 digits, since GTIN-8, -12, -13 and -14 name one item (GS1 General Specifications, 3.3.2), else
// the owner's number.
func item(gtin, sku string) string {
	const zeros = "000000"
	switch n := len(gtin); {
	case n == 0:
		return sku
	case n >= 8 && n < 14 && digits(gtin):
		return zeros[:14-n] + gtin
	}
	return gtin
}

func digits(s string) bool {
	for i := range len(s) {
		if s[i] < '0' || s[i] > '9' {
			return false
		}
	}
	return true
}

// place names where something was, so that two places can be told apart.
func place(name string) uint32 {
	if name == "" {
		return 0
	}
	return max(1, uint32(event.IDHash(name)))
}

// weight reports whether a UN/ECE Rec 20 unit code is a mass.
func weight(uom string) bool {
	switch uom {
	case "KGM", "GRM", "LBR", "ONZ", "TNE", "MGM":
		return true
	}
	return false
}
