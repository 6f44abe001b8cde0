package unitcost

import (
	"andon/detectors/keyed"
	"andon/detectors/setting"
	"andon/detectors/timeline"
	"andon/schemas/cost"
	"andon/schemas/event"
)

// packing claims the labour and the material of each carton that is closed. The work is the span from the pack.started of the carton; cartons
// without an id are one carton.
func (b *Book) packing(facts []*timeline.Fact, list []Claim) []Claim {
	start := len(list)
	rates, cartons := &b.Rates, &b.cartons
	cartons.Reset()
	var order *timeline.Fact
	for rest := facts; len(rest) > 0; {
		now := instant(rest)
		rest = rest[len(now):]
		for _, f := range now {
			switch f.Type {
			case event.OrderReleased:
				order = f
			case event.PackStarted:
				cartonOf(cartons, f.Place).began = f.Time
			default:
			}
		}
		for _, f := range now { // after what began at the same instant
			if f.Type == event.PackClosed {
				list = cartonOf(cartons, f.Place).close(f, rates, list)
			}
		}
	}
	if len(list) == start {
		return list
	}
	for _, f := range facts {
		if c := cartons.Find(f.Place); f.Type == event.PackItem && c != nil && f.Time <= c.closedAt {
			list[c.claim].Qty += f.Qty
		}
	}
	for i := start; i < len(list); i++ {
		list[i] = list[i].of(order)
	}
	return list
}

// carton is one of a fulfilment, which may be opened and closed again.
type carton struct {
	began    event.Micros // when it was opened; 0 when it is not, or nobody said
	closedAt event.Micros // the last time
	claim    int          // the place of its labour in the list, once it was closed
}

func cartonOf(cartons *keyed.List[uint32, carton], place uint32) *carton {
	c := cartons.Find(place)
	if c == nil {
		c = cartons.Add(place)
		*c = carton{}
	}
	return c
}

// close claims what the carton took and the carton itself, which counts once.
func (c *carton) close(f *timeline.Fact, rates *setting.Costs, list []Claim) []Claim {
	if c.closedAt == 0 {
		material := Claim{Component: cost.Material, Part: f.Line, Basis: cost.Assumed, IncurredAt: f.Time, closed: true}
		if rates.MaterialMinor != nil {
			material.Amount, material.Currency = *rates.MaterialMinor*1_000_000, rates.Currency
		}
		c.claim = len(list) + 1
		list = append(list, material, Claim{Component: cost.PackLabour, Part: f.Line, closed: true})
	}
	work := labour{began: c.began, standard: rates.PackCartonS, pauseS: rates.PackPauseS}
	labour := &list[c.claim]
	labour.IncurredAt = f.Time
	work.of(labour, f, []*timeline.Fact{f}, rates)
	c.began, c.closedAt = 0, f.Time
	return list
}
