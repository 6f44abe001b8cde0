package rule

import (
	"andon/schemas/event"
	"andon/schemas/exception"
)

// IN-01: goods arrived, and no despatch advice was known (X12 element 412: 13, 14, 16).
//
// Fires at the first receipt line when no advice of the despatch that was not cancelled had come to be known (the broker's time of its earliest
// record) by then. Clears when one comes after all; that it came too late is another rule's matter (IN-03). Abstains where the receipt names only a
// purchase order and no advice names only that. State: the advices and the first receipt line. Known false positives: a receipt booked under a wrong
// despatch number; goods that come after their advice was forgotten (settings.forget).
// Script: testdata/in_01.txt.
var asnMissing = Rule{
	Code: "IN-01", Title: "ASN missing", Family: event.ASN, Severity: exception.Major, Unit: exception.Seconds, Version: 1, Since: "0.2",
	Text: "Goods arrived before the supplier had sent a despatch advice.",
	NotYet: "The warning before an appointment waits for appointments as reference data; a receipt that names only its purchase order is not joined to its " +
		"advice yet.",
	Stake: Stake{Penalty: Unknown, WithinS: 86_400, RecoverS: 3_600, Lasting: true}, // each partner has a price of its own
	Judge: judgeASNMissing,
	Say: func(v *Verdict) []string {
		if v.Kind == Fires {
			return []string{"goods arrived " + v.Due.String() + " and no despatch advice is known"}
		}
		if v.Violated {
			return []string{"the despatch advice came " + v.ClearedAt.String() + ", " + span(v.ClearedAt-v.Due) + " after the goods"}
		}
		return []string{"the despatch advice came " + v.ClearedAt.String() + ", before the goods"}
	},
}

func judgeASNMissing(c *Context, out *Verdicts) {
	r := c.receiving.of(c.Facts, receivingOf)
	switch {
	case r.first == nil:
		return
	case !c.Sends.Type(event.ASNDespatched):
		out.Abstain("despatch advices: the source does not send them")
		return
	case r.sent == 0 && r.first.ByOrder:
		out.Abstain("despatch: the receipt names only its purchase order")
		return
	}
	arrived := r.first.Time
	v := Verdict{Kind: Fires, Due: arrived, OpenedAt: arrived}
	if r.sent != 0 {
		v.Kind, v.Violated, v.ClearedAt = Satisfied, r.sent > arrived, r.sent
		v.Delta = N(max(0, seconds(r.sent-arrived)))
	}
	out.Add(v)
	out.Evidence(r.first, r.doc)
}
