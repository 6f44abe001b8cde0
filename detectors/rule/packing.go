package rule

import (
	"andon/detectors/keyed"
	"andon/detectors/timeline"
	"andon/schemas/event"
)

// packing is what the pack rules share.
type packing struct {
	closed *timeline.Fact // the last pack.closed; nil while a carton that was opened is open
	last   event.Micros   // of the picks and packs
	packed bool           // some item was packed
	picked bool           // some item was picked
	blank  bool           // a pick or pack does not say of what item
}

func packingOf(facts []*timeline.Fact) (p packing) {
	var opened *timeline.Fact // the last
	cartons := 0
	for i, f := range facts {
		switch f.Type {
		case event.PackStarted:
			opened = f
			cartons++
		case event.PackClosed:
			p.closed = f
		case event.PackItem:
			p.packed, p.blank = true, p.blank || f.Item == ""
		case event.PickConfirmed:
			p.picked, p.blank = true, p.blank || f.Item == ""
		default:
			continue
		}
		p.last = facts[i].Time
	}
	if p.closed != nil && opened != nil && (cartons > 1 || opened.Place != p.closed.Place || opened.Time > p.closed.Time) && anyOpen(facts) {
		p.closed = nil
	}
	return p
}

// anyOpen reports whether a carton was opened and not closed at that instant or since. Cartons without an id are one carton.
func anyOpen(facts []*timeline.Fact) bool {
	var closed, opened keyed.List[uint32, *timeline.Fact] // the last of each carton
	for _, f := range facts {
		switch f.Type {
		case event.PackStarted:
			keepLast(&opened, f)
		case event.PackClosed:
			keepLast(&closed, f)
		default:
		}
	}
	for _, f := range opened.All {
		if c := closed.Find(f.Place); c == nil || (*c).Time < f.Time {
			return true
		}
	}
	return false
}

func keepLast(l *keyed.List[uint32, *timeline.Fact], f *timeline.Fact) {
	last := l.Find(f.Place)
	if last == nil {
		last = l.Add(f.Place)
	}
	*last = f
}

// packedItem compares what was picked of an item with what was packed, in thousandths of the base unit.
type packedItem struct {
	item           string
	picked, packed int64
	byClose        int64 // the part of packed, less that of picked, by the close
	lastAt         event.Micros
}

// packedItems sums picks and packs per item, in the order in which the items come up; closedAt is when all cartons were closed.
func packedItems(c *Context, closedAt event.Micros) []packedItem {
	s := &c.packed
	s.begin()
	for _, f := range c.Facts {
		if f.Type != event.PickConfirmed && f.Type != event.PackItem {
			continue
		}
		p := s.Find(f.Item)
		if p == nil {
			p = s.Add(f.Item)
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
	return s.All
}
