package rule

import (
	"andon/schemas/event"
	"andon/schemas/exception"
)

// CA-02: a label was made, but the carrier never scanned the parcel.
//
// Fires 24 h after the first manifest or label scan when no scan shows the carrier holding the goods; at 48 h the same exception becomes major.
// Clears at the first such scan. Cancelled shipments are silent. State: first announcement, first physical scan.
// Known false positives: carriers that skip the acceptance scan and scan late. Script: testdata/ca_02.txt.
var noFirstScan = Rule{
	Code: "CA-02", Title: "No first scan", Family: event.Carrier, Severity: exception.Minor, Unit: exception.Seconds, Version: 1, Since: "0.1",
	Text:   "The shipment was announced to the carrier, but no scan shows that the carrier has it.",
	NotYet: "Hours are hours of the clock: weekends and holidays of carriers wait for business calendars.",
	Settings: []Setting{
		{"warn_s", 86_400, "seconds after the announcement at which the exception opens"},
		{"breach_s", 172_800, "seconds after the announcement at which it becomes major"},
	},
	Stake: lateParcel,
	Judge: judgeNoFirstScan,
	Say: func(v *Verdict) []string {
		switch {
		case v.Kind == Fires:
			return []string{"no scan by the carrier since it was announced; due by " + v.Due.String()}
		case v.Violated:
			return []string{"first scan " + v.ClearedAt.String() + ", " + span(v.ClearedAt-v.Due) + " after it was due"}
		}
		return []string{"first scan " + v.ClearedAt.String() + ", before it was due by " + v.Due.String()}
	},
}

func judgeNoFirstScan(c *Context, out *Verdicts) {
	s := c.shipment.of(c.Facts, shipmentOf)
	if s.announced == nil || s.cancelled {
		return
	}
	if !c.Sends.Status(event.Accepted) {
		out.Abstain("acceptance scans: the source does not send them")
		return
	}
	due := s.announced.Time + event.Micros(c.Values[0])*event.Second
	breach := s.announced.Time + event.Micros(c.Values[1])*event.Second
	v := Verdict{Episode: Episode{Due: due}, Due: due, OpenedAt: due, Severity: exception.Minor, Deadline: s.promise()}
	reached := c.Now
	switch {
	case s.physical != nil:
		reached = s.physical.Time
		v.Kind, v.Violated, v.ClearedAt = Satisfied, reached > due, reached
		v.Delta = N(max(0, seconds(reached-due)))
	case c.Now >= due:
		v.Kind = Fires
		if c.Now < breach {
			out.Wait(breach)
		}
	default:
		out.Wait(due)
		return
	}
	if reached >= breach {
		v.Severity = exception.Major
	}
	out.Add(v)
	out.Evidence(s.announced, s.physical)
}
