package feature

import (
	"cmp"

	"andon/detectors/timeline"
	"andon/schemas/event"
)

// supersedes reports whether document a stands above document b: the higher revision, then the later, then the larger content hash.
func supersedes(a, b *timeline.Fact) bool {
	if b == nil {
		return true
	}
	return cmp.Or(cmp.Compare(a.Revision, b.Revision), cmp.Compare(a.Time, b.Time), cmp.Compare(a.Content, b.Content)) > 0
}

// inForce is the document of a type that held at an instant, and how many there were until then.
func inForce(facts []*timeline.Fact, typ event.Type, now event.Micros) (doc *timeline.Fact, documents int64) {
	for _, f := range facts {
		if f.Time > now {
			break
		}
		if f.Type == typ {
			documents++
			if supersedes(f, doc) {
				doc = f
			}
		}
	}
	return doc, documents
}

// lines is what is counted of the lines of an advice or an order.
type lines struct {
	all, weighed, lots, priced, broken int64
	pieces                             int64 // thousandths, of the lines that are not weighed
	largest, smallest                  int64 // quantity of such a line, thousandths; smallest 0: none
}

func linesOf(d *timeline.Document) (n lines) {
	n.all = int64(len(d.Lines))
	for i := range d.Lines {
		l := &d.Lines[i]
		n.lots += one(l.Lot != "")
		n.priced += one(l.Currency != "")
		if l.Weighed {
			n.weighed++
			continue
		}
		n.pieces += l.Qty
		n.largest = max(n.largest, l.Qty)
		if l.Qty > 0 && (n.smallest == 0 || l.Qty < n.smallest) {
			n.smallest = l.Qty
		}
		n.broken += one(l.Qty%1000 != 0)
	}
	return n
}

func one(is bool) int64 {
	if is {
		return 1
	}
	return 0
}
