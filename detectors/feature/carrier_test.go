package feature

import (
	"testing"

	"andon/schemas/event"
)

func scan(status event.Status, facility string, when event.Micros) event.Event {
	return event.Event{Type: event.CarrierScan, Status: status, Facility: facility, Time: when}
}

func expects(eta, when event.Micros) event.Event {
	return event.Event{Type: event.CarrierETA, ETA: eta, Time: when}
}

// parcel is manifested on a Wednesday at noon for the next Monday, and has all sorts of trouble.
var parcel = []event.Event{
	{Type: event.ShipmentManifested, Time: at(2, 12, 0), PromiseDeliverBy: at(7, 12, 0), Service: "NEXT", WeightG: 1_250},
	scan(event.Accepted, "H1", at(2, 18, 0)),
	expects(at(6, 12, 0), at(2, 18, 30)),
	scan(event.DepartedFacility, "H1", at(2, 22, 0)),
	scan(event.ArrivedFacility, "H2", at(3, 6, 0)),
	expects(at(7, 9, 0), at(3, 7, 0)),
	scan(event.Delayed, "H2", at(3, 8, 0)),
	scan(event.CustomsHold, "H2", at(3, 9, 0)),
	expects(at(7, 15, 0), at(3, 9, 0)),
	scan(event.ArrivedFacility, "H3", at(4, 20, 0)),
	scan(event.Unmapped, "", at(4, 21, 0)),
	scan(event.OutForDelivery, "H3", at(5, 8, 0)),
	scan(event.AttemptFailed, "", at(5, 11, 0)),
	scan(event.AddressIssue, "", at(5, 12, 0)),
	scan(event.Damaged, "H3", at(5, 13, 0)),
	scan(event.Refused, "H3", at(7, 10, 0)),
}

func TestCarrier(t *testing.T) {
	table(t, &carrier, parcel, at(2, 11, 0), at(2, 12, 0), at(2, 18, 0), at(3, 6, 0), at(4, 6, 0), at(5, 13, 0), at(7, 13, 0))
}

// A carrier that nobody knows, a shipment that nobody announced, and no promise.
func TestCarrierUnannounced(t *testing.T) {
	table(t, &carrier, []event.Event{scan(event.LabelMade, "", at(0, 1, 0)), scan(event.InTransit, "H1", at(0, 7, 0))}, at(0, 1, 0), at(0, 8, 0))
}
