package oracle

import (
	"slices"

	"andon/schemas/event"
)

// dwelt: CA-03, the last time that a shipment lay still for too long, from the first scan by the carrier to the end of the journey.
func (s *story) dwelt(announced []fact) {
	held := where(s.of(event.CarrierScan), func(r fact) bool { return r.Status.Physical() })
	if len(held) == 0 || len(s.scans(event.Cancelled)) > 0 {
		return
	}
	scans := where(s.of(event.CarrierScan), func(r fact) bool { return r.Time >= first(held) })
	if i := slices.IndexFunc(scans, func(r fact) bool { return r.Status == event.Delivered || r.Status == event.RTS }); i >= 0 {
		scans = scans[:i+1]
	}
	abroad := len(s.scans(event.CustomsHold, event.CustomsReleased)) > 0
	lost := s.span("CA-03", "lost_s", 604_800)
	var x *Exception
	for i, r := range scans {
		limit, ok := s.patience(r)
		if !ok || !abroad && limit >= lost {
			continue
		}
		stops := event.MaxTime // when the silence ends, or is another rule's
		if !abroad {
			stops = r.Time + lost
		}
		over := s.end >= r.Time+limit
		if i+1 < len(scans) {
			over = scans[i+1].Time > r.Time+limit
			stops = min(stops, scans[i+1].Time)
		}
		if !over {
			continue
		}
		x = &Exception{OpenedAt: r.Time + limit, Expected: int64(limit / event.Second), Observed: Unknown, Delta: Unknown}
		if i+1 < len(scans) || s.end >= stops {
			x.ClearedAt, x.Observed, x.Delta = stops, int64((stops-r.Time)/event.Second), int64((stops-x.OpenedAt)/event.Second)
		}
	}
	if x != nil {
		s.report("CA-03", episode("journey", first(announced).String()), *x)
	}
}

// patience is how long nothing need be heard after a scan; false for ever, or unknown.
func (s *story) patience(r fact) (event.Micros, bool) {
	gap, ok := s.at(s.usual.Gap, r.Status)
	if slices.Contains([]event.Status{event.AvailablePickup, event.Lost, event.Damaged, event.Delivered, event.RTS}, r.Status) {
		ok = false
	}
	floor := s.span("CA-03", "floor_ground_s", 172_800)
	switch s.class() {
	case "express":
		floor = s.span("CA-03", "floor_express_s", 86_400)
	case "economy":
		floor = s.span("CA-03", "floor_economy_s", 259_200)
	}
	return max(floor, event.Micros(gap[1])*event.Second), ok
}
