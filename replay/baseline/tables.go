package baseline

import (
	"cmp"
	"maps"
	"slices"

	"andon/detectors/rule"
	"andon/detectors/setting"
	"andon/schemas/event"
)

// buckets are the quantities, in thousandths, that picks are told apart by; 0 is any that is more.
var buckets = [...]int64{1000, 3000, 0}

// partOfDay is a sixth of a day, by which scans are told apart: shipments are delivered by day, so the rest of the way is shorter the later it is.
const partOfDay = 4 * event.Hour

// timedLeast is of how many shipments at least a transit time of a day and hours is made: there are many such, each of few.
const timedLeast = 50

// duration is which picks are alike.
type duration struct {
	site string
	most int64
}

// Median times from the first scan to the delivery up to which a service is taken for express, and for ground; seconds.
const (
	expressS = 36 * 3600
	groundS  = 84 * 3600
)

// tables sums up what was seen often enough.
func (all *samples) tables(least int) (r setting.Reference) {
	for _, at := range sorted(all.fastest) {
		if list := all.fastest[at]; len(list) >= least {
			r.Services = append(r.Services, setting.Service{Carrier: at.carrier, Service: at.service, Class: class(quantile(list, 50))})
		}
	}
	gaps, transit := general(all.gaps), general(all.transit)
	for _, at := range sorted(gaps) {
		if list := gaps[at]; len(list) >= least {
			r.Gaps = append(r.Gaps, setting.Gap{Carrier: at.carrier, Service: at.service, Status: at.status, N: int64(len(list)),
				Q90S: max(1, quantile(list, 90)), Q99S: max(1, quantile(list, 99))})
		}
	}
	for _, at := range sorted(transit) {
		if list := transit[at]; len(list) >= least {
			r.Transit = append(r.Transit, setting.Transit{Carrier: at.carrier, Service: at.service, Status: at.status, N: int64(len(list)),
				Q50S: quantile(list, 50), Q80S: quantile(list, 80)})
		}
	}
	r.Transit = append(r.Transit, all.usualTimes(max(least, timedLeast))...)
	r.Durations = all.usualDurations(least)
	for _, at := range slices.SortedFunc(maps.Keys(all.advised), place.compare) {
		if s := all.advised[at]; s.of >= int64(least) {
			r.ASNShorts = append(r.ASNShorts, setting.ASNShort{Supplier: at.where, Item: at.item, N: s.of, ShortBP: s.bp()})
		}
	}
	for _, at := range slices.SortedFunc(maps.Keys(all.ordered), place.compare) {
		if s := all.ordered[at]; s.of >= int64(least) {
			r.PickShorts = append(r.PickShorts, setting.PickShort{Site: at.where, Item: at.item, N: s.of, ShortBP: s.bp()})
		}
	}
	return r
}

// usualTimes are the times to the delivery by day and hours.
func (all *samples) usualTimes(least int) (list []setting.Transit) {
	for _, at := range slices.SortedFunc(maps.Keys(all.timed), moment.compare) {
		if took := all.timed[at]; len(took) >= least {
			list = append(list, setting.Transit{Carrier: at.carrier, Service: at.service, Status: at.status, Day: at.day,
				FromH: at.part * int64(partOfDay/event.Hour), UntilH: (at.part + 1) * int64(partOfDay/event.Hour), N: int64(len(took)), Q50S: quantile(took, 50), Q80S: quantile(took, 80)})
		}
	}
	return list
}

// usualDurations are medians, and the deviations of logarithms, of picks that are alike.
func (all *samples) usualDurations(least int) (list []setting.Duration) {
	keys := slices.SortedFunc(maps.Keys(all.durations), func(a, b duration) int {
		return cmp.Or(cmp.Compare(a.site, b.site), cmp.Compare(a.most, b.most))
	})
	for _, at := range keys {
		took := all.durations[at]
		if len(took) < least {
			continue
		}
		d := setting.Duration{Site: at.site, QtyMaxMilli: at.most, N: int64(len(took)), MedianMS: max(1, quantile(took, 50))}
		off := make([]int64, len(took))
		for i, ms := range took {
			ln := rule.LnMicro(max(1, ms)) - rule.LnMicro(d.MedianMS)
			off[i] = max(ln, -ln)
		}
		d.MADLnMicro = max(1, quantile(off, 50))
		list = append(list, d)
	}
	return list
}

func class(medianS int64) setting.Class {
	switch {
	case medianS <= expressS:
		return setting.Express
	case medianS <= groundS:
		return setting.Ground
	}
	return setting.Economy
}

// general adds, to the samples of each carrier, service and status, those of the carrier and status, and of the status alone.
func general(of map[leg][]int64) map[leg][]int64 {
	all := map[leg][]int64{}
	for at, list := range of {
		all[leg{status: at.status}] = append(all[leg{status: at.status}], list...)
		less := leg{carrier: at.carrier, status: at.status}
		all[less] = append(all[less], list...)
		if at.service != "" {
			all[at] = append(all[at], list...)
		}
	}
	return all
}

func sorted(m map[leg][]int64) []leg {
	return slices.SortedFunc(maps.Keys(m), leg.compare)
}

func (l leg) compare(m leg) int {
	return cmp.Or(cmp.Compare(l.carrier, m.carrier), cmp.Compare(l.service, m.service), cmp.Compare(status(l), status(m)))
}

func (m moment) compare(n moment) int {
	return cmp.Or(m.leg.compare(n.leg), cmp.Compare(m.day, n.day), cmp.Compare(m.part, n.part))
}

// status is the place of a status in the order of a journey.
func status(l leg) event.Status {
	s, _ := event.ParseStatus(l.status)
	return s
}

func (p place) compare(q place) int {
	return cmp.Or(cmp.Compare(p.where, q.where), cmp.Compare(p.item, q.item))
}

// bp is the share in basis points, rounded down.
func (s *share) bp() int64 { return s.short * 10_000 / s.of }

// quantile is the least value that so many of a hundred do not exceed. It sorts the list.
func quantile(list []int64, percent int) int64 {
	slices.Sort(list)
	return list[(len(list)*percent+99)/100-1]
}
