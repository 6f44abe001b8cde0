package datasets

import (
	"errors"
	"io/fs"

	"andon/detectors/setting"
	"andon/schemas/event"
)

const olistCarrier = "OLIST"

// olist reads a marketplace's orders from the hand-over to the carrier on; an order never handed over is no parcel. The order's id is the
// tracking number, the promise is the end of the estimated day, and its source tells only of acceptance and delivery. A marketplace names no service:
// the state the order goes to stands in its place, since what is usual is learned by carrier and service; without the file of customers it is left out.
func olist(dir string, s *Set) error {
	state := map[string]string{}
	err := s.read(dir, table{file: "olist_customers_dataset.csv"}, func(r *row) {
		if id, to := r.id("customer_id"), r.id("customer_state"); r.err == nil {
			state[id] = "TO-" + to
		}
	})
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	s.Settings.Rules = map[string]map[string]int64{"CA-04": {"grace_s": 0}}
	s.Settings.Sources = []setting.Source{{
		Family: event.Carrier.String(), Carrier: olistCarrier,
		Types:    []string{event.ShipmentManifested.String(), event.CarrierScan.String()},
		Statuses: []string{event.Accepted.String(), event.Delivered.String()},
	}}
	return s.read(dir, table{file: "olist_orders_dataset.csv"}, func(r *row) {
		order := r.id("order_id")
		handed, delivered := r.time("order_delivered_carrier_date"), r.time("order_delivered_customer_date")
		if handed == 0 {
			return
		}
		promise := endOfDay(r.must("order_estimated_delivery_date"))
		if r.err != nil {
			return
		}
		parcel := event.Event{Carrier: olistCarrier, TrackingNo: order}
		manifested := parcel
		manifested.ID, manifested.Type, manifested.Time = "ol-manifested-"+order, event.ShipmentManifested, handed
		manifested.OrderID, manifested.PromiseDeliverBy = order, promise
		if len(state) > 0 {
			manifested.Service = state[r.text("customer_id")]
		}
		s.add(event.Carrier, manifested)
		accepted := parcel
		accepted.ID, accepted.Type, accepted.Time, accepted.Status = "ol-accepted-"+order, event.CarrierScan, handed, event.Accepted
		s.add(event.Carrier, accepted)
		if delivered > 0 {
			arrived := parcel
			arrived.ID, arrived.Type, arrived.Time, arrived.Status = "ol-delivered-"+order, event.CarrierScan, delivered, event.Delivered
			s.add(event.Carrier, arrived)
		}
	})
}
