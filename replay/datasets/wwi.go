package datasets

import "andon/schemas/event"

// wideWorldImporters reads the sales order lines of a novelty wholesaler. The entity is the order line: each is due by the end of its order's
// expected day, and a line without a picking time was never picked.
func wideWorldImporters(dir string, s *Set) error {
	s.Settings.Rules = map[string]map[string]int64{"PI-06": {"lead_s": 0}}
	type order struct{ ordered, shipBy event.Micros }
	orders := map[string]order{}
	err := s.read(dir, table{file: "Sales.Orders.csv"}, func(r *row) {
		if id, o := r.id("OrderID"), (order{r.must("OrderDate"), endOfDay(r.must("ExpectedDeliveryDate"))}); r.err == nil {
			orders[id] = o
		}
	})
	if err != nil {
		return err
	}
	return s.read(dir, table{file: "Sales.OrderLines.csv"}, func(r *row) {
		id, line, sku := r.id("OrderID"), r.id("OrderLineID"), r.id("StockItemID")
		planned, picked, at := r.milli("Quantity"), r.milli("PickedQuantity"), r.time("PickingCompletedWhen")
		o, ok := orders[id]
		if !ok {
			r.fail("OrderID", "no such order in Sales.Orders.csv")
		}
		if r.err != nil {
			return
		}
		name := id + "-" + line
		s.add(event.PickPack, event.Event{
			ID: "ww-order-" + name, Type: event.OrderReleased, Time: o.ordered, FulfilmentID: name, OrderID: id, ShipBy: o.shipBy,
			Lines: []event.Line{{Line: line, SKU: sku, QtyMilli: planned}},
		})
		if at > 0 {
			s.add(event.PickPack, event.Event{
				ID: "ww-pick-" + name, Type: event.PickConfirmed, Time: at, FulfilmentID: name, OrderID: id,
				Line: line, SKU: sku, QtyMilli: picked, LineClosed: true,
			})
		}
	})
}
