package oracle

import "andon/schemas/event"

// picking is what the rules about picks say.
func (s *story) picking() {
	order := document(s.of(event.OrderReleased))
	if order == nil {
		return
	}
	planned, byWeight := map[string]int64{}, map[string]bool{}
	for _, l := range order.Lines {
		if _, ok := planned[l.Line]; !ok {
			byWeight[l.Line] = weight(l.UOM)
		}
		planned[l.Line] += l.QtyMilli
	}
	for line, want := range planned {
		name := episode("revision", revision(order.Revision), "line", line)
		s.shortPick(name, line, order, want, byWeight[line])
		s.overPick(name, line, order, want, byWeight[line])
	}
	s.notStarted(order)
}

// picks are those of a line.
func (s *story) picks(line string) []fact {
	return where(s.of(event.PickConfirmed), func(r fact) bool { return r.Line == line })
}

// shortPick: PI-01, judged when the line is closed: by a pick that says so, by a denial, or with the manifest.
func (s *story) shortPick(episode, line string, order *fact, want int64, byWeight bool) {
	closings := where(s.facts, func(r fact) bool {
		return r.Type == event.PickConfirmed && r.Line == line && r.LineClosed || r.Type == event.PickShorted && r.Line == line || r.Type == event.ManifestClosed
	})
	var tolerance int64
	if byWeight {
		tolerance = want * s.setting("PI-01", "under_tolerance_weight_bp", 0) / 10_000
	}
	picks, closed := s.picks(line), first(closings)
	if len(closings) == 0 || closed > s.end || sum(by(closed, picks)) >= want-tolerance {
		return
	}
	got := sum(picks)
	x := Exception{OpenedAt: max(order.Time, closed), Expected: want, Observed: got, Delta: want - got}
	if got >= want-tolerance {
		x.ClearedAt, x.Delta = latest(picks), want-sum(by(closed, picks))
	}
	s.report("PI-01", episode, x)
}

// overPick: PI-03.
func (s *story) overPick(episode, line string, order *fact, want int64, byWeight bool) {
	var tolerance int64
	if byWeight {
		tolerance = want * s.setting("PI-03", "over_tolerance_weight_bp", 0) / 10_000
	}
	picks := s.picks(line)
	if got := sum(picks); got > want+tolerance {
		s.report("PI-03", episode, Exception{OpenedAt: max(order.Time, latest(picks)), Expected: want, Observed: got, Delta: got - want})
	}
}

// notStarted: PI-06. Any pick, pack or manifest shows that work had begun.
func (s *story) notStarted(order *fact) {
	if order.ShipBy == 0 {
		return
	}
	due := order.ShipBy - s.span("PI-06", "lead_s", 7_200)
	began := s.of(event.PickStarted, event.PickConfirmed, event.PickShorted, event.PackStarted, event.PackItem, event.PackClosed, event.ManifestClosed)
	s.deadline("PI-06", order.Time, due, due, first(began))
}
