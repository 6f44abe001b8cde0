package detectors

import (
	"fmt"
	"math"

	"andon/detectors/setting"
	"andon/detectors/timeline"
	"andon/schemas/beat"
	"andon/schemas/event"
)

// forget says when timelines end.
type forget struct{ closed, open event.Micros }

func compileForget(s setting.Forget) (forget, error) {
	if s.ClosedS < 0 || s.OpenS < 0 || s.OpenS > 0 && s.OpenS < s.ClosedS {
		return forget{}, fmt.Errorf("settings.forget: closed_s %d and open_s %d must not be negative, and open_s not under closed_s", s.ClosedS, s.OpenS)
	}
	return forget{event.Micros(s.ClosedS) * event.Second, event.Micros(s.OpenS) * event.Second}, nil
}

// tooLate reports whether an event is so old that its timeline may have been forgotten: it begins none.
func (f forget) tooLate(at, now event.Micros) bool {
	return f.closed > 0 && at < now-f.closed
}

// at is when a timeline ends; 0 is never.
func (f forget) at(latest event.Micros, closed bool) event.Micros {
	span := f.open
	if closed {
		span = f.closed
	}
	if span == 0 {
		return 0
	}
	return latest + span
}

// due is the due time a fact states, as far as forgetting heeds it: a promise for the next century keeps nothing for so long.
func (f forget) due(fact *timeline.Fact) event.Micros {
	if f.open == 0 {
		return fact.At
	}
	return min(fact.At, fact.Time+f.open)
}

// closed reports whether the story of an entity is over: nothing more is expected of it.
func closed(facts []*timeline.Fact) bool {
	advised, cancelled := int32(-1), int32(-1)
	received := false
	for _, f := range facts {
		switch f.Type {
		case event.ReceiptClosed, event.ManifestClosed:
			return true
		case event.CarrierScan:
			if f.Status == event.Delivered || f.Status == event.RTS || f.Status == event.Cancelled {
				return true
			}
		case event.ReceiptLine:
			received = true
		case event.ASNDespatched:
			advised = max(advised, f.Revision)
		case event.ASNCancelled:
			if cancelled = max(cancelled, f.Revision); f.Revision == 0 { // one that names no revision cancels them all
				cancelled = math.MaxInt32
			}
		default:
		}
	}
	return !received && cancelled >= max(advised, 0)
}

// end forgets an entity. What it raised is told to Settle, which lets go of it.
func (e *Engine) end(ent *entity, closed bool, st *beat.Stepped) {
	delete(e.entities, ent.key)
	e.lane.bytes -= int64(len(ent.facts))
	ent.armed = 0
	if closed {
		st.Forgotten.Closed++
	} else {
		st.Forgotten.Open++
	}
	e.findings = append(e.findings, finding{entity: ent, at: e.lane.time, item: -1, forgotten: true})
}
