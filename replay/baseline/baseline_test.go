package baseline_test

import (
	"bytes"
	"flag"
	"fmt"
	"iter"
	"math/rand/v2"
	"os"
	"slices"
	"testing"

	"andon/detectors/setting"
	"andon/replay/baseline"
	"andon/replay/history"
	"andon/replay/simulate"
	"andon/schemas/event"
)

var rewrite = flag.Bool("rewrite", false, "write simulated.yaml anew; read the diff before you keep it")

// day is the one that the tables of the simulator's world are learned from.
func day(orders int) iter.Seq[history.Record] {
	records, _ := simulate.Day(simulate.Config{Seed: 1000, Orders: orders, Start: 1_772_409_600 * event.Second})
	return records
}

func learn(t *testing.T, records iter.Seq[history.Record], least int) setting.Reference {
	t.Helper()
	r, err := baseline.Of(records, least)
	if err != nil {
		t.Fatal(err)
	}
	return r
}

func text(t *testing.T, r setting.Reference) []byte {
	t.Helper()
	b, err := baseline.Text(r)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

// The file of the simulator's world is what its day says.
func TestSimulatedFileIsLearned(t *testing.T) {
	const file, orders, least = "simulated.yaml", 20_000, 50
	want := text(t, learn(t, day(orders), least))
	if *rewrite {
		if err := os.WriteFile(file, want, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	got, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(got, want) {
		t.Error("simulated.yaml is not what the day says; run: go test ./replay/baseline -rewrite")
	}
	r, err := baseline.Simulated()
	if err != nil {
		t.Fatal(err)
	}
	if _, err := r.Tables(); err != nil {
		t.Error(err)
	}
}

// The order of arrival and doubled records do not matter.
func TestOrderDoesNotMatter(t *testing.T) {
	records := slices.Collect(day(300))
	want := text(t, learn(t, slices.Values(records), 5))
	other := append(slices.Clone(records), records[:len(records)/2]...)
	draw := rand.New(rand.NewPCG(1, 2))
	draw.Shuffle(len(other), func(i, j int) { other[i], other[j] = other[j], other[i] })
	if got := text(t, learn(t, slices.Values(other), 5)); !bytes.Equal(got, want) {
		t.Error("shuffled, the tables are others")
	}
}

// What is learned of a handful of events can be reckoned by hand.
func TestTablesByHand(t *testing.T) {
	start := event.Micros(1_740_787_200) * event.Second
	var records []history.Record
	tell := func(f event.Family, e event.Event) {
		e.Tenant, e.ID = event.DefaultTenant, string(rune('a'+len(records)))
		records = append(records, history.New(f, &e, e.Time))
	}
	for i, hours := range []event.Micros{2, 4, 6, 8, 30} {
		e := event.Event{Carrier: "ACME", TrackingNo: string(rune('A' + i)), Time: start, Service: "NEXT", Type: event.ShipmentManifested}
		tell(event.Carrier, e)
		e.Type, e.Service, e.Status = event.CarrierScan, "", event.Accepted
		tell(event.Carrier, e)
		e.Status, e.Time = event.Delivered, start+hours*event.Hour
		tell(event.Carrier, e)
	}
	pick := event.Event{FulfilmentID: "F", Site: "W1", Time: start, Type: event.OrderReleased, Lines: []event.Line{{Line: "1", SKU: "A", QtyMilli: 9000}}}
	tell(event.PickPack, pick)
	pick.Type, pick.Lines, pick.SKU, pick.Line = event.PickStarted, nil, "A", "1"
	tell(event.PickPack, pick)
	for _, minutes := range []event.Micros{1, 2, 4} {
		pick.Type, pick.QtyMilli, pick.Time = event.PickConfirmed, 1000, pick.Time+minutes*event.Minute
		pick.LineClosed = minutes == 4
		tell(event.PickPack, pick)
	}
	r := learn(t, slices.Values(records), 1)
	legs := setting.Gap{Carrier: "ACME", Service: "NEXT", Status: "ACCEPTED", N: 5, Q90S: 30 * 3600, Q99S: 30 * 3600}
	rest := setting.Transit{Carrier: "ACME", Service: "NEXT", Status: "ACCEPTED", N: 5, Q50S: 6 * 3600, Q80S: 8 * 3600}
	took := setting.Duration{Site: "W1", QtyMaxMilli: 1000, N: 3, MedianMS: 120_000, MADLnMicro: 693_147}
	if !slices.Contains(r.Gaps, legs) || !slices.Contains(r.Transit, rest) || len(r.Gaps) != 3 || !slices.Equal(r.Durations, []setting.Duration{took}) {
		t.Errorf("%+v", r)
	}
	if !slices.Equal(r.Services, []setting.Service{{Carrier: "ACME", Service: "NEXT", Class: setting.Express}}) {
		t.Errorf("%+v", r.Services)
	}
	if !slices.Contains(r.PickShorts, setting.PickShort{Site: "W1", Item: "A", N: 1, ShortBP: 10_000}) || len(r.PickShorts) != 4 {
		t.Errorf("%+v", r.PickShorts)
	}
}

// Times to the delivery are told apart by the day of the journey and the part of the day, where many are known.
func TestTransitByTheTimeOfTheJourney(t *testing.T) {
	start := event.Micros(1_740_787_200)*event.Second + 22*event.Hour
	var records []history.Record
	for i := range 120 {
		e := event.Event{ID: fmt.Sprint(i), Tenant: event.DefaultTenant, Carrier: "ACME", TrackingNo: fmt.Sprint(i), Time: start, Service: "NEXT", Type: event.ShipmentManifested}
		tell := func(s event.Status, at event.Micros) {
			if s != 0 {
				e.ID, e.Type, e.Service, e.Status, e.Time = fmt.Sprint(i, s), event.CarrierScan, "", s, at
			}
			records = append(records, history.New(event.Carrier, &e, e.Time))
		}
		tell(0, 0)
		early := event.Micros(i%3) / 2 // every third an hour before midnight, on the first day
		tell(event.Accepted, start+3*event.Hour-2*early*event.Hour)
		tell(event.Delivered, start+20*event.Hour)
	}
	r := learn(t, slices.Values(records), 1)
	rest := setting.Transit{Carrier: "ACME", Service: "NEXT", Status: "ACCEPTED", Day: 2, FromH: 0, UntilH: 4, N: 80, Q50S: 17 * 3600, Q80S: 17 * 3600}
	timed := slices.DeleteFunc(r.Transit, func(x setting.Transit) bool { return x.Day == 0 })
	if !slices.Equal(timed, []setting.Transit{rest}) { // 40 of the first day are too few
		t.Errorf("%+v", timed)
	}
}
