package rule

import (
	"andon/detectors/timeline"
	"andon/schemas/event"
)

// packing is what the pack rules share.
type packing struct {
	closed *timeline.Fact // the last pack.closed; nil while a carton that was opened is open
	packed bool           // some item was packed
	picked bool           // some item was picked
	blank  bool           // a pick or pack does not say of what item
}

func packingOf(facts []*timeline.Fact) (p packing) {
	for _, f := range facts {
		switch f.Type {
		case event.PackStarted:
			p.closed = nil
		case event.PackClosed:
			p.closed = f
		case event.PackItem:
			p.packed, p.blank = true, p.blank || f.Item == ""
		case event.PickConfirmed:
			p.picked, p.blank = true, p.blank || f.Item == ""
		}
	}
	if p.closed != nil && anyOpen(facts) {
		p.closed = nil
	}
	return p
}

// anyOpen reports whether a carton was opened and not closed since. Cartons without an id are one carton.
func anyOpen(facts []*timeline.Fact) bool {
	for i, f := range facts {
		if f.Type == event.PackStarted && !closedAfter(facts[i:], f.Place) {
			return true
		}
	}
	return false
}

func closedAfter(facts []*timeline.Fact, carton uint32) bool {
	for _, f := range facts {
		if f.Type == event.PackClosed && f.Place == carton {
			return true
		}
	}
	return false
}

// packedItem compares what was picked of an item with what was packed, in thousandths of the base unit.
type packedItem struct {
	item           string
	picked, packed int64
	byClose        int64 // the part of packed, less that of picked, by the close
	lastAt         event.Micros
}

func (p *packedItem) keyOf() string { return p.item }

// packedItems sums picks and packs per item, in the order in which the items come up; closedAt is when all cartons were closed.
func packedItems(c *Context, closedAt event.Micros) []packedItem {
	s := &c.packed
	s.reset()
	for _, f := range c.Facts {
		if f.Type != event.PickConfirmed && f.Type != event.PackItem {
			continue
		}
		p := s.find(f.Item, (*packedItem).keyOf)
		if p == nil {
			p = s.add(f.Item, (*packedItem).keyOf)
			*p = packedItem{item: f.Item}
		}
		qty := f.Qty
		if f.Type == event.PickConfirmed {
			p.picked += qty
			qty = -qty
		} else {
			p.packed += qty
		}
		p.lastAt = f.Time
		if f.Time <= closedAt {
			p.byClose += qty
		}
	}
	return s.list
}
