package feature

import (
	"andon/detectors/rule"
	"andon/schemas/event"
)

func fillCarrier(r row, c *rule.Context) {
	j := journeyOf(c.Facts, c.Now)
	j.spans(r)
	j.counts(r)
	j.references(r, c)
	r.count(caHourOfWeekH, hourOfWeek(j.now))
	r.count(caHourOfDayH, hourOfWeek(j.now)%24)
	if j.manifest != nil && j.manifest.Weight > 0 {
		r.count(caWeightG, j.manifest.Weight)
	}
}

// spans sets what follows from the times of the shipment's own facts.
func (j *journey) spans(r row) {
	promise, began := j.promise(), j.began()
	if promise != 0 {
		r.seconds(caSlackS, promise-j.now)
		r.count(caWeekendInPath, weekendDays(j.now, promise))
	}
	if promise != 0 && began != nil {
		r.seconds(caPromisedS, promise-began.Time)
		r.over(caElapsedFrac, int64(j.now-began.Time), int64(promise-began.Time))
	}
	if j.announced != nil {
		r.seconds(caSinceManifestS, j.now-j.announced.Time)
	}
	if j.accepted != nil {
		r.seconds(caSinceAcceptedS, j.now-j.accepted.Time)
	}
	if j.announced != nil && j.accepted != nil {
		r.seconds(caFirstScanDelayS, j.accepted.Time-j.announced.Time)
	}
	if j.last != nil {
		r.seconds(caGapS, j.now-j.last.Time)
	}
	if j.before != nil {
		r.seconds(caLastGapS, j.last.Time-j.before.Time)
		r.seconds(caLongestGapS, j.longest)
	}
	if j.lastETA != 0 {
		r.seconds(caEddDriftS, j.lastETA-j.firstETA)
	}
	if j.lastETA != 0 && promise != 0 {
		r.seconds(caEddSlackS, promise-j.lastETA)
	}
}

// counts sets what is counted of the scans.
func (j *journey) counts(r row) {
	r.count(caScans, j.scans)
	r.count(caHops, j.count(event.ArrivedFacility))
	r.count(caMoves, j.moves)
	r.count(caStatusRank, progress(j.progress))
	r.count(caExcDelayed, j.count(event.Delayed))
	r.count(caExcAttempt, j.count(event.AttemptFailed))
	r.count(caExcAddress, j.count(event.AddressIssue))
	r.count(caExcCustoms, j.count(event.CustomsHold))
	r.count(caExcDamage, j.count(event.Damaged, event.Lost))
	r.count(caExcReturn, j.count(event.Refused, event.RTS))
	r.count(caExcUnmapped, j.count(event.Unmapped))
	r.count(caEddRevs, j.revisions)
}
