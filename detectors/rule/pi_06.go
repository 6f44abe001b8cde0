package rule

import (
	"andon/schemas/event"
	"andon/schemas/exception"
)

// PI-06: an order was released, but nobody has begun to pick it in time to ship.
//
// Due at ship_by less the lead (what picking, packing and staging take). Clears at the first sign of work: a pick, a pack or the manifest; work
// that begins after the due time raises and clears in one step. State: the order in force, the first work. Script: testdata/pi_06.txt.
var notStarted = Rule{
	Code: "PI-06", Title: "Picking not started", Family: event.PickPack, Severity: exception.Major, Unit: exception.Seconds, Version: 1, Since: "0.1",
	Text:     "The order is due to ship, and picking has not begun.",
	NotYet:   "The lead is a setting; the site's own 90th percentile of pick, pack and stage waits for learned baselines.",
	Settings: []Setting{{"lead_s", 7_200, "seconds that pick, pack and stage take before ship_by"}},
	Stake:    Stake{Penalty: 800, Contact: 800, ContactBP: 3000, Reship: 877, WithinS: 14_400, RecoverS: 3_600, Lasting: true}, // the parcel comes late
	Judge:    judgeNotStarted,
	Say: func(v *Verdict) []string {
		start := v.Due.String()
		switch {
		case v.Kind == Fires:
			return []string{"no pick by the latest start of " + start}
		case v.Violated:
			return []string{"work began " + v.ClearedAt.String() + ", " + span(v.ClearedAt-v.Due) + " after the latest start of " + start}
		}
		return []string{"work began " + v.ClearedAt.String() + ", in time for the latest start of " + start}
	},
}

func judgeNotStarted(c *Context, out *Verdicts) {
	p := c.picking.of(c.Facts, pickingOf)
	switch {
	case p.release == nil || p.release.At == 0:
		out.Abstain("ship-by")
		return
	case !c.Sends.Type(event.PickConfirmed) && !c.Sends.Type(event.PickStarted):
		out.Abstain("picks: the source does not send them")
		return
	}
	due := p.release.At - event.Micros(c.Values[0])*event.Second
	v := Verdict{Episode: Episode{Due: due}, Due: due, OpenedAt: due, Deadline: p.release.At}
	switch {
	case p.work != nil:
		v.Kind, v.Violated, v.ClearedAt = Satisfied, p.work.Time > due, p.work.Time
		v.Delta = N(max(0, seconds(p.work.Time-due)))
	case c.Now >= due || (p.release.Time > due && !p.release.Skewed):
		v.Kind = Fires
	default:
		out.Wait(due)
		return
	}
	out.Add(v)
	out.Evidence(p.release, p.work)
}
