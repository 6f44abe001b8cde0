package rule

import (
	"cmp"
	"math"

	"andon/detectors/timeline"
	"andon/schemas/event"
)

// receiving is what the rules of the ASN family share: the advice in force, when advice and goods came, and the sums per advised item.
type receiving struct {
	doc   *timeline.Fact // the despatch advice in force; nil when there is none or it was cancelled
	close *timeline.Fact // the first receipt.closed; nil when there is none
	first *timeline.Fact // the first receipt line; nil when nothing has arrived
	last  *timeline.Fact // the last receipt line
	sent  event.Micros   // when the first advice that was not cancelled came to be known; 0 when there is none
}

func receivingOf(facts []*timeline.Fact) (r receiving) {
	cancelled := int32(-1)
	for _, f := range facts {
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
			r.first, r.last = first(r.first, f), f
		case event.ReceiptClosed:
			r.close = first(r.close, f)
		}
	}
	if r.doc == nil || r.doc.Revision <= cancelled {
		r.doc = nil
		return r
	}
	for _, f := range facts {
		if f.Type == event.ASNDespatched && f.Revision > cancelled && (r.sent == 0 || f.Doc.First < r.sent) {
			r.sent = f.Doc.First
		}
	}
	return r
}

// supersedes reports whether document a stands above document b: the higher revision, then the later, then the larger content hash.
func supersedes(a, b *timeline.Fact) bool {
	return cmp.Or(cmp.Compare(a.Revision, b.Revision), cmp.Compare(a.Time, b.Time), cmp.Compare(a.Content, b.Content)) > 0
}

// closedAt is when receiving ended or will count as ended; 0 when nothing has arrived.
func (r *receiving) closedAt(idle event.Micros) event.Micros {
	switch {
	case r.close != nil:
		return r.close.Time
	case r.last != nil:
		return r.last.Time + idle
	}
	return 0
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
	unitCost int64        // minor units of currency
	currency string
	closedAt event.Micros // of receiving, as byClose takes it
}

// itemSums compares advice and receipts item by item, in the order of the advice. Received lots are matched to the advised lot, else to an
// advice of the item without lot. What was never advised is another rule's matter.
func (r *receiving) itemSums(c *Context, closedAt event.Micros) []itemSum {
	s := &c.sums
	if s.known && (len(s.All) == 0 || s.All[0].closedAt == closedAt) {
		return s.All
	}
	s.begin()
	for i := range r.doc.Doc.Lines {
		l := &r.doc.Doc.Lines[i]
		key := itemKey{l.Item, l.Lot}
		sum := s.Find(key)
		if sum == nil {
			sum = s.Add(key)
			*sum = itemSum{itemKey: key, weighed: l.Weighed, unitCost: l.UnitCost, currency: l.Currency, closedAt: closedAt}
		}
		sum.advised += l.Qty
	}
	for _, f := range c.Facts {
		if f.Type == event.ReceiptLine {
			r.receive(c, f, closedAt)
		}
	}
	return s.All
}

func (r *receiving) receive(c *Context, f *timeline.Fact, closedAt event.Micros) {
	s := c.sums.Find(itemKey{f.Item, f.Lot})
	if s == nil {
		s = c.sums.Find(itemKey{item: f.Item})
	}
	if s == nil {
		if f.Lot == "" {
			for i := range c.sums.All {
				sum := &c.sums.All[i]
				sum.unknown = sum.unknown || sum.item == f.Item
			}
		}
		return
	}
	s.received += f.Qty
	s.lastAt = max(s.lastAt, f.Time)
	if f.Time <= closedAt {
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
func endedReceiving(c *Context, idleSeconds int64, out *Verdicts) (r *receiving, closedAt event.Micros, ok bool) {
	r = c.receiving.of(c.Facts, receivingOf)
	closedAt = r.closedAt(event.Micros(idleSeconds) * event.Second)
	switch {
	case r.doc == nil:
		out.Abstain("advised quantity")
	case closedAt == 0:
	case c.Now < closedAt: // lines counted before it may still be on their way
		out.Wait(closedAt)
	default:
		return r, closedAt, true
	}
	return r, closedAt, false
}

// advisedWorth is what all goods of the advice are worth, and the currency; unknown when a line's cost is, or currencies differ.
func (r *receiving) advisedWorth() (sum Number, currency string) {
	for i := range r.doc.Doc.Lines {
		l := &r.doc.Doc.Lines[i]
		w := worth(l.Qty, l.UnitCost, l.Currency)
		if !w.Known || i > 0 && l.Currency != currency || sum.Value > math.MaxInt64-w.Value {
			return Number{}, ""
		}
		sum, currency = N(sum.Value+w.Value), l.Currency
	}
	return sum, currency
}

// unitCost is what the advice says an item costs, minor units of the currency; no currency: unknown.
func (r *receiving) unitCost(item string) (minor int64, currency string) {
	if r.doc == nil {
		return 0, ""
	}
	for i := range r.doc.Doc.Lines {
		if l := &r.doc.Doc.Lines[i]; l.Item == item {
			return l.UnitCost, l.Currency
		}
	}
	return 0, ""
}
