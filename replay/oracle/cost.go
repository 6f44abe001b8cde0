package oracle

import (
	"cmp"
	"fmt"
	"slices"

	"andon/schemas/cost"
	"andon/schemas/event"
)

// Cost is what one piece of work, one carton or one shipment cost, by the default rates.
type Cost struct {
	Tenant           string
	Component        cost.Component
	Subject, Part    string
	Basis            cost.Basis
	WorkUS, QtyMilli int64
	AmountMicro      int64 // millionths of a minor unit of Currency, or Unknown
	Currency         string
}

// The default rates (docs/adr/0009, deploy/andon.example.yaml): a wage in minor units an hour, what work takes where nobody can tell, and how long
// a span is work and not a pause. What a carton costs and a receipt line takes nobody knows.
const (
	wagePerHour    = 3000
	parcelMinor    = 1347
	pickLine       = 51 * event.Second
	pickPause      = 255 * event.Second
	packCarton     = 120 * event.Second
	packPause      = 600 * event.Second
	receivingPause = 600 * event.Second
)

// Costs returns what a family's records cost, in whatever order they come; by tenant, subject, component and part.
func Costs(family event.Family, records []Record) []Cost {
	var all []Cost
	for _, s := range stories(family, records) {
		switch family {
		case event.ASN:
			all = append(all, s.receivingWork()...)
		case event.Carrier:
			all = append(all, s.freight()...)
		case event.PickPack:
			all = append(all, s.pickWork()...)
			all = append(all, s.cartons()...)
		}
	}
	slices.SortFunc(all, func(a, b Cost) int {
		return cmp.Or(cmp.Compare(a.Tenant, b.Tenant), cmp.Compare(a.Subject, b.Subject), cmp.Compare(a.Component, b.Component), cmp.Compare(a.Part, b.Part))
	})
	return all
}

// work is a piece of it, as far as it is told by its events.
type work struct {
	took    event.Micros
	qty     int64
	assumed bool // some of it
}

// labour is a cost of work; of one that takes nobody knows how long the amount is not known either.
func (s *story) labour(component cost.Component, part string, w work, known bool) Cost {
	c := Cost{Tenant: s.tenant, Component: component, Subject: s.key, Part: part, Basis: cost.Measured, WorkUS: int64(w.took), QtyMilli: w.qty, AmountMicro: Unknown}
	if w.assumed {
		c.Basis = cost.Assumed
	}
	if known {
		c.AmountMicro, c.Currency = int64(w.took)*wagePerHour/3600, "USD"
	}
	return c
}

// shares is what each of the facts took: the span since those before it or the last beginning of work, whichever is later. Facts of one instant
// share it by quantity. What the first took is told only if its beginning is: else it is assumed.
func shares(facts, beginnings []fact, pause, assumed event.Micros) []work {
	list := make([]work, len(facts))
	for i := 0; i < len(facts); {
		at, n := facts[i].Time, i
		for n < len(facts) && facts[n].Time == at {
			n++
		}
		batch := facts[i:n]
		began := latest(by(at, beginnings))
		if i > 0 {
			began = max(began, facts[i-1].Time)
		}
		span, total := min(at-began, event.Micros(len(batch))*pause), sum(batch)
		for k, f := range batch {
			w := &list[i+k]
			switch w.qty = f.QtyMilli; {
			case began == 0:
				w.took, w.assumed = assumed, true
			case total == 0:
				w.took = span / event.Micros(len(batch))
			default:
				w.took = event.Micros(int64(span) * f.QtyMilli / total)
			}
		}
		i = n
	}
	return list
}

// receivingWork is the labour of each receipt line.
func (s *story) receivingWork() (costs []Cost) {
	lines := s.of(event.ReceiptLine)
	for i, w := range shares(lines, nil, receivingPause, 0) {
		costs = append(costs, s.labour(cost.ReceivingLabour, fmt.Sprintf("%016x", event.IDHash(lines[i].ID)), w, !w.assumed))
	}
	return costs
}

// freight is what the last manifest states, else what a parcel costs. A cancelled shipment costs nothing.
func (s *story) freight() []Cost {
	manifests := s.of(event.ShipmentManifested)
	if len(manifests) == 0 || len(s.scans(event.Cancelled)) > 0 {
		return nil
	}
	c := Cost{Tenant: s.tenant, Component: cost.Freight, Subject: s.key, Basis: cost.Assumed, AmountMicro: parcelMinor * 1_000_000, Currency: "USD"}
	if last := slices.MaxFunc(manifests, after); last.FreightMinor > 0 {
		c.Basis, c.AmountMicro, c.Currency = cost.Measured, last.FreightMinor*1_000_000, last.Currency
	}
	return []Cost{c}
}

// pickWork is the labour of each order line that is closed. Looking into an empty bin is work.
func (s *story) pickWork() (costs []Cost) {
	picks := s.of(event.PickConfirmed, event.PickShorted)
	lines, closed := map[string]work{}, map[string]bool{}
	for i, w := range shares(picks, s.of(event.PickStarted), pickPause, pickLine) {
		l := lines[picks[i].Line]
		lines[picks[i].Line] = work{l.took + w.took, l.qty + w.qty, l.assumed || w.assumed}
		if picks[i].Type == event.PickShorted || picks[i].LineClosed || len(s.of(event.ManifestClosed)) > 0 {
			closed[picks[i].Line] = true
		}
	}
	for line := range closed {
		costs = append(costs, s.labour(cost.PickLabour, line, lines[line], true))
	}
	return costs
}

// cartons is the labour of each carton that is closed, and the carton. Each close ends the work since the carton was opened last.
func (s *story) cartons() (costs []Cost) {
	closes := map[string][]fact{}
	for _, c := range s.of(event.PackClosed) {
		closes[c.CartonID] = append(closes[c.CartonID], c)
	}
	for carton, list := range closes {
		is := func(r fact) bool { return r.CartonID == carton }
		w := work{qty: sum(by(latest(list), where(s.of(event.PackItem), is)))}
		before := event.Micros(0)
		for _, c := range list {
			opened := where(s.of(event.PackStarted), func(r fact) bool { return is(r) && r.Time > before && r.Time <= c.Time })
			if len(opened) == 0 {
				w.took, w.assumed = w.took+packCarton, true
			} else {
				w.took += min(c.Time-latest(opened), packPause)
			}
			before = c.Time
		}
		costs = append(costs, s.labour(cost.PackLabour, carton, w, true))
		costs = append(costs, Cost{Tenant: s.tenant, Component: cost.Material, Subject: s.key, Part: carton, Basis: cost.Assumed, AmountMicro: Unknown})
	}
	return costs
}
