package oracle

import (
	"slices"

	"andon/schemas/event"
)

// Usual is what is usual. Names are carrier, service and status, site, or item; an empty one is any.
type Usual struct {
	Class     map[[2]string]string   // carrier and service: express or economy; any other is ground
	Gap       map[[3]string][2]int64 // seconds to the next scan: 90 and 99 of 100 are faster
	Transit   map[[3]string][2]int64 // seconds to the delivery: half and 80 of 100 are faster
	Timed     []Timed                // transit at a time of the journey
	Durations []Duration
	Weight    map[string][2]int64 // of a unit: grams, and its deviation in milligrams
	Carton    map[string][2]int64 // of an empty carton of a site, likewise
}

// Duration is what picks take at a site, up to a quantity: the median in milliseconds, and the deviation of the logarithm in millionths.
type Duration struct {
	Site                     string
	QtyMilli                 int64 // 0: any
	MedianMS, DeviationMicro int64
}

// Timed is the time to the delivery after a scan on a day of the journey, the first is 1, from one hour to before another.
type Timed struct {
	Leg             [3]string // carrier, service and status
	Day, FromH, ToH int64
	HalfS, MostS    int64 // half and 80 of 100 are faster
}

// rest is what is left of the way after a scan: as at that time of the journey, else as at any.
func (s *story) rest(r fact, announced event.Micros) ([2]int64, bool) {
	day, hour := int64(r.Time/event.Day-announced/event.Day)+1, int64(r.Time%event.Day/event.Hour)
	then := map[[3]string][2]int64{}
	for _, t := range s.usual.Timed {
		if t.Day == day && t.FromH <= hour && hour < t.ToH {
			then[t.Leg] = [2]int64{t.HalfS, t.MostS}
		}
	}
	if found, ok := s.at(then, r.Status); ok {
		return found, true
	}
	return s.at(s.usual.Transit, r.Status)
}

// at looks a scan up: by its status before any, and each time by carrier and service, by carrier, by neither.
func (s *story) at(table map[[3]string][2]int64, status event.Status) ([2]int64, bool) {
	carrier, service := s.facts[0].Carrier, ""
	if manifests := s.of(event.ShipmentManifested); len(manifests) > 0 {
		service = slices.MaxFunc(manifests, after).Service
	}
	for _, st := range []string{status.String(), ""} {
		for _, who := range [][2]string{{carrier, service}, {carrier, ""}, {"", ""}} {
			if found, ok := table[[3]string{who[0], who[1], st}]; ok {
				return found, true
			}
		}
	}
	return [2]int64{}, false
}

// class is the speed of the service.
func (s *story) class() string {
	service := ""
	if manifests := s.of(event.ShipmentManifested); len(manifests) > 0 {
		service = slices.MaxFunc(manifests, after).Service
	}
	return s.usual.Class[[2]string{s.facts[0].Carrier, service}]
}

// site is the building that the last document naming one names.
func (s *story) site() (name string) {
	for _, r := range s.of(event.OrderReleased) {
		if r.Site != "" {
			name = r.Site
		}
	}
	return name
}

// took is what picks of a quantity take: the entry of the site for the least quantity that is enough, or else that of any site.
func (s *story) took(qty int64) (best Duration, ok bool) {
	for _, site := range []string{s.site(), ""} {
		for _, d := range s.usual.Durations {
			enough := d.QtyMilli == 0 || qty <= d.QtyMilli
			better := !ok || best.QtyMilli == 0 || d.QtyMilli != 0 && d.QtyMilli < best.QtyMilli
			if d.Site == site && enough && better {
				best, ok = d, true
			}
		}
		if ok {
			return best, true
		}
	}
	return best, false
}
