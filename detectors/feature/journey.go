package feature

import (
	"cmp"

	"andon/detectors/timeline"
	"andon/schemas/event"
)

// journey is what was known of a shipment at an instant.
type journey struct {
	now       event.Micros
	manifest  *timeline.Fact // in force: the latest
	announced *timeline.Fact // the first manifest or label scan
	accepted  *timeline.Fact // the first scan that shows the carrier holding the goods
	last      *timeline.Fact // the latest scan, or before the first the manifest
	before    *timeline.Fact // the scan before it
	placed    *timeline.Fact // the latest scan that names a facility
	progress  event.Status   // of the latest scan that says how far it is

	firstETA, lastETA event.Micros
	revisions         int64 // changes of the ETA

	longest  event.Micros // between two scans
	scans    int64
	moves    int64 // scans at another facility than the scan before
	statuses [event.Unmapped + 1]int64
}

func journeyOf(facts []*timeline.Fact, now event.Micros) (j journey) {
	j.now = now
	for _, f := range facts {
		if f.Time > now {
			break
		}
		switch f.Type {
		case event.ShipmentManifested:
			j.manifested(f)
		case event.CarrierScan:
			j.scan(f)
		case event.CarrierETA:
			j.expected(f.At)
		default:
		}
	}
	return j
}

func (j *journey) manifested(f *timeline.Fact) {
	if j.manifest == nil || cmp.Or(cmp.Compare(f.Time, j.manifest.Time), cmp.Compare(f.Content, j.manifest.Content)) > 0 {
		j.manifest = f
	}
	if j.announced == nil {
		j.announced = f
	}
	if j.last == nil {
		j.last = f
	}
}

func (j *journey) scan(f *timeline.Fact) {
	if j.announced == nil && f.Status == event.LabelMade {
		j.announced = f
	}
	if j.accepted == nil && f.Status.Physical() {
		j.accepted = f
	}
	if j.last != nil {
		j.longest = max(j.longest, f.Time-j.last.Time)
	}
	j.before, j.last = j.last, f
	if f.Place != 0 {
		if j.placed != nil && j.placed.Place != f.Place {
			j.moves++
		}
		j.placed = f
	}
	if progress(f.Status) > 0 {
		j.progress = f.Status
	}
	j.scans++
	j.statuses[f.Status]++
}

func (j *journey) expected(at event.Micros) {
	if at == 0 {
		return
	}
	if j.firstETA == 0 {
		j.firstETA = at
	} else if at != j.lastETA {
		j.revisions++
	}
	j.lastETA = at
}

// promise is when the shipment was to be delivered; 0 when nobody said.
func (j *journey) promise() event.Micros {
	if j.manifest == nil {
		return 0
	}
	return j.manifest.At
}

// began is the first scan by the carrier, and before it the announcement; nil when there is neither.
func (j *journey) began() *timeline.Fact {
	if j.accepted != nil {
		return j.accepted
	}
	return j.announced
}

// count is how many scans had one of some statuses.
func (j *journey) count(statuses ...event.Status) (n int64) {
	for _, s := range statuses {
		n += j.statuses[s]
	}
	return n
}

// progress is how far a shipment is that was scanned with a status; 0 when the status does not tell.
func progress(s event.Status) int64 {
	switch s {
	case event.LabelMade:
		return 1
	case event.Accepted:
		return 2
	case event.ArrivedFacility, event.DepartedFacility, event.InTransit, event.CustomsHold, event.CustomsReleased:
		return 3
	case event.OutForDelivery, event.AttemptFailed:
		return 4
	case event.AvailablePickup:
		return 5
	case event.Delivered:
		return 6
	case event.RTS, event.Refused:
		return 7
	default:
		return 0
	}
}
