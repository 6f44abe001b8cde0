package oracle_test

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"andon/replay/oracle"
	"andon/schemas/event"

	"pgregory.net/rapid"
)

const start = event.Micros(1_740_787_200) * event.Second // 2025-03-01T00:00:00Z

// history is a small but nasty past: what a lane's brokers took, in order of arrival, and how far its time came after each record.
type history struct {
	family   event.Family
	settings oracle.Settings
	usual    oracle.Usual
	records  []oracle.Record
	ticks    []event.Micros // after each record: the lane's time is at least this
	end      event.Micros   // and in the end this
}

func (h *history) String() string {
	var b strings.Builder
	fmt.Fprintf(&b, "%v, settings %v, usual %+v, end %v\n", h.family, h.settings, h.usual, h.end)
	for i, r := range h.records {
		fmt.Fprintf(&b, "at %v: %s\n", r.At, event.Append(nil, &r.Event))
		if i == 0 || h.ticks[i] > h.ticks[i-1] {
			fmt.Fprintf(&b, "tick %v\n", h.ticks[i])
		}
	}
	return b.String()
}

// draw is a shorthand for draws.
type draw struct{ *rapid.T }

func (d draw) number(label string, n int) int { return rapid.IntRange(0, n).Draw(d.T, label) }

// rarely is true once in n.
func (d draw) rarely(label string, n int) bool { return d.number(label, n-1) == n-1 }

func pick[V any](d draw, label string, of ...V) V { return rapid.SampledFrom(of).Draw(d.T, label) }

// when is an instant on a coarse grid, so that instants meet each other and the limits of rules, sometimes just beside it.
func (d draw) when(label string) event.Micros {
	at := start + event.Micros(d.number(label, 12))*pick(d, label+" step", event.Hour, event.Hour, 10*event.Minute, 12*event.Hour, event.Day)
	if d.rarely(label+" beside", 8) {
		at += pick(d, label+" by", -1, 1, event.Second)
	}
	return at
}

// histories draws a past of a family.
func histories(t *rapid.T, family event.Family) *history {
	d := draw{t}
	h := &history{family: family, settings: d.settings(family), usual: d.usually()}
	facts := rapid.SliceOfN(rapid.Custom(func(t *rapid.T) []oracle.Record { return draw{t}.fact(family) }), 1, 12).Draw(t, "facts")
	if d.rarely("as usual", 2) {
		for _, e := range d.usual(family) {
			facts = append(facts, d.repeat(family, e))
		}
	}
	for i, f := range facts {
		for _, r := range f {
			h.records = append(h.records, named(r, fmt.Sprint("e", i)))
		}
	}
	end := start + 1000*event.Day
	if d.rarely("early end", 4) {
		end = d.when("end")
	}
	h.arrive(d, d.lateness(), end)
	return h
}

// named is a record with its event's id, and the hash that follows.
func named(r oracle.Record, id string) oracle.Record {
	r.ID = id
	r.Content = event.IDHash(string(event.Append(nil, &r.Event)))
	return r
}

// fact draws the records of one event.
func (d draw) fact(family event.Family) []oracle.Record { return d.repeat(family, d.event(family)) }

// repeat is the records of an event: one, most of the time.
func (d draw) repeat(family event.Family, e event.Event) []oracle.Record {
	r := d.record(e)
	switch d.number("repeat", 9) {
	case 7: // the same record
		return []oracle.Record{r, r}
	case 8: // the same event, sent again
		again := r
		again.At += event.Micros(d.number("again", 3)) * event.Hour
		return []oracle.Record{r, again}
	case 9: // another version
		other := d.event(family)
		other.DespatchID, other.POID, other.Carrier, other.TrackingNo, other.FulfilmentID, other.Tenant = e.DespatchID, e.POID, e.Carrier, e.TrackingNo, e.FulfilmentID, e.Tenant
		if e.Type == event.Correction {
			other = e
			other.Retracts = d.retracts()
		}
		if e.Type == other.Type {
			again := r // that may well come once more
			again.At += event.Micros(d.number("again", 6)) * 12 * event.Hour
			return []oracle.Record{r, d.record(other), again}[:2+d.number("once more", 1)]
		}
	}
	return []oracle.Record{r}
}

// lateness is how many hours after it happened an event may arrive.
func (d draw) lateness() int { return pick(d, "lateness", 0, 5, 48, 1000) }

// arrive puts the records in an order of arrival, each late by so many hours at most, with time passing between them, but not past the end.
func (h *history) arrive(d draw, lateness int, end event.Micros) {
	late := make([]event.Micros, len(h.records))
	order := make([]int, len(h.records))
	for i, r := range h.records {
		late[i], order[i] = r.Time+event.Micros(d.number("late", lateness))*event.Hour, i
	}
	slices.SortStableFunc(order, func(a, b int) int { return cmp.Compare(late[a], late[b]) })
	records := h.records
	h.records, h.ticks, h.end = nil, nil, end
	var now, latest event.Micros
	for _, i := range order {
		latest = max(latest, records[i].Time)
		if d.rarely("tick", 4) {
			now = min(end, max(now, latest-event.Micros(d.number("behind", 48))*event.Hour))
		}
		h.records, h.ticks = append(h.records, records[i]), append(h.ticks, now)
	}
}

// shifted is the history a span later. The hashes that order versions of one instant stay.
func (h *history) shifted(by event.Micros) *history {
	other := history{family: h.family, settings: h.settings, usual: h.usual, end: h.end + by}
	for i, r := range h.records {
		for _, at := range []*event.Micros{&r.Time, &r.At, &r.PromiseDeliverBy, &r.ShipBy, &r.ETA} {
			if *at != 0 {
				*at += by
			}
		}
		other.records, other.ticks = append(other.records, r), append(other.ticks, max(0, h.ticks[i]+by))
		if h.ticks[i] == 0 {
			other.ticks[i] = 0
		}
	}
	return &other
}

// with is the history with what happened to another subject put in between.
func (h *history) with(d draw, subject string) *history {
	other := history{family: h.family, settings: h.settings, usual: h.usual, end: h.end}
	n := 0
	for i, r := range h.records {
		for range d.number("strangers", 2) {
			for _, s := range d.fact(h.family) {
				s.DespatchID, s.POID, s.TrackingNo, s.FulfilmentID = subject, "", subject, subject
				other.records, other.ticks = append(other.records, named(s, fmt.Sprint("e", n))), append(other.ticks, max(0, h.ticks[max(0, i-1)]))
			}
			n++
		}
		other.records, other.ticks = append(other.records, r), append(other.ticks, h.ticks[i])
	}
	return &other
}

func (d draw) record(e event.Event) oracle.Record {
	return oracle.Record{Event: e, At: e.Time + event.Micros(d.number("recorded", 6))*pick(d, "recorded step", 0, event.Hour, 12*event.Hour)}
}

// event draws one, without its id.
func (d draw) event(family event.Family) event.Event {
	e := event.Event{Tenant: event.DefaultTenant, Time: d.when("time")}
	if d.rarely("tenant", 12) {
		e.Tenant = "other"
	}
	subject := pick(d, "subject", "S0", "S0", "S1")
	d.about(family, &e, subject)
	switch family {
	case event.ASN:
		d.inbound(&e)
	case event.Carrier:
		d.transport(&e)
	case event.PickPack:
		d.outbound(&e)
	}
	if d.rarely("correct", 8) {
		e = event.Event{Tenant: e.Tenant, Time: e.Time, Type: event.Correction, Retracts: d.retracts(),
			DespatchID: e.DespatchID, POID: e.POID, Carrier: e.Carrier, TrackingNo: e.TrackingNo, FulfilmentID: e.FulfilmentID}
	}
	return e
}

// retracts draws the event that a correction takes back; there may be none of the name.
func (d draw) retracts() string { return fmt.Sprint("e", d.number("retracts", 12)) }

// about makes a subject the event's.
func (d draw) about(family event.Family, e *event.Event, subject string) {
	switch {
	case family == event.Carrier:
		e.Carrier, e.TrackingNo = "ACME", subject
	case family == event.PickPack:
		e.FulfilmentID = subject
	case d.rarely("purchase order", 15):
		e.POID = "P" + subject
	default:
		e.DespatchID = subject
	}
}

// usual draws a story as it often is of the first subject, an hour or so from one event to the next, with something left out now and then.
func (d draw) usual(family event.Family) (story []event.Event) {
	const two = 2000
	line := []event.Line{{Line: "L1", SKU: "A", QtyMilli: 2 * two}}
	switch family {
	case event.ASN:
		story = []event.Event{{Type: event.ASNDespatched, Lines: line}, {Type: event.ReceiptLine, QtyMilli: two}, {Type: event.ReceiptLine, QtyMilli: two},
			{Type: event.ReceiptClosed}, {Type: event.ReceiptLine, QtyMilli: two}}
	case event.Carrier:
		story = []event.Event{{Type: event.ShipmentManifested, PromiseDeliverBy: d.when("promise")}, {Type: event.CarrierScan, Status: event.Accepted, Facility: "H1"},
			{Type: event.CarrierScan, Status: event.InTransit, Facility: "H2"}, {Type: event.CarrierScan, Status: event.Delivered, Facility: "H3"},
			{Type: event.CarrierScan, Status: event.InTransit, Facility: "H2"}}
	case event.PickPack:
		story = []event.Event{{Type: event.OrderReleased, Lines: line, ShipBy: d.when("ship by")}, {Type: event.PickConfirmed, QtyMilli: two},
			{Type: event.PickConfirmed, QtyMilli: two, LineClosed: true}, {Type: event.PackStarted, CartonID: "C1"}, {Type: event.PackItem, QtyMilli: two, CartonID: "C1"}, {Type: event.PackClosed, CartonID: "C1", WeightG: d.grams()},
			{Type: event.ManifestClosed}, {Type: event.PackItem, QtyMilli: two, CartonID: "C1"}, {Type: event.PickConfirmed, QtyMilli: two}}
	}
	at := d.when("begin")
	kept := story[:0]
	for _, e := range story {
		at += pick(d, "step", event.Hour, 0, event.Minute, event.Day)
		e.Tenant, e.Time = event.DefaultTenant, at
		d.about(family, &e, "S0")
		if e.QtyMilli > 0 {
			e.SKU, e.Line = "A", "L1"
		}
		if !d.rarely("left out", 6) {
			kept = append(kept, e)
		}
	}
	return kept
}

// goods are an item and its unit, and one of its lots or none.
func (d draw) goods() (sku, gtin, lot, uom string) {
	switch d.number("goods", 11) {
	default:
		sku = "A"
	case 3:
		sku = "B;1"
	case 4:
		sku, uom = "C", "KGM"
	case 5:
		gtin = "4006381333931"
	case 6:
		sku, gtin = "A", "04006381333931"
	case 7:
		sku = "4006381333931"
	}
	if d.rarely("by lot", 6) {
		lot = pick(d, "lot", "X", "Y")
	}
	return sku, gtin, lot, uom
}

func (d draw) qty(uom string) int64 {
	milli := int64(d.number("qty", 3)) * 1000
	if uom == "KGM" {
		milli += int64(pick(d, "grams", 0, 0, 5, 10, -5)) * min(1, milli)
	}
	return milli
}

func (d draw) lines() (list []event.Line) {
	for i := range 1 + d.number("lines", 2) {
		l := event.Line{Line: fmt.Sprint("L", i%2+1)}
		l.SKU, l.GTIN, l.Lot, l.UOM = d.goods()
		l.QtyMilli = d.qty(l.UOM)
		list = append(list, l)
	}
	return list
}

func (d draw) inbound(e *event.Event) {
	e.Type = pick(d, "type", event.ASNDespatched, event.ASNDespatched, event.ReceiptLine, event.ReceiptLine, event.ReceiptLine, event.ReceiptClosed, event.ASNCancelled)
	switch e.Type {
	case event.ASNDespatched:
		e.Revision, e.Lines = int32(d.number("revision", 2)), d.lines()
		e.Purpose = pick(d, "purpose", event.Original, event.Replace)
	case event.ASNCancelled:
		e.Revision = int32(d.number("revision", 2))
	case event.ReceiptLine:
		e.SKU, e.GTIN, e.Lot, e.UOM = d.goods()
		e.Line, e.QtyMilli = pick(d, "line", "L1", "L2", ""), d.qty(e.UOM)
		if d.rarely("rejects", 5) {
			e.RejectedQtyMilli = e.QtyMilli / 2
		}
		if d.rarely("bad", 5) {
			e.Condition = pick(d, "condition", event.DamagedGoods, event.QualityIssue, event.NonStandardContainer, event.Rejected)
		}
	}
}

func (d draw) transport(e *event.Event) {
	e.Type = pick(d, "type", event.ShipmentManifested, event.CarrierScan, event.CarrierScan, event.CarrierScan, event.CarrierETA)
	switch e.Type {
	case event.ShipmentManifested:
		if d.rarely("freight", 3) {
			e.FreightMinor, e.Currency = int64(d.number("minor", 3)), "EUR"
		}
		e.Service = pick(d, "service", "", "NEXT")
		if !d.rarely("no promise", 4) {
			e.PromiseDeliverBy = d.when("promise")
		}
	case event.CarrierETA:
		e.ETA = d.when("eta")
	case event.CarrierScan:
		e.Status = event.Status(1 + d.number("status", int(event.Unmapped)-1))
		if d.rarely("usual", 2) {
			e.Status = pick(d, "usual status", event.LabelMade, event.Accepted, event.InTransit, event.Delivered, event.RTS, event.Lost)
		}
		e.Facility = pick(d, "facility", "H1", "H1", "H2", "H3", "")
	}
}

func (d draw) outbound(e *event.Event) {
	e.Type = pick(d, "type", event.OrderReleased, event.OrderReleased, event.PickStarted, event.PickConfirmed, event.PickConfirmed, event.PickConfirmed,
		event.PickShorted, event.PackStarted, event.PackItem, event.PackItem, event.PackItem, event.PackClosed, event.PackClosed, event.ManifestClosed, event.LabelCreated)
	switch e.Type {
	case event.OrderReleased:
		e.Revision, e.Lines, e.Site = int32(d.number("revision", 1)), d.lines(), pick(d, "site", "", "W1")
		if !d.rarely("no ship-by", 5) {
			e.ShipBy = d.when("ship by")
		}
	case event.PickConfirmed, event.PickShorted, event.PackItem:
		e.Line = fmt.Sprint("L", 1+d.number("line", 1))
		if !d.rarely("nameless", 12) {
			e.SKU, e.GTIN, e.Lot, e.UOM = d.goods()
		}
		if e.Type != event.PickShorted {
			e.QtyMilli = d.qty(e.UOM)
		}
		e.LineClosed = e.Type == event.PickConfirmed && d.rarely("closed", 3)
	}
	switch e.Type {
	case event.PickStarted, event.PickConfirmed, event.PickShorted:
		e.TaskID = pick(d, "task", "", "", "T1", "T2")
		if e.Type == event.PickStarted && d.rarely("of a line", 2) {
			e.Line = "L1"
		}
	case event.PackClosed, event.LabelCreated:
		e.WeightG = d.grams()
		fallthrough
	case event.PackStarted, event.PackItem:
		e.CartonID = pick(d, "carton", "C1", "C1", "C2", "")
	}
}
