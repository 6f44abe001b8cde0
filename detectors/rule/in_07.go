package rule

import (
	"strings"

	"andon/detectors/timeline"
	"andon/schemas/event"
	"andon/schemas/exception"
)

// IN-07: goods arrived that the despatch advice does not name (X12 element 412: 05; EPCIS mismatch_class).
//
// Fires for each received item that no line of the advice in force names; GTINs are compared without their leading zeros, lots do not matter. It
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
	for i, f := range c.Facts {
		if f.Type != event.ReceiptLine || r.advises(f.Item) || receivedBefore(c.Facts[:i], f.Item) {
			continue
		}
		if !r.numbersAs(f.Item) {
			out.Abstain("one kind of item number on advice and receipt")
			continue
		}
		v := Verdict{Kind: Fires, Episode: Episode{Revision: r.doc.Revision, Item: f.Item}, OpenedAt: r.doc.Time, Expected: N(0)}
		sum := int64(0)
		for _, g := range c.Facts[i:] {
			if g.Type == event.ReceiptLine && g.Item == f.Item {
				sum += g.Qty
				v.OpenedAt = max(v.OpenedAt, g.Time)
			}
		}
		v.Observed, v.Delta = N(sum), N(sum)
		out.Add(v)
		out.Evidence(r.doc)
		for _, g := range c.Facts[i:] {
			if g.Type == event.ReceiptLine && g.Item == f.Item {
				out.Evidence(g)
			}
		}
	}
}

func receivedBefore(facts []*timeline.Fact, item string) bool {
	for _, f := range facts {
		if f.Type == event.ReceiptLine && f.Item == item {
			return true
		}
	}
	return false
}

// advises reports whether a line of the advice names the item.
func (r *receiving) advises(item string) bool {
	bare := bareItem(item)
	for i := range r.doc.Doc.Lines {
		if l := &r.doc.Doc.Lines[i]; l.Item == item || bareItem(l.Item) == bare {
			return true
		}
	}
	return false
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

// bareItem is a GTIN without its leading zeros, any other number as it is. GTIN-8, -12, -13 and -14 name one item (GS1 General Specifications, 3.3.2).
func bareItem(item string) string {
	if isGTIN(item) {
		return strings.TrimLeft(item, "0")
	}
	return item
}

// isGTIN reports whether a number has the length and the check digit of a GTIN: weights 3 and 1 from the right sum up to a multiple of ten.
func isGTIN(s string) bool {
	if n := len(s); n != 8 && (n < 12 || n > 14) {
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
