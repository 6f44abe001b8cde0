package rule

import (
	"slices"

	"andon/detectors/timeline"
	"andon/schemas/event"
	"andon/schemas/exception"
)

// CA-13: the shipment is damaged or lost, or the carrier has been silent about it for so long that it must be taken for lost.
//
// Fires at the first DAMAGED scan, and at the first LOST scan; a lost shipment that is scanned again on its way clears. Fires too when, after the
// shipment was announced and before its journey ended, no scan came for the silence limit; the next scan clears that, and a scan later than the
// limit raises and clears in one step. Waiting at a pick-up point is no silence, nor is what follows DAMAGED or LOST. Abstains from silence across a
// border, and where the source sends no scans on the way. State: the latest scans; of a shipment scanned more often than a timeline keeps, silences
// before those stay as they were said. Script: testdata/ca_13.txt.
var damagedOrLost = Rule{
	Code: "CA-13", Title: "Damaged or lost", Family: event.Carrier, Severity: exception.Major, Unit: exception.Seconds, Version: 2, Since: "0.2",
	Text:     "The shipment is damaged or lost, or nothing has been heard of it for too long.",
	NotYet:   "The longer limit of shipments that cross a border waits for reference data: a shipment seen at customs is not judged by its silence.",
	Settings: []Setting{{"silence_s", 604_800, "seconds without any scan after which a domestic shipment is taken for lost"}},
	Stake:    Stake{LossBP: 10_000, Reship: parcelFreight, WithinS: 86_400, RecoverS: 14_400, Lasting: true}, // the order, and a second parcel
	Judge:    judgeDamagedOrLost,
	Say: func(v *Verdict) []string {
		switch {
		case v.Due == 0 && v.Kind == Fires:
			return []string{"the carrier says it is damaged or lost"}
		case v.Due == 0:
			return []string{"the carrier said it was lost, and scanned it again " + v.ClearedAt.String()}
		case v.Kind == Fires:
			return []string{"no scan since " + v.Due.String()}
		}
		return []string{"no scan from " + v.Due.String() + " to " + v.ClearedAt.String() + ", for " + span(v.ClearedAt-v.Due)}
	},
}

func judgeDamagedOrLost(c *Context, out *Verdicts) {
	s := c.shipment.of(c.Facts, shipmentOf)
	value, currency := s.value()
	for _, f := range [...]*timeline.Fact{s.damaged, s.lost} {
		if f == nil {
			continue
		}
		v := Verdict{Kind: Fires, Episode: Episode{Milestone: f.Status, Journey: s.began()}, OpenedAt: f.Time, Value: value, Currency: currency}
		if found := foundAfter(c.Facts, f); f == s.lost && found != nil {
			v.Kind, v.Violated, v.ClearedAt = Satisfied, true, found.Time
		}
		out.Add(v)
		out.Evidence(f)
	}
	switch {
	case s.announced == nil && s.physical == nil || s.cancelled:
	case !c.Sends.Status(event.ArrivedFacility) && !c.Sends.Status(event.DepartedFacility) && !c.Sends.Status(event.InTransit):
		out.Abstain("scans on the way: the source does not send them")
	case s.customs:
		out.Abstain("limit of silence across a border")
	default:
		judgeSilence(c, s, out)
	}
}

// foundAfter is the first scan after a LOST that shows the goods on their way or delivered.
func foundAfter(facts []*timeline.Fact, lost *timeline.Fact) *timeline.Fact {
	for _, f := range facts {
		if f.Type == event.CarrierScan && f.Time > lost.Time && f.Status.Physical() && f.Status != event.Lost && f.Status != event.Damaged {
			return f
		}
	}
	return nil
}

func judgeSilence(c *Context, s *shipment, out *Verdicts) {
	limit := event.Micros(c.Values[0]) * event.Second
	value, currency := s.value()
	var last *timeline.Fact
	latest := latestScans(c.Facts)
	if len(latest) < len(c.Facts) {
		out.Add(Verdict{Kind: Blind})
	}
	for _, f := range latest {
		switch {
		case f.Type != event.CarrierScan && (last != nil || f.Type != event.ShipmentManifested):
			continue
		case last != nil && f.Time-last.Time > limit && !atRest(last.Status):
			due := last.Time + limit
			out.Add(Verdict{
				Kind: Satisfied, Violated: true, Episode: Episode{Due: due}, Due: last.Time, OpenedAt: due, ClearedAt: f.Time,
				Delta: N(seconds(f.Time - due)), Value: value, Currency: currency,
			})
			out.Evidence(last, f)
		}
		if f.Status == event.Delivered || f.Status == event.RTS {
			return
		}
		last = f
	}
	if last == nil || atRest(last.Status) {
		return
	}
	due := last.Time + limit
	if c.Now < due {
		out.Wait(due)
		return
	}
	out.Add(Verdict{Kind: Fires, Episode: Episode{Due: due}, Due: last.Time, OpenedAt: due, Value: value, Currency: currency})
	out.Evidence(last)
}

// atRest reports whether no scan need follow one of the status: the shipment waits for its receiver, or is known to be lost or damaged.
func atRest(s event.Status) bool {
	return s == event.AvailablePickup || s == event.Lost || s == event.Damaged
}

// latestScans are the facts from the oldest of the latest scans on: between those none was dropped.
func latestScans(facts []*timeline.Fact) []*timeline.Fact {
	if len(facts) <= timeline.MaxScans {
		return facts
	}
	scans := 0
	for i, f := range slices.Backward(facts) {
		if f.IsScan() {
			scans++
		}
		if scans == timeline.MaxScans {
			return facts[i:]
		}
	}
	return facts
}
