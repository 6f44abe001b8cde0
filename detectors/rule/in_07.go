package rule

import (
	"andon/schemas/event"
	"andon/schemas/exception"
)

// IN-07: goods arrived that the despatch advice does not name (X12 element 412: 05; EPCIS mismatch_class).
//
// Fires for each received item that no line of the advice in force names; lots do not matter. It
// never clears; a correction or a new revision of the advice retracts it. Abstains until the advice is known, and where advice and receipt
// number their items differently. State: the advice and the receipt lines. Known false positives: approved substitutes. Script: testdata/in_07.txt.
var skuUnexpected = Rule{
	Code: "IN-07", Title: "Unexpected item", Family: event.ASN, Severity: exception.Major, Unit: exception.Milli, Version: 1, Since: "0.2",
	Text:   "An item was received that the despatch advice does not name.",
	NotYet: "Approved substitutes wait for reference data: until then each is unexpected.",
	Stake:  Stake{LossBP: 10_000, Rework: Unknown, WithinS: 86_400, RecoverS: 7_200, Lasting: true}, // what it cost is in no advice
	Judge:  judgeSKUUnexpected,
	Say: func(v *Verdict) []string {
		return []string{"received " + qty(v.Observed.Value) + " of an item that is not in the despatch advice"}
	},
}

func judgeSKUUnexpected(c *Context, out *Verdicts) {
	r := c.receiving.of(c.Facts, receivingOf)
	switch {
	case r.first == nil:
		return
	case r.doc == nil:
		out.Abstain("advised items")
		return
	}
	for _, u := range r.unexpected(c) {
		if !r.numbersAs(u.item) {
			out.Abstain("one kind of item number on advice and receipt")
			continue
		}
		out.Add(Verdict{
			Kind: Fires, Episode: Episode{Revision: r.doc.Revision, Item: u.item}, OpenedAt: max(u.lastAt, r.doc.Time),
			Expected: N(0), Observed: N(u.received), Delta: N(u.received),
		})
		out.Evidence(r.doc)
		for _, f := range c.Facts {
			if f.Type == event.ReceiptLine && f.Item == u.item {
				out.Evidence(f)
			}
		}
	}
}

// unexpected sums what was received of items that no line of the advice names, in the order in which they came.
func (r *receiving) unexpected(c *Context) []itemSum {
	s := &c.strange
	if s.known {
		return s.All
	}
	s.begin()
	advised := map[string]bool(nil)
	for _, f := range c.Facts {
		if f.Type != event.ReceiptLine {
			continue
		}
		if advised == nil {
			advised = make(map[string]bool, len(r.doc.Doc.Lines))
			for i := range r.doc.Doc.Lines {
				advised[r.doc.Doc.Lines[i].Item] = true
			}
		}
		if advised[f.Item] {
			continue
		}
		key := itemKey{item: f.Item}
		sum := s.Find(key)
		if sum == nil {
			sum = s.Add(key)
			*sum = itemSum{itemKey: key}
		}
		sum.received += f.Qty
		sum.lastAt = f.Time
	}
	return s.All
}

// numbersAs reports whether the advice numbers any item as this one is: by GTIN, or not.
func (r *receiving) numbersAs(item string) bool {
	for i := range r.doc.Doc.Lines {
		if isGTIN(r.doc.Doc.Lines[i].Item) == isGTIN(item) {
			return true
		}
	}
	return false
}

// isGTIN reports whether a number has the 14 digits and the check digit of a GTIN: weights 3 and 1 from the right sum up to a multiple of ten.
func isGTIN(s string) bool {
	if len(s) != 14 {
		return false
	}
	sum := 0
	for i := range len(s) {
		digit := int(s[len(s)-1-i]) - '0'
		if digit < 0 || digit > 9 {
			return false
		}
		sum += digit * (1 + i%2*2)
	}
	return sum%10 == 0
}
