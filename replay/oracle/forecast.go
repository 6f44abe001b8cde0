package oracle

import (
	"slices"

	"andon/schemas/event"
)

// forecast: CA-05. What is expected is told anew at each scan, when the next is overdue, and when an answer turns; what stands in the end is the last.
func (s *story) forecast(announced []fact) {
	manifests := s.of(event.ShipmentManifested)
	if len(manifests) == 0 || len(s.scans(event.Cancelled)) > 0 {
		return
	}
	promise := slices.MaxFunc(manifests, after).PromiseDeliverBy
	if promise == 0 {
		return
	}
	scans := s.of(event.CarrierScan)
	over := event.Micros(0)
	if i := slices.IndexFunc(scans, func(r fact) bool { return r.Status == event.Delivered || r.Status == event.RTS }); i >= 0 {
		over, scans = scans[i].Time, scans[:i]
	}
	f := fears{promise: promise, again: s.span("CA-05", "reraise_s", 7_200), margin: s.span("CA-05", "margin_s", 3_600)}
	for i, r := range scans {
		rest, ok := s.rest(r, first(announced))
		if !ok || r.Time > promise {
			continue
		}
		f.half, f.most = event.Micros(rest[0])*event.Second, event.Micros(rest[1])*event.Second
		f.look(r.Time)
		until := s.end
		if i+1 < len(scans) {
			until = scans[i+1].Time - 1
		} else if over != 0 {
			until = over - 1
		}
		if gap, ok := s.at(s.usual.Gap, r.Status); ok {
			f.wait(r.Time, event.Micros(gap[0])*event.Second, event.Micros(gap[1]-gap[0])*event.Second, min(until, promise))
		}
	}
	if f.opened == 0 {
		return
	}
	if f.closed == 0 {
		f.closed = over
	}
	f.x.OpenedAt, f.x.ClearedAt = f.opened, f.closed
	s.report("CA-05", episode("due", promise.String()), f.x)
}

// fears are what is expected of a shipment as time goes on.
type fears struct {
	promise, again, margin event.Micros
	half, most             event.Micros // what the rest of the way takes
	opened, closed         event.Micros
	calm                   event.Micros // over it must be how late it looks before it worries anyone
	x                      Exception
	toldMost               event.Micros
	toldHalf               bool
}

// wait looks when the next scan is due, and then at the instants at which more is to be feared. By then that part of the way
// ought to be done; with it, it takes at least as long as a late one takes yet.
func (f *fears) wait(scanned, hop, yet, until event.Micros) {
	due := scanned + hop
	if due > until {
		return
	}
	f.half, f.most = max(yet, f.half-hop), max(yet, f.most-hop)
	f.look(due)
	for range 2 {
		worry := f.promise + f.calm - f.most + 1
		if f.opened != 0 && f.closed == 0 {
			worry = f.promise - f.half + 1
		}
		if worry > due && worry <= until {
			f.look(worry)
		}
	}
}

// look says at an instant what is expected.
func (f *fears) look(now event.Micros) {
	late := now + f.most - f.promise
	likely := now+f.half > f.promise
	open := f.opened != 0 && f.closed == 0
	switch {
	case open && late <= 0 && now+f.half < f.promise-f.margin:
		f.closed, f.calm = now, max(0, f.again+late)
		return
	case open:
		if likely == f.toldHalf && max(late-f.toldMost, f.toldMost-late) < f.again {
			return
		}
	case late > f.calm:
		f.opened, f.closed = now, 0
	default:
		return
	}
	f.toldMost, f.toldHalf = late, likely
	takes := f.most
	if likely {
		takes = f.half
	}
	f.x.Expected, f.x.Observed = int64((f.promise-now)/event.Second), int64(takes/event.Second)
	f.x.Delta = max(0, f.x.Observed-f.x.Expected)
}
