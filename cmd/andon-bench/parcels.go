package main

import (
	"iter"
	"strconv"

	"andon/replay/history"
	"andon/schemas/event"
)

// filled is how often a parcel is told of until it lies at a hub: manifested, accepted, scanned.
const filled = 3

// openParcels yields what is told of so many parcels, round after round, endlessly. None is ever delivered.
func openParcels(n int) iter.Seq[history.Record] {
	return func(yield func(history.Record) bool) {
		for what := 0; ; what++ {
			for i := range n {
				e := parcelEvent(i, what)
				if !yield(history.New(event.Carrier, &e, e.Time)) {
					return
				}
			}
		}
	}
}

// parcelEvent is what is told of a parcel in a round.
func parcelEvent(parcel, what int) event.Event {
	e := event.Event{Source: "tracking-of-NORDEX", Carrier: "NORDEX", Time: hourOf(what) + event.Micros(parcel%3_600_000)*1000}
	e.TrackingNo = parcelName("NO9", parcel)
	e.ID = parcelName("tracking-of-NORDEX/NO9", parcel) + "/carrier.scan/" + strconv.Itoa(what)
	switch what {
	case 0:
		e.Type, e.Source, e.Site, e.Service, e.WeightG, e.PromiseDeliverBy = event.ShipmentManifested, "WMS-1", "DC-1", "STD", 1800, firstDay+3*event.Day
	case 1:
		e.Type, e.Status, e.Facility = event.CarrierScan, event.Accepted, "NORDEX Lyon"
	default:
		e.Type, e.Facility = event.CarrierScan, [...]string{"NORDEX Lyon", "NORDEX Metz", "NORDEX Gent"}[what%3]
		e.Status = [...]event.Status{event.ArrivedFacility, event.DepartedFacility, event.InTransit}[what%3]
	}
	return e
}

// hourOf is when a round begins.
func hourOf(what int) event.Micros { return firstDay + event.Micros(what)*event.Hour }

// parcelName is a name with the parcel's number in ten digits.
func parcelName(prefix string, parcel int) string {
	return prefix + strconv.Itoa(10_000_000_000 + parcel)[1:]
}
