package detectors_test

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"testing"

	"andon/detectors"
	"andon/detectors/setting"
	"andon/schemas/beat"
	"andon/schemas/cost"
	"andon/schemas/event"
	"andon/schemas/exception"

	"pgregory.net/rapid"
)

const (
	start    = event.Micros(1_740_787_200) * event.Second // 2025-03-01T00:00:00Z
	lateness = 48 * event.Hour
)

// Whatever the order within the lateness, with whatever repeats, beat cuts and aborted beats: the same exceptions in the end.
func TestOrderRepeatsAndCutsDoNotMatter(t *testing.T) {
	for _, family := range event.Families {
		t.Run(family.String(), func(t *testing.T) {
			rapid.Check(t, func(t *rapid.T) {
				facts := events(t, family)
				recorded := make([]event.Micros, len(facts)) // what a broker stamped is part of the fact
				for i := range recorded {
					recorded[i] = event.Micros(rapid.Int64Range(0, int64(lateness)).Draw(t, "recorded"))
				}
				plain := arrive(facts, recorded, func(int) event.Micros { return 0 })
				raised, paid := run(t, family, plain, func() int { return 1 }, false)
				want, cost := final(raised), paidInTheEnd(paid)
				late := make([]event.Micros, 2*len(facts))
				for i := range late {
					late[i] = event.Micros(rapid.Int64Range(0, int64(lateness)).Draw(t, "late"))
				}
				mixed := arrive(slices.Concat(facts, facts), slices.Concat(recorded, recorded), func(i int) event.Micros { return late[i] })
				cut := func() int { return rapid.IntRange(1, 7).Draw(t, "beat") }
				raised, paid = run(t, family, mixed, cut, true)
				if got := final(raised); !slices.Equal(got, want) {
					t.Fatalf("in order:\n%v\nshuffled and doubled:\n%v", want, got)
				}
				if got := paidInTheEnd(paid); !slices.Equal(got, cost) {
					t.Fatalf("in order:\n%v\nshuffled and doubled:\n%v", cost, got)
				}
			})
		})
	}
}

// A stream cut into other beats, with beats undone and run again, gives every revision again, not only the last.
func TestBeatCutsGiveTheSameRevisions(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		family := rapid.SampledFrom(event.Families[:]).Draw(t, "family")
		facts := events(t, family)
		items := arrive(facts, make([]event.Micros, len(facts)), func(i int) event.Micros { return event.Micros(i%5) * event.Hour })
		want, paid := run(t, family, items, func() int { return 1 }, false)
		got, again := run(t, family, items, func() int { return rapid.IntRange(1, 9).Draw(t, "beat") }, true)
		if a, b := fmt.Sprint(encode(want), pay(paid)), fmt.Sprint(encode(got), pay(again)); a != b {
			t.Fatalf("one by one:\n%s\nin beats:\n%s", a, b)
		}
	})
}

// run folds items in beats of random size and returns every change and every cost. With undo, each beat is first run, undone, and run again.
func run(t *rapid.T, family event.Family, items []beat.Item, size func() int, undo bool) (all []exception.Exception, paid []cost.Cost) {
	return runWith(t, family, setting.Settings{Clock: setting.Log, Costs: setting.DefaultCosts()}, items, size, undo)
}

func runWith(t *rapid.T, family event.Family, settings setting.Settings, items []beat.Item, size func() int, undo bool) (all []exception.Exception, paid []cost.Cost) {
	e, err := detectors.New(family, settings)
	if err != nil {
		t.Fatal(err)
	}
	var counts beat.Counts
	for len(items) > 0 {
		n := min(size(), len(items))
		batch := beat.Batch{Items: items[:n]}
		if undo {
			e.Step(batch)
			e.Settle(nil)
			before := e.Size()
			e.Undo()
			e.Step(batch)
			e.Settle(nil)
			if after := e.Size(); after.Entities != before.Entities || after.Open != before.Open || after.StateBytes != before.StateBytes {
				t.Fatalf("size %+v, after undo and again %+v", before, after)
			}
			e.Undo()
		}
		st := e.Step(batch)
		settled := e.Settle(nil)
		if st.Items != n || len(st.Rejected)+len(st.Disarmed)+len(settled.Poisoned) > 0 {
			t.Fatalf("stepped %+v, settled %+v", st, settled)
		}
		e.Keep()
		counts.Add(st.Counts)
		all = append(all, settled.Exceptions...)
		paid = append(paid, settled.Costs...)
		items = items[n:]
	}
	if !counts.Balanced() {
		t.Fatalf("counts do not add up: %+v", counts)
	}
	return all, paid
}

// paidInTheEnd is the last word on each cost that was not withdrawn, by id.
func paidInTheEnd(all []cost.Cost) []string {
	last := map[cost.ID]cost.Cost{}
	for _, c := range all {
		if last[c.ID] = c; c.Withdrawn {
			delete(last, c.ID)
		}
	}
	return slices.Sorted(slices.Values(pay(slices.Collect(maps.Values(last)))))
}

func pay(all []cost.Cost) (lines []string) {
	for i := range all {
		lines = append(lines, string(cost.Append(nil, &all[i]))+"\n")
	}
	return lines
}

// arrive puts events, recorded so long after they happened, in order of arrival, with the ticks a writer of history would put between, and one
// that passes every due time.
func arrive(events []event.Event, recorded []event.Micros, late func(int) event.Micros) []beat.Item {
	type arrival struct {
		beat.Item
		at event.Micros
	}
	var items []arrival
	for i, e := range events {
		items = append(items, arrival{beat.Item{Event: e, At: e.Time + recorded[i]}, e.Time + late(i)})
	}
	slices.SortStableFunc(items, func(a, b arrival) int { return cmp.Compare(a.at, b.at) })
	var ticked []beat.Item
	var latest event.Micros
	for i, a := range items {
		it := a.Item
		latest = max(latest, it.Event.Time)
		ticked = append(ticked, it)
		if i%3 == 0 {
			ticked = append(ticked, tick(latest-lateness))
		}
	}
	return append(ticked, tick(latest+1000*event.Day))
}

func tick(at event.Micros) beat.Item {
	return beat.Item{Event: event.Event{Type: event.ClockTick, Time: at}, At: at}
}

// final is the last word on each exception that was a real violation, by id, less revision and time of detection.
func final(all []exception.Exception) []string {
	last := map[exception.ID]exception.Exception{}
	for _, x := range all {
		last[x.ID] = x
	}
	var lines []string
	for _, x := range last {
		if x.State == exception.Retracted || x.LateData {
			continue
		}
		x.Revision, x.DetectedAt, x.Change = 0, 0, ""
		lines = append(lines, string(exception.Append(nil, &x)))
	}
	slices.Sort(lines)
	return lines
}

func encode(all []exception.Exception) (lines []string) {
	for i := range all {
		lines = append(lines, string(exception.Append(nil, &all[i]))+"\n")
	}
	return lines
}

// events draws what may happen to two entities: few values, so that they meet.
func events(t *rapid.T, family event.Family) []event.Event {
	types := map[event.Family][]event.Type{
		event.ASN:     {event.ASNDespatched, event.ASNDespatched, event.ASNCancelled, event.ReceiptLine, event.ReceiptLine, event.ReceiptClosed},
		event.Carrier: {event.ShipmentManifested, event.CarrierScan, event.CarrierScan, event.CarrierETA},
		event.PickPack: {event.OrderReleased, event.OrderReleased, event.PickStarted, event.PickConfirmed, event.PickConfirmed, event.PickShorted, event.ManifestClosed,
			event.PackStarted, event.PackItem, event.PackClosed},
	}[family]
	n := rapid.IntRange(1, 14).Draw(t, "events")
	list := make([]event.Event, 0, n)
	for i := range n {
		e := event.Event{
			ID: fmt.Sprint("e", i), Tenant: event.DefaultTenant, Type: rapid.SampledFrom(types).Draw(t, "type"),
			Time: start + event.Micros(rapid.IntRange(0, 60).Draw(t, "hour"))*event.Hour,
		}
		if i > 0 && rapid.IntRange(0, 6).Draw(t, "correct") == 0 {
			e.Type, e.Retracts = event.Correction, fmt.Sprint("e", rapid.IntRange(0, n).Draw(t, "retracts"))
		}
		fill(t, &e)
		e.Content = event.IDHash(string(event.Append(nil, &e)))
		list = append(list, e)
	}
	return list
}

func fill(t *rapid.T, e *event.Event) {
	number := func(label string, n int) int { return rapid.IntRange(0, n).Draw(t, label) }
	subject := fmt.Sprint("S", number("subject", 1))
	e.DespatchID, e.Carrier, e.TrackingNo, e.FulfilmentID = subject, "ACME", subject, subject
	e.Revision = int32(number("revision", 1))
	e.SKU, e.Line = fmt.Sprint("I", number("sku", 1)), fmt.Sprint("L", number("line", 1))
	e.Lot = rapid.SampledFrom([]string{"", "", "", "X"}).Draw(t, "lot")
	e.QtyMilli = int64(number("qty", 3)) * 1000
	if number("rejects", 4) == 0 {
		e.RejectedQtyMilli = e.QtyMilli / 2
	}
	e.LineClosed = number("closed", 2) == 0
	e.Status = rapid.SampledFrom([]event.Status{event.LabelMade, event.Accepted, event.InTransit, event.Delivered, event.Delivered, event.Cancelled,
		event.RTS, event.Lost, event.Damaged, event.AvailablePickup}).Draw(t, "status")
	e.Facility, e.CartonID = fmt.Sprint("H", number("facility", 2)), fmt.Sprint("C", number("carton", 1))
	if number("priced", 2) == 0 {
		e.FreightMinor, e.DeclaredValueMinor, e.Currency = int64(number("freight", 3)), int64(number("value", 3)), "EUR"
	}
	due := start + event.Micros(number("due", 90))*event.Hour
	e.PromiseDeliverBy, e.ShipBy, e.ETA = due, due, due
	for i := range 1 + number("lines", 1) {
		l := event.Line{Line: fmt.Sprint("L", i), SKU: fmt.Sprint("I", i), QtyMilli: int64(number("planned", 3)) * 1000}
		if number("cost", 2) == 0 {
			l.UnitCostMinor, l.Currency = int64(number("unit cost", 900)), "EUR"
		}
		if number("by lot", 5) == 0 {
			l.Lot = "X"
		}
		e.Lines = append(e.Lines, l)
	}
}
