// Package unitcost says what the facts of one entity cost: a claim for each piece of work, carton and shipment that is done. Claims are a function
// of the facts and the rates alone; what changed is the difference between the claims before and after a fact.
package unitcost

import (
	"andon/detectors/keyed"
	"andon/detectors/setting"
	"andon/detectors/timeline"
	"andon/schemas/cost"
	"andon/schemas/event"
	"andon/schemas/exception"
)

// Claim is one absolute cost. Strings share the memory of the facts.
type Claim struct {
	Component  cost.Component
	Part       string // see cost.Component
	Fact       uint64 // names the part where it has no name of its own
	Order      string
	Site       string
	Item       string
	IncurredAt event.Micros
	Basis      cost.Basis
	Work       event.Micros // priced time; 0 for what is not labour
	Qty        int64        // thousandths
	Amount     int64        // millionths of a minor unit
	Currency   string       // empty: the amount is unknown

	closed  bool // the piece of work is done
	unknown bool // some of its work is not known
}

// Book works out claims. It holds rates and memory that it uses again.
type Book struct {
	Rates setting.Costs

	lines   keyed.List[string, int] // where the claim of an order line stands
	cartons keyed.List[uint32, carton]
	batch   []*timeline.Fact // what is of one kind and instant
}

// Of appends to the list what the live facts of an entity of the family claim, in a fixed order.
func (b *Book) Of(family event.Family, facts []*timeline.Fact, list []Claim) []Claim {
	rates := &b.Rates
	switch family {
	case event.ASN:
		return b.receiving(facts, list)
	case event.Carrier:
		return freight(facts, rates, list)
	case event.PickPack:
		return b.packing(facts, b.picking(facts, list))
	}
	return list
}

// Touches reports whether a fact of this kind can change any claim. One that is later than all others begins work at most, which is claimed when it
// ends.
func Touches(f *timeline.Fact, latest bool) bool {
	switch f.Type {
	case event.CarrierScan:
		return f.Status == event.Cancelled
	case event.CarrierETA, event.LabelCreated, event.ASNCancelled, event.ReceiptClosed:
		return false
	case event.PickStarted, event.PackStarted, event.PackItem:
		return !latest
	default:
		return true
	}
}

// Same reports whether two claims are about the same piece.
func (c *Claim) Same(d *Claim) bool {
	return c.Component == d.Component && c.Part == d.Part && c.Fact == d.Fact
}

// labour prices work that began at an instant, 0 when that is not known, and ended at another: the span, cut at the pause, is divided over the
// facts of that instant by quantity. Without a begin the work is assumed to take the standard seconds, nil when nobody said.
type labour struct {
	began    event.Micros
	standard *int64
	pauseS   int64
}

// of adds the work of one fact to its claim.
func (l *labour) of(c *Claim, f *timeline.Fact, batch []*timeline.Fact, rates *setting.Costs) {
	work := event.Micros(0)
	switch {
	case l.began != 0:
		work = l.part(f, batch)
		if c.Basis == "" {
			c.Basis = cost.Measured
		}
	case l.standard != nil:
		work, c.Basis = event.Micros(*l.standard)*event.Second, cost.Assumed
	default:
		c.Basis, c.unknown = cost.Assumed, true
	}
	c.Work += work
	if c.Amount, c.Currency = 0, ""; rates.LabourMinorPerH != nil && !c.unknown { // microseconds at minor units an hour: millionths of a minor unit, times 3600
		c.Amount, c.Currency = exception.MulDiv(int64(c.Work), *rates.LabourMinorPerH, 3600), rates.Currency
	}
}

// part is the share of one fact in the span of its batch.
func (l *labour) part(f *timeline.Fact, batch []*timeline.Fact) event.Micros {
	n := event.Micros(len(batch))
	span := f.Time - l.began
	if l.pauseS > 0 {
		span = min(span, event.Micros(l.pauseS)*event.Second*n)
	}
	total := int64(0)
	for _, b := range batch {
		total += b.Qty
	}
	if total == 0 {
		return span / n
	}
	return event.Micros(exception.MulDiv(int64(span), f.Qty, total))
}

// instant is the facts from the front that are of the same instant.
func instant(facts []*timeline.Fact) []*timeline.Fact {
	n := 1
	for n < len(facts) && facts[n].Time == facts[0].Time {
		n++
	}
	return facts[:n]
}
