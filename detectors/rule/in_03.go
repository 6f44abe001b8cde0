package rule

import (
	"andon/schemas/event"
	"andon/schemas/exception"
)

// IN-03: the despatch advice came to be known after its goods had been received.
//
// Fires when the earliest record of any advice of the despatch that was not cancelled is later than its first receipt line: what was received
// without it may be booked once more with it. It never clears; a correction or a cancelled advice retracts it. State: the advices and the first receipt
// line. Script: testdata/in_03.txt.
var asnAfterReceipt = Rule{
	Code: "IN-03", Title: "ASN after receipt", Family: event.ASN, Severity: exception.Minor, Unit: exception.Seconds, Version: 1, Since: "0.2",
	Text:  "The despatch advice came after its goods had been received; they may be counted twice.",
	Stake: Stake{LossBP: 10_000, WithinS: 86_400, RecoverS: 3_600, Lasting: true}, // stock that is overstated
	Judge: judgeASNAfterReceipt,
	Say: func(v *Verdict) []string {
		return []string{"the despatch advice came " + v.OpenedAt.String() + ", " + span(v.OpenedAt-v.Due) + " after the first receipt line"}
	},
}

func judgeASNAfterReceipt(c *Context, out *Verdicts) {
	r := c.receiving.of(c.Facts, receivingOf)
	if r.first == nil || r.sent <= r.first.Time {
		return
	}
	v := Verdict{Kind: Fires, Due: r.first.Time, OpenedAt: r.sent, Delta: N(seconds(r.sent - r.first.Time))}
	v.Value, v.Currency = r.advisedWorth()
	out.Add(v)
	out.Evidence(r.first, r.doc)
}
