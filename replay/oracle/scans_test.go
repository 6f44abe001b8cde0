package oracle_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"andon/replay/oracle"
	"andon/schemas/event"

	"pgregory.net/rapid"
)

// A timeline keeps the latest scans, and of the older ones only some. Nothing gets lost by that but silences, forecasts and regressions of old, as long as no
// scan is late by more of them than a timeline keeps.
func TestOldScansAreNotMissed(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		d := draw{t}
		h := &history{family: event.Carrier, settings: d.settings(event.Carrier), usual: d.usually()}
		n := 30 + d.number("scans", 40)
		for i := range n {
			e := event.Event{Tenant: event.DefaultTenant, Carrier: "ACME", TrackingNo: "S0", Type: event.CarrierScan, Facility: "H", Time: start + event.Micros(i)*event.Hour}
			e.Status = pick(d, "status", event.Accepted, event.InTransit, event.InTransit, event.InTransit, event.OutForDelivery, event.AvailablePickup, event.Lost,
				event.Damaged, event.Delivered, event.RTS)
			if i == 0 || d.rarely("manifest", 20) {
				e.Type, e.Status, e.PromiseDeliverBy = event.ShipmentManifested, 0, d.when("promise")
			}
			h.records = append(h.records, named(d.record(e), fmt.Sprint("e", i)))
		}
		h.arrive(d, d.number("lateness", 5), start+1000*event.Day)
		old := func(x oracle.Exception) bool {
			return x.Code == "CA-14" || x.Code == "CA-03" || x.Code == "CA-05" || x.Code == "CA-13" && strings.HasPrefix(x.Episode, "due=")
		}
		want := slices.DeleteFunc(oracle.Find(h.family, h.records, h.settings, h.usual, h.end), old)
		same(t, h, "oracle", want, "core", slices.DeleteFunc(core(t, h, plain), old))
	})
}
