package rule

import (
	"cmp"

	"andon/detectors/timeline"
	"andon/schemas/event"
)

// shipment is what the carrier rules share.
type shipment struct {
	manifest  *timeline.Fact // in force: the latest
	announced *timeline.Fact // the first manifest or label scan
	again     *timeline.Fact // the last manifest or label scan
	physical  *timeline.Fact // the first scan that shows the carrier holding the goods
	delivered *timeline.Fact // the first DELIVERED
	returned  *timeline.Fact // the first RTS
	damaged   *timeline.Fact // the first DAMAGED
	lost      *timeline.Fact // the first LOST
	customs   bool           // a scan shows it at a border
	cancelled bool
}

func shipmentOf(facts []*timeline.Fact) (s shipment) {
	for _, f := range facts {
		switch f.Type {
		case event.CarrierScan:
			s.scan(f)
		case event.ShipmentManifested:
			if s.manifest == nil || cmp.Or(cmp.Compare(f.Time, s.manifest.Time), cmp.Compare(f.Content, s.manifest.Content)) > 0 {
				s.manifest = f
			}
			s.announced, s.again = first(s.announced, f), f
		}
	}
	return s
}

func (s *shipment) scan(f *timeline.Fact) {
	if f.Status.Physical() {
		s.physical = first(s.physical, f)
	}
	switch f.Status {
	case event.LabelMade:
		s.announced, s.again = first(s.announced, f), f
	case event.Cancelled:
		s.cancelled = true
	case event.Delivered:
		s.delivered = first(s.delivered, f)
	case event.RTS:
		s.returned = first(s.returned, f)
	case event.Damaged:
		s.damaged = first(s.damaged, f)
	case event.Lost:
		s.lost = first(s.lost, f)
	case event.CustomsHold, event.CustomsReleased:
		s.customs = true
	default:
	}
}

// ended is the first scan that ends the journey: DELIVERED or RTS; nil while it goes on.
func (s *shipment) ended() *timeline.Fact {
	if s.delivered == nil || s.returned != nil && s.returned.Time < s.delivered.Time {
		return s.returned
	}
	return s.delivered
}

// began names the journey: when it was first announced; 0 when it never was. A tracking number that is used anew begins another.
func (s *shipment) began() event.Micros {
	if s.announced == nil {
		return 0
	}
	return s.announced.Time
}

// promise is when the shipment was to be delivered; 0 when nobody said.
func (s *shipment) promise() event.Micros {
	if s.manifest == nil {
		return 0
	}
	return s.manifest.At
}

// value is what the goods were declared to be worth, minor units of the currency.
func (s *shipment) value() (Number, string) {
	if s.manifest == nil || s.manifest.Doc.Value == 0 {
		return Number{}, ""
	}
	return N(s.manifest.Doc.Value), s.manifest.Doc.Currency
}

// first keeps the earlier of two facts; facts come in order of time.
func first(have, f *timeline.Fact) *timeline.Fact {
	if have != nil {
		return have
	}
	return f
}
