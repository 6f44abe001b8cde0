package datasets

import "andon/schemas/event"

// adventureWorks reads the purchase orders of a bicycle maker: one advice per order when it was placed, one receipt line per order line.
// Every line counts, whatever its order's status. The received quantity includes the rejected part.
func adventureWorks(dir string, s *Set) error {
	ordered := map[string]event.Micros{}
	err := s.read(dir, table{file: "PurchaseOrderHeader.csv", columns: headerColumns, comma: '\t'}, func(r *row) {
		if id, at := r.id("PurchaseOrderID"), r.must("OrderDate"); r.err == nil {
			ordered[id] = at
		}
	})
	if err != nil {
		return err
	}
	orders := groups[adviceLine]{}
	err = s.read(dir, table{file: "PurchaseOrderDetail.csv", columns: detailColumns, comma: '\t'}, func(r *row) {
		po := r.id("PurchaseOrderID")
		l := adviceLine{
			line: r.id("PurchaseOrderDetailID"), sku: r.id("ProductID"), advised: r.milli("OrderQty"),
			received: r.milli("ReceivedQty"), rejected: r.milli("RejectedQty"), at: r.must("ModifiedDate"),
		}
		if _, ok := ordered[po]; !ok {
			r.fail("PurchaseOrderID", "no such order in PurchaseOrderHeader.csv")
		}
		if l.rejected > l.received {
			r.fail("RejectedQty", "more rejected than received")
		}
		if r.err == nil {
			orders.put(po, l)
		}
	})
	for _, po := range orders.keys {
		s.purchaseOrder(po, ordered[po], orders.of[po])
	}
	return err
}

type adviceLine struct {
	line, sku                   string
	advised, received, rejected int64
	at                          event.Micros
}

func (s *Set) purchaseOrder(po string, ordered event.Micros, lines []adviceLine) {
	despatch := "PO-" + po
	advice := event.Event{ID: "aw-asn-" + po, Type: event.ASNDespatched, Time: ordered, DespatchID: despatch, POID: po}
	var last event.Micros
	for _, l := range lines {
		advice.Lines = append(advice.Lines, event.Line{Line: l.line, SKU: l.sku, QtyMilli: l.advised})
		last = max(last, l.at)
	}
	s.add(event.ASN, advice)
	for _, l := range lines {
		s.add(event.ASN, event.Event{
			ID: "aw-receipt-" + l.line, Type: event.ReceiptLine, Time: l.at, DespatchID: despatch, POID: po, ReceiptID: "R-" + po,
			Line: l.line, SKU: l.sku, QtyMilli: l.received, RejectedQtyMilli: l.rejected,
		})
	}
	s.add(event.ASN, event.Event{ID: "aw-closed-" + po, Type: event.ReceiptClosed, Time: last, DespatchID: despatch, POID: po, ReceiptID: "R-" + po})
}

var (
	headerColumns = []string{"PurchaseOrderID", "RevisionNumber", "Status", "EmployeeID", "VendorID", "ShipMethodID", "OrderDate", "ShipDate",
		"SubTotal", "TaxAmt", "Freight", "TotalDue", "ModifiedDate"}
	detailColumns = []string{"PurchaseOrderID", "PurchaseOrderDetailID", "DueDate", "OrderQty", "ProductID", "UnitPrice", "LineTotal",
		"ReceivedQty", "RejectedQty", "StockedQty", "ModifiedDate"}
)

// groups collects rows by a key, both in the order they came.
type groups[T any] struct {
	keys []string
	of   map[string][]T
}

func (g *groups[T]) put(key string, v T) {
	if g.of == nil {
		g.of = map[string][]T{}
	}
	if _, ok := g.of[key]; !ok {
		g.keys = append(g.keys, key)
	}
	g.of[key] = append(g.of[key], v)
}
