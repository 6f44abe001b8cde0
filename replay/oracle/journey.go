package oracle

import (
	"cmp"
	"slices"

	"andon/schemas/event"
)

// journey is what the rules of the carrier family say.
func (s *story) journey() {
	announced := where(s.facts, func(r fact) bool {
		return r.Type == event.ShipmentManifested || r.Type == event.CarrierScan && r.Status == event.LabelMade
	})
	s.firstScan(announced)
	s.promise()
	s.dwelt(announced)
	s.forecast(announced)
	s.returned(announced)
	s.lost(announced)
	s.silent(announced)
	s.regressed(announced)
}

// firstScan: CA-02. A label that was cancelled expects no scan.
func (s *story) firstScan(announced []fact) {
	if len(announced) == 0 || len(s.scans(event.Cancelled)) > 0 {
		return
	}
	due := first(announced) + s.span("CA-02", "warn_s", 86_400)
	seen := where(s.of(event.CarrierScan), func(r fact) bool { return r.Status.Physical() })
	s.deadline("CA-02", 0, due, due, first(seen))
}

// promise: CA-04. The promise is the last manifest's; if that states none there is none.
func (s *story) promise() {
	manifests := s.of(event.ShipmentManifested)
	if len(manifests) == 0 || len(s.scans(event.Cancelled)) > 0 {
		return
	}
	last := slices.MaxFunc(manifests, after)
	if last.PromiseDeliverBy == 0 {
		return
	}
	due := last.PromiseDeliverBy + s.span("CA-04", "grace_s", 7_200)
	s.deadline("CA-04", last.Time, last.PromiseDeliverBy, due, first(s.scans(event.Delivered)))
}

// returned: CA-08.
func (s *story) returned(announced []fact) {
	if back := s.scans(event.RTS); len(back) > 0 {
		s.report("CA-08", episode("milestone", "RTS", "journey", first(announced).String()), Exception{OpenedAt: first(back), Expected: Unknown, Observed: Unknown, Delta: Unknown})
	}
}

// lost: CA-13 where the carrier says so. What was lost and is scanned again is found.
func (s *story) lost(announced []fact) {
	for _, status := range []event.Status{event.Damaged, event.Lost} {
		said := s.scans(status)
		if len(said) == 0 {
			continue
		}
		x := Exception{OpenedAt: first(said), Expected: Unknown, Observed: Unknown, Delta: Unknown}
		if status == event.Lost {
			x.ClearedAt = first(where(s.of(event.CarrierScan), func(r fact) bool {
				return r.Time > first(said) && r.Status.Physical() && r.Status != event.Lost && r.Status != event.Damaged
			}))
		}
		s.report("CA-13", episode("milestone", status.String(), "journey", first(announced).String()), x)
	}
}

// silent: CA-13 where nothing is heard, from the announcement or the first scan until the journey ends. At customs nobody knows how long is too
// long, and a parcel that waits for its receiver, is lost or damaged needs no scan.
func (s *story) silent(announced []fact) {
	seen := where(s.of(event.CarrierScan), func(r fact) bool { return r.Status.Physical() })
	if len(announced)+len(seen) == 0 || len(s.scans(event.CustomsHold, event.CustomsReleased, event.Cancelled)) > 0 {
		return
	}
	heard := s.of(event.CarrierScan)
	if manifests := s.of(event.ShipmentManifested); len(manifests) > 0 && (len(heard) == 0 || manifests[0].Time < heard[0].Time) {
		heard = append(manifests[:1:1], heard...)
	}
	over := s.scans(event.Delivered, event.RTS)
	for i, r := range heard {
		if len(over) > 0 && r.Time >= first(over) {
			break
		}
		if slices.Contains([]event.Status{event.AvailablePickup, event.Lost, event.Damaged}, r.Status) {
			continue
		}
		var next event.Micros
		if i+1 < len(heard) {
			next = heard[i+1].Time
		}
		due := r.Time + s.span("CA-13", "silence_s", 604_800)
		s.deadline("CA-13", 0, due, due, next)
	}
}

// regressed: CA-14, from the first end of the journey on. Which journey a scan is of is not known once the number was announced again.
func (s *story) regressed(announced []fact) {
	ends := append(s.scans(event.Delivered), s.scans(event.RTS)...)
	if len(ends) == 0 {
		return
	}
	end := slices.MinFunc(ends, func(a, b fact) int { return cmp.Compare(a.Time, b.Time) })
	if end.Facility == "" || latest(announced) > end.Time {
		return
	}
	elsewhere := where(s.of(event.CarrierScan), func(r fact) bool {
		return r.Time > end.Time+s.span("CA-14", "grace_s", 1_800) && onItsWay(r.Status) && r.Facility != "" && r.Facility != end.Facility
	})
	if len(elsewhere) > 0 {
		off := int64((first(elsewhere) - end.Time) / event.Second)
		s.report("CA-14", episode("journey", first(announced).String()), Exception{OpenedAt: first(elsewhere), Expected: Unknown, Observed: Unknown, Delta: off})
	}
}

// onItsWay reports whether a scan shows goods that have not arrived.
func onItsWay(s event.Status) bool {
	return s.Physical() && !slices.Contains([]event.Status{event.Delivered, event.RTS, event.Damaged, event.Lost}, s)
}
