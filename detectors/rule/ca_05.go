package rule

import (
	"andon/detectors/setting"
	"andon/detectors/timeline"
	"andon/schemas/event"
	"andon/schemas/exception"
)

// CA-05: the shipment will probably miss its promise.
//
// Judged at each scan up to the promise, when the hop after it is due (the 90th percentile of the gap) and no scan came, and from then on when the answer
// changes by time alone. Fires when now + the 80th percentile of the time to delivery after a scan of that status, day of the journey and hour passes the
// promise (at risk, minor); major when now + the median does (likely). Once the hop is due its time has passed and is no part of the rest, which is then
// no less than what a late hop takes yet (the 99th percentile less the 90th). It stays until 80 of 100 would be in time and the median leaves a margin;
// then it takes a worse slack by some hours to raise it again, and that much to tell it anew while it stands. Clears with that, and at the end of the
// journey. The whole is a walk over the scans in order, so that it depends on the facts alone. Abstains without a promise, delivery scans or a transit
// time for the status, and, unless it fires, of a shipment scanned more often than a timeline keeps. State: promise and the latest scans. Known false
// positives: carriers that catch up. Script: testdata/ca_05.txt.
var predictedLate = Rule{
	Code: "CA-05", Title: "Predicted late", Family: event.Carrier, Severity: exception.Major, Unit: exception.Seconds, Version: 2, Since: "0.5",
	Text:   "Going by what the rest of the way usually takes, the shipment will not be delivered by its promise.",
	NotYet: "Transit times by route wait for events that state a destination: they are by carrier, service, status, day of the journey and hour.",
	Settings: []Setting{
		{"reraise_s", 7_200, "seconds the slack must worsen before what was cleared is raised again, or change before what stands is told anew"},
		{"margin_s", 3_600, "seconds before the promise at which half of such shipments must be delivered for it to clear"},
	},
	Stake:     lateParcel,
	Contested: true, Features: "carrier",
	Judge: judgePredictedLate,
	Say: func(v *Verdict) []string {
		promise := v.Due.String()
		left, rest := span(event.Micros(v.Expected.Value)*event.Second), span(event.Micros(v.Observed.Value)*event.Second)
		switch {
		case v.Kind == Fires && v.Severity == exception.Major:
			return []string{"likely late for the promise of " + promise + ": " + left + " are left, and half of such shipments take over " + rest}
		case v.Kind == Fires:
			return []string{"at risk of being late for the promise of " + promise + ": " + left + " are left, and one such shipment in five takes over " + rest}
		case v.Violated && !v.Ask && v.ClearedAt == v.JudgedAt:
			return []string{"its journey ended " + v.ClearedAt.String() + "; the promise was " + promise}
		case v.Violated:
			return []string{"in time again for the promise of " + promise + " since " + v.ClearedAt.String()}
		}
		return []string{"expected in time for the promise of " + promise}
	},
}

func judgePredictedLate(c *Context, out *Verdicts) {
	s := c.shipment.of(c.Facts, shipmentOf)
	switch {
	case s.cancelled:
		return
	case s.promise() == 0:
		out.Abstain("promise")
		return
	case !c.Sends.Status(event.Delivered):
		out.Abstain("delivery scans: the source does not send them")
		return
	}
	latest := latestScans(c.Facts)
	p := outlook{
		promise: s.promise(), began: s.began(), lane: c.lane(s), reraise: event.Micros(c.Values[0]) * event.Second, margin: event.Micros(c.Values[1]) * event.Second,
	}
	over := p.walk(latest)
	if over == nil {
		if next := p.pass(c.Now); next != 0 {
			out.Wait(next)
		}
	}
	v := p.verdict(over)
	switch {
	case p.ever == 0 && len(latest) < len(c.Facts): // it may have been before
		out.Add(Verdict{Kind: Blind})
		if over != nil {
			return
		}
		v.Kind, v.Missing, v.Ask = Abstains, forgottenScans, p.judged != 0
	case p.judged == 0:
		return
	}
	v.Value, v.Currency = s.value()
	out.Add(v)
	out.Evidence(s.manifest, p.told.scan)
	if p.raised || p.ever == 0 {
		out.Evidence(over)
	} else {
		out.Evidence(p.relief)
	}
}

// outlook is what a walk over the scans of a shipment makes of its promise.
type outlook struct {
	promise, began  event.Micros
	lane            *setting.Lane
	reraise, margin event.Micros

	scan    *timeline.Fact // the last; nil before the first and after the promise
	usual   setting.Transit
	passed  event.Micros // once the hop after it is due: its time, which is no part of the rest
	least   event.Micros // then the rest is no less: what a hop that is late takes yet
	unknown bool         // there is no transit time for it

	judged  event.Micros // the last time
	raised  bool
	ever    event.Micros // when it was raised last; 0: never
	cleared event.Micros
	relief  *timeline.Fact // the scan that did so
	limit   event.Micros   // how late it must look to be raised
	told    telling
}

// telling is what was last said of a shipment that will be late.
type telling struct {
	scan   *timeline.Fact
	at     event.Micros
	rest   int64 // seconds it usually takes
	late80 event.Micros
	likely bool
}

// walk judges scan by scan, and returns the one that ended the journey.
func (p *outlook) walk(facts []*timeline.Fact) (over *timeline.Fact) {
	for _, f := range facts {
		if f.Type != event.CarrierScan {
			continue
		}
		p.pass(f.Time - 1)
		switch {
		case f.Status == event.Delivered || f.Status == event.RTS:
			return f
		case f.Time > p.promise:
			p.scan = nil
		default:
			known := false
			p.scan, p.judged, p.passed, p.least = f, f.Time, 0, 0
			p.usual, known = p.lane.TransitAt(f.Status, int64(f.Time/event.Day-p.began/event.Day)+1, int64(f.Time%event.Day/event.Hour))
			if p.unknown = !known; known {
				p.judge(f.Time)
			}
		}
	}
	return nil
}

// pass lets time pass after the last scan, up to an instant, and returns when it is to be judged next; 0 = never.
func (p *outlook) pass(until event.Micros) event.Micros {
	if p.scan == nil || p.unknown {
		return 0
	}
	gap, ok := p.lane.Gap(p.scan.Status)
	if !ok {
		return 0
	}
	hop := event.Micros(gap.Q90S) * event.Second
	for at := p.scan.Time + hop; at != 0 && at <= p.promise; at = p.turn() {
		if at > until {
			return at
		}
		p.passed, p.least = hop, event.Micros(gap.Q99S-gap.Q90S)*event.Second
		p.judge(at)
	}
	return 0
}

// turn is when, after the last judgement, the answer changes by time alone; 0 = never.
func (p *outlook) turn() event.Micros {
	switch {
	case !p.raised:
		return p.promise + p.limit - p.rest(p.usual.Q80S) + 1
	case !p.told.likely:
		return p.promise - p.rest(p.usual.Q50S) + 1
	}
	return 0
}

// rest is what is left of a usual time to the delivery.
func (p *outlook) rest(usualS int64) event.Micros {
	return max(p.least, event.Micros(usualS)*event.Second-p.passed)
}

// judge asks at an instant whether the rest of the way fits into what is left.
func (p *outlook) judge(at event.Micros) {
	late50, late80 := at+p.rest(p.usual.Q50S)-p.promise, at+p.rest(p.usual.Q80S)-p.promise
	p.judged = at
	news := false
	switch {
	case !p.raised && late80 > p.limit:
		p.raised, p.ever, p.cleared, news = true, at, 0, true
	case p.raised && late80 <= 0 && late50 < -p.margin:
		p.raised, p.cleared, p.relief, p.limit = false, at, p.scan, max(0, late80+p.reraise)
	case p.raised:
		moved := late80 - p.told.late80
		news = p.told.likely != (late50 > 0) || moved >= p.reraise || -moved >= p.reraise
	}
	if news {
		p.told = telling{p.scan, at, seconds(p.rest(p.usual.Q80S)), late80, late50 > 0}
		if p.told.likely {
			p.told.rest = seconds(p.rest(p.usual.Q50S))
		}
	}
}

// verdict puts what came of the walk into words.
func (p *outlook) verdict(over *timeline.Fact) Verdict {
	v := Verdict{
		Kind: Satisfied, Episode: Episode{Due: p.promise}, Due: p.promise, Deadline: p.promise, JudgedAt: p.judged, OpenedAt: p.judged, ClearedAt: p.judged,
		Ask: true,
	}
	if over != nil {
		v.JudgedAt, v.OpenedAt, v.ClearedAt, v.Ask = over.Time, over.Time, over.Time, false
	}
	switch {
	case p.ever == 0 && p.unknown && over == nil:
		v.Kind, v.Missing = Abstains, "usual time to the delivery"
	case p.ever != 0:
		v.Violated, v.OpenedAt = true, p.ever
		if !p.raised {
			v.ClearedAt = p.cleared
		} else if over == nil {
			v.Kind, v.Violated, v.ClearedAt = Fires, false, 0
		}
		left := p.promise - p.told.at
		v.Expected, v.Observed = N(seconds(left)), N(p.told.rest)
		v.Delta = N(max(0, p.told.rest-seconds(left)))
		v.Severity = exception.Minor
		if p.told.likely {
			v.Severity = exception.Major
		}
	}
	return v
}
