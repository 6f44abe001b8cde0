package datasets

import (
	"fmt"

	"andon/schemas/event"
)

// valioAimo reads the replacement orders of a food wholesaler. A row is one pick task of an order row and repeats the row's whole ordered
// quantity: planned counts once, the confirmed tasks add up, and the last of them closes the line. Rows that are equal byte for byte are
// tasks of their own, so the row number is in the event id. A task confirmed at no date, or at the sentinel 1970-01-01, is no pick.
// Goods sold by the kilogram are catch weight: 90 to 110 % of the order is what was ordered.
func valioAimo(dir string, s *Set) error {
	s.Settings.Rules = map[string]map[string]int64{
		"PI-01": {"under_tolerance_weight_bp": 1000},
		"PI-03": {"over_tolerance_weight_bp": 1000},
	}
	orders := groups[pickTask]{}
	err := s.read(dir, table{file: "valio_aimo_replacement_orders_junction_2025.csv"}, func(r *row) {
		order := r.id("order_number")
		t := pickTask{
			number: r.number, line: r.id("order_row_number"), sku: r.id("product_code"), task: r.text("transfer_number"),
			site: r.text("plant"), uom: r.text("sales_unit"), ordered: r.milli("order_qty"), created: r.must("order_created_date", "order_created_time"),
		}
		if date := r.text("picking_confirmed_date"); date != "" && date != "1970-01-01" {
			t.confirmed = r.must("picking_confirmed_date", "picking_confirmed_time")
			t.picked = r.milli("picking_picked_qty")
		}
		if t.uom == "KG" {
			t.uom = "KGM"
		}
		if r.err == nil {
			orders.put(order, t)
		}
	})
	for _, order := range orders.keys {
		s.pickedOrder(order, orders.of[order])
	}
	return err
}

type pickTask struct {
	number                     int
	line, sku, task, site, uom string
	ordered, picked            int64
	created, confirmed         event.Micros // confirmed 0: not picked
}

func (s *Set) pickedOrder(order string, tasks []pickTask) {
	first := tasks[0]
	release := event.Event{ID: "va-order-" + order, Type: event.OrderReleased, Time: first.created, Site: first.site, FulfilmentID: order, OrderID: order}
	last := map[string]pickTask{} // by line, the confirmed task that closes it
	planned := map[string]bool{}
	for _, t := range tasks {
		if !planned[t.line] {
			planned[t.line] = true
			release.Lines = append(release.Lines, event.Line{Line: t.line, SKU: t.sku, QtyMilli: t.ordered, UOM: t.uom})
		}
		if t.confirmed > 0 && t.confirmed >= last[t.line].confirmed {
			last[t.line] = t
		}
	}
	s.add(event.PickPack, release)
	for _, t := range tasks {
		if t.confirmed == 0 {
			continue
		}
		s.add(event.PickPack, event.Event{
			ID: fmt.Sprintf("va-pick-%s-%s-%d", order, t.line, t.number), Type: event.PickConfirmed, Time: t.confirmed, Site: t.site,
			FulfilmentID: order, OrderID: order, Line: t.line, SKU: t.sku, UOM: t.uom, QtyMilli: t.picked, TaskID: t.task,
			LineClosed: last[t.line].number == t.number,
		})
	}
}
