package unitcost

import (
	"andon/detectors/setting"
	"andon/detectors/timeline"
	"andon/schemas/cost"
	"andon/schemas/event"
)

// receiving claims the labour of each receipt line. The work is the span since the receipt line before it.
func receiving(facts []*timeline.Fact, rates *setting.Costs, list []Claim) []Claim {
	work := labour{standard: rates.ReceiveLineS, pauseS: rates.ReceivePauseS}
	var advice *timeline.Fact
	start := len(list)
	for i := 0; i < len(facts); {
		f := facts[i]
		i++
		switch f.Type {
		case event.ASNDespatched:
			advice = f
		case event.ReceiptLine:
			same := batch(facts[i-1:], func(g *timeline.Fact) bool { return g.Type == event.ReceiptLine })
			for _, r := range same {
				c := Claim{Component: cost.ReceivingLabour, Fact: r.ID, Item: r.Item, IncurredAt: r.Time, Qty: r.Qty, closed: true}
				work.of(&c, r, same, rates)
				list = append(list, c)
			}
			work.began = f.Time
			i += len(same) - 1
		default:
		}
	}
	for i := start; i < len(list); i++ {
		list[i] = list[i].of(advice)
	}
	return list
}
