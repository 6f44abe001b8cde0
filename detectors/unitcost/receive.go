package unitcost

import (
	"andon/detectors/timeline"
	"andon/schemas/cost"
	"andon/schemas/event"
)

// receiving claims the labour of each receipt line. The work is the span since the receipt line before it.
func (b *Book) receiving(facts []*timeline.Fact, list []Claim) []Claim {
	rates, start := &b.Rates, len(list)
	work := labour{standard: rates.ReceiveLineS, pauseS: rates.ReceivePauseS}
	var advice *timeline.Fact
	for len(facts) > 0 {
		now := instant(facts)
		facts, b.batch = facts[len(now):], b.batch[:0]
		for _, f := range now {
			switch f.Type {
			case event.ASNDespatched:
				advice = f
			case event.ReceiptLine:
				b.batch = append(b.batch, f)
			default:
			}
		}
		for _, r := range b.batch {
			c := Claim{Component: cost.ReceivingLabour, Fact: r.ID, Item: r.Item, IncurredAt: r.Time, Qty: r.Qty, closed: true}
			work.of(&c, r, b.batch, rates)
			list = append(list, c)
		}
		if len(b.batch) > 0 {
			work.began = now[0].Time
		}
	}
	for i := start; i < len(list); i++ {
		list[i] = list[i].of(advice)
	}
	return list
}
