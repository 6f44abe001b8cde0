package unitcost

import (
	"andon/detectors/setting"
	"andon/detectors/timeline"
	"andon/schemas/cost"
	"andon/schemas/event"
)

// picking claims the labour of each order line that is closed: by a pick that says so, by a shorted pick, or with the manifest. The work of a pick
// is the span since pick.started or the pick before it in the fulfilment.
func (b *Book) picking(facts []*timeline.Fact, list []Claim) []Claim {
	if !anyClosed(facts) {
		return list
	}
	start := len(list)
	rates, lines := &b.Rates, &b.lines
	lines.Reset()
	work := labour{standard: rates.PickLineS, pauseS: rates.PickPauseS}
	manifested := false
	var order *timeline.Fact
	for len(facts) > 0 {
		now := instant(facts)
		facts, b.batch = facts[len(now):], b.batch[:0]
		for _, f := range now {
			switch f.Type {
			case event.OrderReleased:
				order = f
			case event.ManifestClosed:
				manifested = true
			case event.PickStarted:
				work.began = f.Time
			case event.PickConfirmed, event.PickShorted:
				b.batch = append(b.batch, f)
			default:
			}
		}
		for _, p := range b.batch {
			at := lines.Find(p.Line)
			if at == nil {
				at = lines.Add(p.Line)
				*at = len(list)
				list = append(list, Claim{Component: cost.PickLabour, Part: p.Line})
			}
			list[*at].pick(p, b.batch, &work, rates)
		}
		if len(b.batch) > 0 {
			work.began = now[0].Time
		}
	}
	kept := list[:start]
	for _, c := range list[start:] {
		if c.closed || manifested {
			c.closed = true
			kept = append(kept, c.of(order))
		}
	}
	return kept
}

// pick adds one pick, of those of the same instant, to the claim of its line.
func (c *Claim) pick(p *timeline.Fact, same []*timeline.Fact, work *labour, rates *setting.Costs) {
	work.of(c, p, same, rates)
	if p.Type == event.PickConfirmed {
		c.Qty += p.Qty
	}
	c.IncurredAt = p.Time
	c.closed = c.closed || p.LineClosed || p.Type == event.PickShorted
	if p.Item != "" {
		c.Item = p.Item
	}
}

// anyClosed reports whether any work of a fulfilment is done, which it is not for most of its events.
func anyClosed(facts []*timeline.Fact) bool {
	for _, f := range facts {
		if f.LineClosed || f.Type == event.PickShorted || f.Type == event.ManifestClosed {
			return true
		}
	}
	return false
}

// of is the claim with the order and site of a document.
func (c Claim) of(doc *timeline.Fact) Claim {
	if doc != nil {
		c.Order, c.Site = doc.Doc.Order, doc.Doc.Site
	}
	return c
}
