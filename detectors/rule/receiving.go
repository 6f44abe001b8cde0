package rule

import (
	"cmp"
	"math"

	"andon/detectors/timeline"
	"andon/schemas/event"
)

// receiving is what the quantity rules of the ASN family share: the advice in force, when receiving ended, and the sums per advised item.
type receiving struct {
	doc      *timeline.Fact // the despatch advice in force; nil when there is none or it was cancelled
	close    *timeline.Fact // the first receipt.closed; nil when there is none
	last     *timeline.Fact // the last receipt line
	closedAt event.Micros   // when receiving ended or will count as ended; 0 when nothing has arrived
}

type itemKey struct{ item, lot string }

// itemSum compares one advised item and lot with what was received of it, in thousandths of the base unit.
type itemSum struct {
	itemKey
	weighed  bool
	advised  int64
	received int64
	byClose  int64        // the part of received by the end of receiving
	lastAt   event.Micros // of the item's receipt lines
	unknown  bool         // lines without a lot arrived of an item advised by lot
}

func receivingOf(c *Context, idle event.Micros) (r receiving) {
	cancelled := int32(-1)
	for _, f := range c.Facts {
		switch f.Type {
		case event.ASNDespatched:
			if r.doc == nil || supersedes(f, r.doc) {
				r.doc = f
			}
		case event.ASNCancelled:
			cancelled = max(cancelled, f.Revision)
			if f.Revision == 0 { // one that names no revision cancels them all
				cancelled = math.MaxInt32
			}
		case event.ReceiptLine:
			r.last = f
		case event.ReceiptClosed:
			if r.close == nil {
				r.close = f
			}
		}
	}
	if r.doc != nil && r.doc.Revision <= cancelled {
		r.doc = nil
	}
	switch {
	case r.close != nil:
		r.closedAt = r.close.Time
	case r.last != nil:
		r.closedAt = r.last.Time + idle
	}
	return r
}

// supersedes reports whether document a stands above document b: the higher revision, then the later, then the larger content hash.
func supersedes(a, b *timeline.Fact) bool {
	return cmp.Or(cmp.Compare(a.Revision, b.Revision), cmp.Compare(a.Time, b.Time), cmp.Compare(a.Content, b.Content)) > 0
}

// sums compares advice and receipts item by item, in the order of the advice. Received lots are matched to the advised lot, else to an advice
// of the item without lot. What was never advised is another rule's matter.
func (r *receiving) sums(c *Context) []itemSum {
	if c.items == nil {
		c.items = map[itemKey]*itemSum{}
	}
	clear(c.items)
	c.sums = c.sums[:0]
	if n := len(r.doc.Lines); cap(c.sums) < n {
		c.sums = make([]itemSum, 0, n) // pointers into it must hold
	}
	byLot := map[string]bool(nil)
	for i := range r.doc.Lines {
		l := &r.doc.Lines[i]
		key := itemKey{l.Item, l.Lot}
		s := c.items[key]
		if s == nil {
			c.sums = append(c.sums, itemSum{itemKey: key, weighed: l.Weighed})
			s = &c.sums[len(c.sums)-1]
			c.items[key] = s
		}
		s.advised += l.Qty
		if l.Lot != "" {
			if byLot == nil {
				byLot = map[string]bool{}
			}
			byLot[l.Item] = true
		}
	}
	for _, f := range c.Facts {
		if f.Type == event.ReceiptLine {
			r.receive(c, f, byLot)
		}
	}
	return c.sums
}

func (r *receiving) receive(c *Context, f *timeline.Fact, byLot map[string]bool) {
	s := c.items[itemKey{f.Item, f.Lot}]
	if s == nil {
		s = c.items[itemKey{item: f.Item}]
	}
	if s == nil {
		if f.Lot == "" && byLot[f.Item] {
			for i := range c.sums {
				c.sums[i].unknown = c.sums[i].unknown || c.sums[i].item == f.Item
			}
		}
		return
	}
	s.received += f.Qty
	s.lastAt = max(s.lastAt, f.Time)
	if f.Time <= r.closedAt {
		s.byClose += f.Qty
	}
}

// evidence names the documents and the receipt lines of one item.
func (r *receiving) evidence(c *Context, s *itemSum, out *Verdicts) {
	out.Evidence(r.doc, r.close)
	for _, f := range c.Facts {
		if f.Type == event.ReceiptLine && f.Item == s.item && (s.lot == "" || f.Lot == s.lot) {
			out.Evidence(f)
		}
	}
}

// share is the part of a quantity that a tolerance in basis points allows, rounded down; 0 for goods counted in pieces.
func share(quantity, basisPoints int64, weighed bool) int64 {
	if !weighed {
		return 0
	}
	return quantity * basisPoints / 10_000
}

// endedReceiving gives the quantity rules their start: false when there is nothing to judge yet, which it has then said.
func endedReceiving(c *Context, idleSeconds int64, out *Verdicts) (receiving, bool) {
	r := receivingOf(c, event.Micros(idleSeconds)*event.Second)
	switch {
	case r.doc == nil:
		out.Abstain("advised quantity")
	case r.closedAt == 0:
	case c.Now < r.closedAt: // lines counted before it may still be on their way
		out.Add(Verdict{Kind: Waits, Next: r.closedAt})
	default:
		return r, true
	}
	return r, false
}
