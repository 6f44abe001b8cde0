package feature

import (
	"andon/detectors/rule"
	"andon/detectors/setting"
	"andon/detectors/timeline"
	"andon/schemas/event"
)

// references sets what compares the shipment with what is usual of its carrier's service.
func (j *journey) references(r row, c *rule.Context) {
	lane := c.Reference.Lane(c.Carrier, j.service())
	r.count(caServiceClass, classRank(lane.Class))
	if usual, ok := lane.Transit(event.Accepted); ok {
		r.count(caServiceQ50S, usual.Q50S)
	}
	j.gaps(r, lane)
	j.remaining(r, lane)
}

func (j *journey) gaps(r row, lane *setting.Lane) {
	if j.last == nil {
		return
	}
	if usual, ok := lane.Gap(statusOf(j.last)); ok {
		r.over(caGapRatio, int64(j.now-j.last.Time), usual.Q99S*int64(event.Second))
	}
	if j.before == nil {
		return
	}
	if usual, ok := lane.Gap(statusOf(j.before)); ok {
		r.over(caLastGapRatio, int64(j.last.Time-j.before.Time), usual.Q99S*int64(event.Second))
	}
}

func (j *journey) remaining(r row, lane *setting.Lane) {
	promise := j.promise()
	if j.last != nil {
		if usual, ok := lane.Transit(statusOf(j.last)); ok {
			r.count(caRemainingQ50S, usual.Q50S)
			r.count(caRemainingQ80S, usual.Q80S)
			if promise != 0 {
				r.seconds(caSlackQ50S, promise-j.now-event.Micros(usual.Q50S)*event.Second)
				r.seconds(caSlackQ80S, promise-j.now-event.Micros(usual.Q80S)*event.Second)
			}
		}
	}
	if began := j.began(); began != nil && promise != 0 {
		if usual, ok := lane.Transit(statusOf(began)); ok {
			r.over(caPromiseTightness, int64(promise-began.Time), usual.Q50S*int64(event.Second))
		}
	}
}

// statusOf is what a scan says; a manifest announces.
func statusOf(f *timeline.Fact) event.Status {
	if f.Type == event.ShipmentManifested {
		return event.LabelMade
	}
	return f.Status
}

// service is what the manifest in force says the carrier's service is.
func (j *journey) service() string {
	if j.manifest == nil {
		return ""
	}
	return j.manifest.Doc.Service
}

func classRank(c setting.Class) int64 {
	switch c {
	case setting.Express:
		return 1
	case setting.Economy:
		return 3
	default:
		return 2
	}
}
