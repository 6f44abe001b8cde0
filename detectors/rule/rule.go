// Package rule holds the deterministic rules, one small file per exception code. A rule is data (code, title, text, settings, stake) beside one
// pure function that judges the facts of one entity. Its script in testdata, of the same name as its file, is its test and its documentation.
package rule

import (
	"andon/detectors/keyed"
	"andon/detectors/setting"
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
	Stake    Stake

	// Contested says that a model may answer the rule's question too; the policy decides who is heard. Of each live obligation such a rule says
	// yes (Fires), no (Satisfied, not Violated) or that it cannot tell (Abstains), with its episode and the instant it judged.
	Contested bool
	Features  string // the feature set that a model of the code is fed

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

// Context is what a rule may look at. One serves all rules that judge an entity at an instant: what they share is worked out once.
type Context struct {
	Facts  []*timeline.Fact // live facts by (Time, ID)
	Now    event.Micros     // the lane's time, or the due time of the timer that fires
	Values []int64          // the rule's settings in their declared order
	Sends  Sends            // what the entity's source is expected to send

	Carrier   string          // of the entity, on the carrier topic
	Site      string          // the building its documents name
	Reference *setting.Tables // what is usual; never nil
	Asked     Episode         // of a contested judgement, while the features for it are worked out: what of the entity is judged; Now is when

	receiving memo[receiving]
	shipment  memo[shipment]
	picking   memo[picking]
	packing   memo[packing]

	sums    scratch[itemKey, itemSum]
	strange scratch[itemKey, itemSum]
	lines   scratch[string, linePick]
	packed  scratch[string, packedItem]
	timing  timing
	cartons keyed.List[uint32, carton]
}

// Begin makes the context one of other facts or another instant.
func (c *Context) Begin(facts []*timeline.Fact, now event.Micros, sends Sends) {
	c.Facts, c.Now, c.Sends, c.Asked = facts, now, sends, Episode{}
	c.receiving.known, c.shipment.known, c.picking.known, c.packing.known = false, false, false, false
	c.sums.known, c.strange.known, c.lines.known, c.packed.known = false, false, false, false
}

// scratch is a list of sums that one rule works out and others use: known says that it is of the present facts.
type scratch[K comparable, V any] struct {
	keyed.List[K, V]
	known bool
}

func (s *scratch[K, V]) begin() {
	s.Reset()
	s.known = true
}

// memo is a view of the facts that several rules share.
type memo[T any] struct {
	value T
	known bool
}

func (m *memo[T]) of(facts []*timeline.Fact, make func([]*timeline.Fact) T) *T {
	if !m.known {
		m.value, m.known = make(facts), true
	}
	return &m.value
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
var All = []*Rule{
	&asnMissing, &asnAfterReceipt, &qtyShort, &qtyOver, &skuUnexpected, &damage,
	&noFirstScan, &dwell, &lateVsPromise, &predictedLate, &returned, &damagedOrLost, &statusRegression,
	&shortPick, &overPick, &slowPick, &notStarted, &pickPackQty, &weightMismatch,
}

// Risks are contested questions that raise no exception: what is said of them lives in verdicts only.
var Risks = []*Rule{&asnShortRisk, &pickShortRisk}

// ByCode returns the rule of a code, those of Risks included, or nil.
func ByCode(code string) *Rule {
	for _, list := range [...][]*Rule{All, Risks} {
		for _, r := range list {
			if r.Code == code {
				return r
			}
		}
	}
	return nil
}
