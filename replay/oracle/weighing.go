package oracle

import (
	"math/big"

	"andon/schemas/event"
)

// weighed: PA-03, of each carton at each weighing that had time to settle, the items packed by then.
func (s *story) weighed() {
	cartons := map[string][]fact{}
	for _, r := range s.of(event.PackClosed, event.LabelCreated) {
		if (r.Type == event.PackClosed || r.WeightG != 0) && r.Time+s.settles() <= s.end {
			cartons[r.CartonID] = append(cartons[r.CartonID], r)
		}
	}
	for id, weighings := range cartons {
		var x *Exception
		for _, w := range weighings {
			expected, tolerance, ok := s.contents(id, w.Time, event.IDHash(w.ID))
			off := max(w.WeightG-expected, expected-w.WeightG)
			open := x != nil && x.ClearedAt == 0
			switch {
			case !ok || w.WeightG == 0:
				continue
			case off > tolerance && !open:
				x = &Exception{OpenedAt: w.Time + s.settles()}
			case off <= tolerance && open:
				x.ClearedAt = w.Time
			case off <= tolerance:
				continue
			}
			x.Expected, x.Observed, x.Delta = expected, w.WeightG, off
		}
		if x != nil {
			s.report("PA-03", episode("carton", weighings[len(weighings)-1].CartonID), *x)
		}
	}
}

func (s *story) settles() event.Micros { return s.span("PA-03", "settle_s", 120) }

// contents is what a carton should weigh with what was packed into it before a fact, and how far off it may be; false when that cannot be told.
func (s *story) contents(id string, at event.Micros, hash uint64) (expected, tolerance int64, ok bool) {
	box, ok := s.usual.Carton[s.site()]
	if !ok {
		box, ok = s.usual.Carton[""]
	}
	variance := big.NewInt(box[1] * box[1])
	lightest := int64(0)
	expected = box[0]
	for _, r := range s.of(event.PackItem) {
		if r.CartonID != id || r.Time > at || r.Time == at && event.IDHash(r.ID) > hash {
			continue
		}
		w, known := s.usual.Weight[r.item()]
		if !known {
			return 0, 0, false
		}
		expected += r.QtyMilli * w[0] / 1000
		variance.Add(variance, big.NewInt(r.QtyMilli*w[1]*w[1]/1000))
		if lightest == 0 || w[0] < lightest {
			lightest = w[0]
		}
	}
	deviations := s.setting("PA-03", "tolerance_sigmas", 3) * variance.Sqrt(variance).Int64() / 1000
	tolerance = max(s.setting("PA-03", "tolerance_g", 50), deviations, expected*s.setting("PA-03", "tolerance_bp", 200)/10_000)
	return expected, tolerance, ok && lightest > 0 && 2*tolerance < lightest
}
