package unitcost_test

import (
	"fmt"
	"strings"
	"testing"

	"andon/detectors/setting"
	"andon/detectors/timeline"
	"andon/detectors/unitcost"
	"andon/schemas/event"

	"pgregory.net/rapid"
)

const start = event.Micros(1_740_787_200) * event.Second

// fold makes a timeline of events; the n-th has the id n, and its time is given in seconds after the start.
func fold(t *testing.T, events ...event.Event) []*timeline.Fact {
	t.Helper()
	var view timeline.Timeline
	if err := view.Load(nil); err != nil {
		t.Fatal(err)
	}
	for i, e := range events {
		e.ID, e.Time, e.Content = fmt.Sprint(i), start+e.Time*event.Second, uint64(i)
		var f timeline.Fact
		timeline.Of(&e, e.Time, 0, &f, &timeline.Document{})
		view.Add(&f)
	}
	return view.Live
}

// tell is a claim in words: the amount in thousandths of a minor unit.
func tell(claims []unitcost.Claim) string {
	var lines []string
	for _, c := range claims {
		amount := "unknown"
		if c.Currency != "" {
			amount = fmt.Sprintf("%d %s", c.Amount/1000, c.Currency)
		}
		lines = append(lines, fmt.Sprintf("%s %s of %s: %s %d s, %d milli, %s", c.Component, c.Part, c.Order, c.Basis, c.Work/event.Second, c.Qty, amount))
	}
	return strings.Join(lines, "\n")
}

func TestClaims(t *testing.T) {
	rates := setting.DefaultCosts()
	minor := int64(40)
	rates.MaterialMinor = &minor
	order := event.Event{Type: event.OrderReleased, OrderID: "O", Lines: []event.Line{{Line: "1", SKU: "A", QtyMilli: 2000}}}
	pick := func(at event.Micros, line string, qty int64, closed bool) event.Event {
		return event.Event{Type: event.PickConfirmed, Time: at, Line: line, QtyMilli: qty, LineClosed: closed}
	}
	carton := func(typ event.Type, at event.Micros, id string) event.Event {
		return event.Event{Type: typ, Time: at, CartonID: id, QtyMilli: map[bool]int64{true: 1000}[typ == event.PackItem]}
	}
	for _, c := range []struct {
		what   string
		family event.Family
		facts  []event.Event
		want   string
	}{
		{"a line is claimed when it is closed, its work runs from the start", event.PickPack,
			[]event.Event{order, {Type: event.PickStarted, Time: 100}, pick(160, "1", 2000, true), pick(200, "2", 1000, false)},
			"pick_labour 1 of O: measured 60 s, 2000 milli, 50000 USD"},
		{"with the manifest every line is closed; without a start the standard is assumed, a long span is a pause", event.PickPack,
			[]event.Event{order, pick(160, "1", 2000, false), pick(4000, "2", 1000, false), {Type: event.ManifestClosed, Time: 5000}},
			"pick_labour 1 of O: assumed 51 s, 2000 milli, 42500 USD\npick_labour 2 of O: measured 255 s, 1000 milli, 212500 USD"},
		{"picks of one instant share the span by quantity", event.PickPack,
			[]event.Event{order, {Type: event.PickStarted, Time: 100}, pick(200, "1", 3000, true), pick(200, "2", 1000, true)},
			"pick_labour 2 of O: measured 25 s, 1000 milli, 20833 USD\npick_labour 1 of O: measured 75 s, 3000 milli, 62500 USD"},
		{"whatever else is of that instant", event.PickPack,
			[]event.Event{order, pick(190, "1", 1000, true), {Type: event.LabelCreated, Time: 190}, {Type: event.PackStarted, Time: 190}, pick(190, "2", 1000, true),
				{Type: event.PickStarted, Time: 100}, {Type: event.LabelCreated, Time: 190}, pick(190, "3", 1000, true)},
			"pick_labour 3 of O: measured 30 s, 1000 milli, 25000 USD\npick_labour 2 of O: measured 30 s, 1000 milli, 25000 USD\n" +
				"pick_labour 1 of O: measured 30 s, 1000 milli, 25000 USD"},
		{"work that began and ended at one instant took no time", event.PickPack,
			[]event.Event{order, pick(200, "1", 3000, true), {Type: event.PickStarted, Time: 200}, {Type: event.PickStarted, Time: 200}},
			"pick_labour 1 of O: measured 0 s, 3000 milli, 0 USD"},
		{"looking into an empty bin is work", event.PickPack,
			[]event.Event{order, {Type: event.PickStarted, Time: 100}, pick(160, "1", 1000, false), {Type: event.PickShorted, Time: 190, Line: "1"}},
			"pick_labour 1 of O: measured 90 s, 1000 milli, 75000 USD"},
		{"each carton has its own work and material", event.PickPack,
			[]event.Event{order, carton(event.PackStarted, 100, "C1"), carton(event.PackStarted, 110, "C2"), carton(event.PackItem, 120, "C1"), carton(event.PackItem, 130, "C2"),
				carton(event.PackItem, 140, "C2"), carton(event.PackClosed, 190, "C2"), carton(event.PackClosed, 300, "C3")},
			"material C2 of O: assumed 0 s, 0 milli, 40000 USD\npack_labour C2 of O: measured 80 s, 2000 milli, 66666 USD\n" +
				"material C3 of O: assumed 0 s, 0 milli, 40000 USD\npack_labour C3 of O: assumed 120 s, 0 milli, 100000 USD"},
		{"what a receipt line takes nobody said; the next is measured", event.ASN,
			[]event.Event{{Type: event.ReceiptLine, Time: 0, SKU: "A", QtyMilli: 5000}, {Type: event.ReceiptLine, Time: 60, SKU: "B", QtyMilli: 1000}},
			"receiving_labour  of : assumed 0 s, 5000 milli, unknown\nreceiving_labour  of : measured 60 s, 1000 milli, 50000 USD"},
		{"freight as the latest manifest states it", event.Carrier,
			[]event.Event{{Type: event.ShipmentManifested, OrderID: "O"}, {Type: event.ShipmentManifested, Time: 5, OrderID: "O", FreightMinor: 900, Currency: "JPY"}},
			"freight  of O: measured 0 s, 0 milli, 900000 JPY"},
		{"else assumed", event.Carrier, []event.Event{{Type: event.ShipmentManifested, OrderID: "O"}}, "freight  of O: assumed 0 s, 0 milli, 1347000 USD"},
		{"a cancelled shipment costs nothing", event.Carrier,
			[]event.Event{{Type: event.ShipmentManifested, OrderID: "O"}, {Type: event.CarrierScan, Status: event.Cancelled}}, ""},
		{"scans alone cost nothing", event.Carrier, []event.Event{{Type: event.CarrierScan, Status: event.Accepted}}, ""},
	} {
		if got := tell((&unitcost.Book{Rates: rates}).Of(c.family, fold(t, c.facts...), nil)); got != c.want {
			t.Errorf("%s:\n%s\nwant\n%s", c.what, got, c.want)
		}
	}
}

// A figure nobody gave prices nothing: neither by a wage that is not known, nor by a part of the work.
func TestUnknownStaysUnknown(t *testing.T) {
	for _, rates := range []setting.Costs{{}, {Currency: "USD"}, {Currency: "USD", LabourMinorPerH: nil, PickLineS: setting.DefaultCosts().PickLineS}} {
		facts := fold(t, event.Event{Type: event.OrderReleased}, event.Event{Type: event.PickConfirmed, Time: 9, Line: "1"},
			event.Event{Type: event.PackClosed, Time: 10, CartonID: "C"}, event.Event{Type: event.ManifestClosed, Time: 11})
		for _, c := range (&unitcost.Book{Rates: rates}).Of(event.PickPack, facts, nil) {
			if c.Currency != "" || c.Amount != 0 {
				t.Errorf("%+v", c)
			}
		}
	}
	rates := setting.DefaultCosts()
	rates.PickLineS = nil
	facts := fold(t, event.Event{Type: event.PickConfirmed, Time: 9, Line: "1"}, event.Event{Type: event.PickConfirmed, Time: 20, Line: "1", LineClosed: true})
	if c := (&unitcost.Book{Rates: rates}).Of(event.PickPack, facts, nil); len(c) != 1 || c[0].Currency != "" {
		t.Errorf("a line of which a part is unknown: %+v", c)
	}
}

// What is said not to touch any claim does not: the claims with such a fact are those without it.
func TestUntouchedClaimsStay(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		families := map[event.Type]event.Family{}
		for typ := event.ASNDespatched; typ < event.Correction; typ++ {
			for _, f := range event.Families {
				if f.Of(typ) {
					families[typ] = f
				}
			}
		}
		family := rapid.SampledFrom(event.Families[:]).Draw(t, "family")
		var view timeline.Timeline
		book := unitcost.Book{Rates: setting.DefaultCosts()}
		for i := range rapid.IntRange(1, 12).Draw(t, "events") {
			typ := event.Type(rapid.IntRange(int(event.ASNDespatched), int(event.Correction)-1).Draw(t, "type"))
			if families[typ] != family {
				continue
			}
			e := event.Event{
				ID: fmt.Sprint(i), Type: typ, Time: start + event.Micros(rapid.IntRange(0, 9).Draw(t, "at"))*event.Minute, Line: fmt.Sprint(rapid.IntRange(0, 1).Draw(t, "line")),
				CartonID: fmt.Sprint(rapid.IntRange(0, 1).Draw(t, "carton")), QtyMilli: 1000, LineClosed: rapid.Bool().Draw(t, "closed"),
				Status: rapid.SampledFrom([]event.Status{event.Accepted, event.Cancelled}).Draw(t, "status"),
			}
			var f timeline.Fact
			timeline.Of(&e, e.Time, 0, &f, &timeline.Document{})
			touches := unitcost.Touches(&f, view.Latest(&f))
			before := tell(book.Of(family, view.Live, nil))
			view.Add(&f)
			if after := tell(book.Of(family, view.Live, nil)); !touches && after != before {
				t.Fatalf("%s: %s\nbefore:\n%s", typ, after, before)
			}
		}
	})
}
