package unitcost

import (
	"andon/detectors/setting"
	"andon/detectors/timeline"
	"andon/schemas/cost"
	"andon/schemas/event"
)

// packing claims the labour and the material of each carton that is closed. The work is the span from the pack.started of the carton.
func packing(facts []*timeline.Fact, rates *setting.Costs, list []Claim) []Claim {
	start := len(list)
	var order *timeline.Fact
	for i, f := range facts {
		switch f.Type {
		case event.OrderReleased:
			order = f
		case event.PackClosed:
			list = pack(list, start, facts[:i], f, rates)
		default:
		}
	}
	for i := start; i < len(list); i++ {
		list[i] = list[i].of(order)
	}
	return list
}

func pack(list []Claim, start int, before []*timeline.Fact, closed *timeline.Fact, rates *setting.Costs) []Claim {
	c := find(list[start:], cost.PackLabour, closed.Line)
	if c == nil {
		material := Claim{Component: cost.Material, Part: closed.Line, Basis: cost.Assumed, IncurredAt: closed.Time, closed: true}
		if rates.MaterialMinor != nil {
			material.Amount, material.Currency = *rates.MaterialMinor*1_000_000, rates.Currency
		}
		list = append(list, material, Claim{Component: cost.PackLabour, Part: closed.Line, closed: true})
		c = &list[len(list)-1]
	}
	work := labour{standard: rates.PackCartonS, pauseS: rates.PackPauseS}
	c.Qty, c.IncurredAt = 0, closed.Time
	for _, f := range before {
		switch {
		case f.Place != closed.Place:
		case f.Type == event.PackStarted:
			work.began = f.Time
		case f.Type == event.PackClosed:
			work.began = 0 // of the opening that this one closed
		case f.Type == event.PackItem:
			c.Qty += f.Qty
		}
	}
	work.of(c, closed, []*timeline.Fact{closed}, rates)
	return list
}
