// Package rule holds the deterministic rules, one small file per exception code. A rule is data (code, title, text, settings) beside one pure
// function that judges the facts of one entity. Its script in testdata, of the same name as its file, is its test and its documentation.
package rule

import (
	"andon/detectors/timeline"
	"andon/schemas/event"
	"andon/schemas/exception"
)

// Rule is one exception code.
type Rule struct {
	Code     string // e.g. CA-04; reference: the exception taxonomy in docs/exceptions.md
	Title    string
	Text     string // what it claims, in the words a person reads beside the exception
	NotYet   string // what of the full rule abstains for now, and what it waits for
	Family   event.Family
	Severity exception.Severity
	Unit     exception.Unit
	Version  int // of the logic; part of every exception's Rule field
	Since    string
	Settings []Setting

	// Judge says what the facts mean at c.Now: every obligation of the rule that is violated, satisfied or abstained from. What it does not
	// mention is silent.
	Judge func(c *Context, out *Verdicts)
	// Say puts a verdict into one or more sentences with its numbers.
	Say func(v *Verdict) []string
}

// Setting is one number of a rule.
type Setting struct {
	Name    string // unit last
	Default int64
	Text    string
}

// Context is what a rule may look at.
type Context struct {
	Facts  []*timeline.Fact // live facts by (Time, ID)
	Now    event.Micros     // the lane's time, or the due time of the timer that fires
	Values []int64          // the rule's settings in their declared order
	Sends  Sends            // what the entity's source is expected to send

	items map[itemKey]*itemSum // scratch of the receiving rules
	sums  []itemSum

	byLine map[string]*linePick // scratch of the pick rules
	lines  []linePick
}

// Sends is what a source declares to send: a bit per event type and per status.
type Sends struct {
	Types    uint32
	Statuses uint32
}

// SendsAll is a source that sends everything.
var SendsAll = Sends{^uint32(0), ^uint32(0)}

// Type reports whether the source sends events of the type.
func (s Sends) Type(t event.Type) bool { return s.Types&(1<<t) != 0 }

// Status reports whether the source sends scans of the status.
func (s Sends) Status(st event.Status) bool {
	return s.Type(event.CarrierScan) && s.Statuses&(1<<st) != 0
}

// All lists the rules in the order in which they judge.
var All = []*Rule{&qtyShort, &qtyOver, &damage, &noFirstScan, &lateVsPromise, &shortPick, &overPick, &notStarted}

// ByCode returns the rule of a code, or nil.
func ByCode(code string) *Rule {
	for _, r := range All {
		if r.Code == code {
			return r
		}
	}
	return nil
}
