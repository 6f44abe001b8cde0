package rule

import (
	"andon/detectors/setting"
	"andon/detectors/timeline"
	"andon/schemas/event"
	"andon/schemas/exception"
)

// CA-03: the shipment lies still: no scan follows the last one for longer than there ever is between two.
//
// Judged from the first scan that shows the carrier holding the goods: at each scan (no) and when the time after it that is unusual has passed without
// another (yes). That time is the longer of the floor of the service's class and the 99th percentile of the gap after a scan of that status. The
// next scan clears it; so does, handing over to CA-13, the silence after which a shipment is taken for lost, but across a border. Waiting at a pick-up
// point is no dwell, nor is what follows DAMAGED or LOST. It is one exception a journey, open again when the shipment lies still again. Abstains
// without a gap for the status, where the source sends no scans on the way, and, unless it fires, of a shipment scanned more often than a timeline
// keeps: the latest do not show whether it lay still before. State: the latest scans. Known false positives: weekends. Script: testdata/ca_03.txt.
var dwell = Rule{
	Code: "CA-03", Title: "Dwell without scan", Family: event.Carrier, Severity: exception.Major, Unit: exception.Seconds, Version: 2, Since: "0.5",
	Text:   "No scan has followed the last one for longer than is usual at this point of the way.",
	NotYet: "Hours are hours of the clock: weekends wait for business calendars. Gaps by route and day of the week wait for learned baselines.",
	Settings: []Setting{
		{"floor_express_s", 86_400, "seconds without a scan that are never too long for an express service"},
		{"floor_ground_s", 172_800, "likewise for a ground service, and one of no known class"},
		{"floor_economy_s", 259_200, "likewise for an economy service"},
		{"lost_s", 604_800, "seconds without a scan from which the silence is CA-13's"},
	},
	Stake:     lateParcel,
	Contested: true, Features: "carrier",
	Judge: judgeDwell,
	Say: func(v *Verdict) []string {
		since := v.Due.String()
		switch {
		case v.Kind == Fires:
			return []string{"no scan since " + since + "; after " + span(event.Micros(v.Expected.Value)*event.Second) + " that is unusual here"}
		case v.Violated:
			return []string{"lay still from " + since + " to " + v.ClearedAt.String() + ", for " + span(v.ClearedAt-v.Due)}
		}
		return []string{"the scans follow each other as is usual"}
	},
}

// forgottenScans is what a rule misses that would say no, of a shipment scanned more often than a timeline keeps.
const forgottenScans = "scans before the latest"

// silence is a time without scans that was or is too long.
type silence struct {
	after, until *timeline.Fact // until is nil while it lasts, and when CA-13 took over
	limit        event.Micros
	ended        event.Micros // 0 while it lasts
}

func judgeDwell(c *Context, out *Verdicts) {
	s := c.shipment.of(c.Facts, shipmentOf)
	switch {
	case s.physical == nil || s.cancelled:
		return
	case !c.Sends.Status(event.ArrivedFacility) && !c.Sends.Status(event.DepartedFacility) && !c.Sends.Status(event.InTransit):
		out.Abstain("scans on the way: the source does not send them")
		return
	}
	latest, limits := latestScans(c.Facts), dwellLimits{values: c.Values, lane: c.lane(s), customs: s.customs}
	var worst silence // the last that was too long
	var last *timeline.Fact
	for _, f := range latest {
		if f.Type != event.CarrierScan || f.Time < s.physical.Time {
			continue
		}
		if limit, ok := limits.after(last); ok && f.Time-last.Time > limit {
			worst = silence{last, f, limit, f.Time}
			if lost := limits.lost(last); f.Time >= lost {
				worst.until, worst.ended = nil, lost
			}
		}
		if last = f; f.Status == event.Delivered || f.Status == event.RTS {
			break
		}
	}
	if last == nil {
		return
	}
	v := judgeLastScan(c, &limits, last, &worst, out)
	if worst.after == nil && len(latest) < len(c.Facts) { // it may have been before
		out.Add(Verdict{Kind: Blind})
		if !v.Ask {
			return
		}
		v.Kind, v.Missing = Abstains, forgottenScans
	}
	v.Episode = Episode{Journey: s.began()}
	v.Value, v.Currency = s.value()
	v.Deadline = s.promise()
	if worst.after != nil {
		v.Due, v.Expected, v.OpenedAt, v.ClearedAt = worst.after.Time, N(seconds(worst.limit)), worst.after.Time+worst.limit, worst.ended
		v.Violated = v.Kind == Satisfied
		if v.Violated {
			v.Observed, v.Delta = N(seconds(v.ClearedAt-v.Due)), N(seconds(v.ClearedAt-v.OpenedAt))
		}
	}
	out.Add(v)
	out.Evidence(worst.after, worst.until)
	if worst.after == nil {
		out.Evidence(last)
	}
}

// judgeLastScan says what the time since the last scan means; worst becomes that silence when it is too long.
func judgeLastScan(c *Context, limits *dwellLimits, last *timeline.Fact, worst *silence, out *Verdicts) Verdict {
	v := Verdict{Kind: Satisfied, JudgedAt: last.Time, OpenedAt: last.Time, ClearedAt: last.Time, Ask: true}
	limit, ok := limits.after(last)
	due, lost := last.Time+limit, limits.lost(last)
	switch {
	case last.Status == event.Delivered || last.Status == event.RTS || atRest(last.Status):
		v.Ask = false
	case !ok && worst.after == nil && !limits.known(last):
		v.Kind, v.Missing = Abstains, "usual gap after the scan"
	case !ok:
	case c.Now < due:
		out.Wait(due)
	case c.Now < lost:
		v.Kind, v.JudgedAt = Fires, due
		*worst = silence{after: last, limit: limit}
		if lost != event.MaxTime {
			out.Wait(lost)
		}
	default:
		v.JudgedAt, v.Ask = lost, false
		*worst = silence{after: last, limit: limit, ended: lost}
	}
	return v
}

// dwellLimits is how long a silence may be.
type dwellLimits struct {
	values  []int64
	lane    *setting.Lane
	customs bool
}

// known reports whether there is a gap for scans of the status.
func (d *dwellLimits) known(last *timeline.Fact) bool {
	_, ok := d.lane.Gap(last.Status)
	return ok
}

// after is how long the silence after a scan may be; false when it may be any, when that is not known, and when CA-13 speaks before.
func (d *dwellLimits) after(last *timeline.Fact) (event.Micros, bool) {
	if last == nil || atRest(last.Status) {
		return 0, false
	}
	gap, ok := d.lane.Gap(last.Status)
	floor := d.values[1]
	switch d.lane.Class {
	case setting.Express:
		floor = d.values[0]
	case setting.Economy:
		floor = d.values[2]
	case setting.Ground:
	}
	limit := max(floor, gap.Q99S)
	return event.Micros(limit) * event.Second, ok && (d.customs || limit < d.values[3])
}

// lost is when the silence after a scan becomes CA-13's.
func (d *dwellLimits) lost(last *timeline.Fact) event.Micros {
	if d.customs { // CA-13 does not judge silence across a border
		return event.MaxTime
	}
	return last.Time + event.Micros(d.values[3])*event.Second
}
