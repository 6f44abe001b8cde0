package rule

import (
	"slices"
	"strconv"
	"strings"

	"andon/detectors/timeline"
	"andon/schemas/event"
	"andon/schemas/exception"
)

// Kind is what a rule says of one obligation.
type Kind uint8

// The kinds.
const (
	Abstains  Kind = iota // cannot judge: Missing says what it lacks
	Fires                 // violated
	Satisfied             // met, in time or after having been violated
	Blind                 // of this rule's ended exceptions some can no longer be seen: what it does not mention of them stays
)

// Verdict is a rule's word on one obligation.
type Verdict struct {
	Rule      *Rule
	Kind      Kind
	Episode   Episode
	Severity  exception.Severity // empty: the rule's
	Violated  bool               // Satisfied only: the obligation had been violated before it was met
	OpenedAt  event.Micros       // Fires, and Satisfied after a violation
	ClearedAt event.Micros       // Satisfied: latest event time of the satisfying facts
	Due       event.Micros       // the instant the obligation was due, where it has one
	Expected  Number
	Observed  Number
	Delta     Number
	Missing   string // Abstains only

	// Of a contested rule: when it judged, and whether a model is to be asked. While an episode's JudgedAt stays, it is the same judgement; where Ask
	// is false with a later one, the obligation is over. OpenedAt is JudgedAt too, but for Fires that stands since an earlier judgement.
	JudgedAt event.Micros
	Ask      bool

	Value    Number       // of the goods at stake, minor units of Currency
	Currency string       // of Value
	Deadline event.Micros // by which acting helps, where a document states it

	from, to int // evidence
}

// Number is a quantity that may be unknown.
type Number struct {
	Value int64
	Known bool
}

// N is a known number.
func N(v int64) Number { return Number{v, true} }

// Episode names one obligation within a subject: what of it, and which instance. The fields that do not apply stay zero.
type Episode struct {
	Revision        int32 // of the document that made the obligation
	Line, Item, Lot string
	Carton          string
	Due             event.Micros
	Event           uint64       // of a fact that is an episode of its own
	Milestone       event.Status // of a journey
	Journey         event.Micros // which of those that a tracking number goes through
}

// String is the episode as it enters the exception's identity: the set fields as name=value, joined by ";". The characters ; = % are escaped.
func (e Episode) String() string {
	var parts []string
	add := func(name, value string) { parts = append(parts, name+"="+escape.Replace(value)) }
	if e.Revision != 0 {
		add("revision", strconv.Itoa(int(e.Revision)))
	}
	if e.Line != "" {
		add("line", e.Line)
	}
	if e.Item != "" {
		add("item", e.Item)
	}
	if e.Lot != "" {
		add("lot", e.Lot)
	}
	if e.Carton != "" {
		add("carton", e.Carton)
	}
	if e.Due != 0 {
		add("due", e.Due.String())
	}
	if e.Milestone != 0 {
		add("milestone", e.Milestone.String())
	}
	if e.Journey != 0 {
		add("journey", e.Journey.String())
	}
	if e.Event != 0 {
		add("event", strconv.FormatUint(e.Event, 16))
	}
	return strings.Join(parts, ";")
}

var escape = strings.NewReplacer("%", "%25", ";", "%3B", "=", "%3D")

// Verdicts collects verdicts and their evidence. One serves all findings of a beat.
type Verdicts struct {
	Rule     *Rule // the rule that judges now; Add signs verdicts with it
	List     []Verdict
	Next     event.Micros // when time alone may change a verdict of the present finding; 0 = never
	evidence []uint64
}

// Wait says that at a later instant, without any new fact, the rule may have something else to say.
func (vs *Verdicts) Wait(until event.Micros) {
	if vs.Next == 0 || until < vs.Next {
		vs.Next = until
	}
}

// Reset empties the collection, keeping its memory.
func (vs *Verdicts) Reset() { vs.List, vs.evidence = vs.List[:0], vs.evidence[:0] }

// Mark is the present end of the collection, for Cut.
func (vs *Verdicts) Mark() [2]int { return [2]int{len(vs.List), len(vs.evidence)} }

// Cut drops what was added since the mark.
func (vs *Verdicts) Cut(mark [2]int) { vs.List, vs.evidence = vs.List[:mark[0]], vs.evidence[:mark[1]] }

// Add adds a verdict; Evidence calls that follow belong to it.
func (vs *Verdicts) Add(v Verdict) {
	v.Rule = vs.Rule
	v.from, v.to = len(vs.evidence), len(vs.evidence)
	if len(vs.List) == cap(vs.List) {
		vs.List = slices.Grow(vs.List, len(vs.List)+1) // to twice its length: verdicts are large, and a beat has tens of thousands
	}
	vs.List = append(vs.List, v)
}

// Evidence names facts the latest verdict stands on; nil facts are passed over.
func (vs *Verdicts) Evidence(facts ...*timeline.Fact) {
	v := &vs.List[len(vs.List)-1]
	for _, f := range facts {
		if f != nil {
			vs.evidence = append(vs.evidence, f.ID)
		}
	}
	v.to = len(vs.evidence)
}

// EvidenceOf is the verdict's evidence, sorted, at most exception.MaxEvidence (the latest added are kept).
func (vs *Verdicts) EvidenceOf(v *Verdict) exception.Evidence {
	from := max(v.from, v.to-exception.MaxEvidence)
	ev := slices.Clone(vs.evidence[from:v.to])
	slices.Sort(ev)
	return exception.Evidence(slices.Compact(ev))
}

// Abstain adds that the rule cannot judge the entity, and why.
func (vs *Verdicts) Abstain(missing string) { vs.Add(Verdict{Kind: Abstains, Missing: missing}) }
