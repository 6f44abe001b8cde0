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
	physical  *timeline.Fact // the first scan that shows the carrier holding the goods
	delivered *timeline.Fact // the first DELIVERED
	cancelled bool
}

func shipmentOf(facts []*timeline.Fact) (s shipment) {
	for _, f := range facts {
		switch {
		case f.Type == event.ShipmentManifested:
			if s.manifest == nil || cmp.Or(cmp.Compare(f.Time, s.manifest.Time), cmp.Compare(f.Content, s.manifest.Content)) > 0 {
				s.manifest = f
			}
			s.announced = first(s.announced, f)
		case f.Type != event.CarrierScan:
		case f.Status == event.LabelMade:
			s.announced = first(s.announced, f)
		case f.Status == event.Cancelled:
			s.cancelled = true
		case f.Status.Physical():
			s.physical = first(s.physical, f)
			if f.Status == event.Delivered {
				s.delivered = first(s.delivered, f)
			}
		}
	}
	return s
}

// first keeps the earlier of two facts; facts come in order of time.
func first(have, f *timeline.Fact) *timeline.Fact {
	if have != nil {
		return have
	}
	return f
}
