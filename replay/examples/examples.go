// Package examples makes training data of judgements as they were recorded: features as they were logged when it was judged, and labels that somebody
// decided about. A judgement nobody decided about has no label, least of all a negative one.
package examples

import (
	"cmp"
	"fmt"
	"math"
	"slices"

	"andon/detectors/feature"
	"andon/detectors/rule"
	"andon/schemas/decision"
	"andon/schemas/event"
	"andon/schemas/identity"
	"andon/schemas/verdict"
)

// Label is what was decided about a judgement.
type Label uint8

// The labels.
const (
	Unknown Label = iota
	Negative
	Positive
)

// Past is judgements on record, and what was decided about them.
type Past struct {
	Verdicts  []verdict.Verdict
	Decisions []decision.Decision
}

// Row is one judgement with its label.
type Row struct {
	verdict.Verdict
	Label
	By        decision.Decision // what the label is from; zero when there is none
	MaturesAt event.Micros      // from here on nothing can change what is true of the case
	Mature    bool              // its window had closed, and what was decided counts: only then a row is to be trained on
}

// Rows are the judgements of one code, in the order they were judged, and what was left out.
type Rows struct {
	Set  *feature.Set
	List []Row

	Bare   int // judgements without features, left out: neither raised by the rule nor sampled
	Others int // judgements with features of another version, left out
}

// SetOf is the features of a contested code.
func SetOf(code string) (*feature.Set, error) {
	var known []string
	for _, r := range slices.Concat(rule.All, rule.Risks) {
		switch {
		case r.Contested && r.Code == code:
			return feature.Of(r.Features), nil
		case r.Contested:
			known = append(known, r.Code)
		}
	}
	return nil, fmt.Errorf("%q is not contested: no model is asked about it; one of %v", code, known)
}

// Join gives the judgements of a code their labels, as of an instant: what was decided later is not known yet, and windows that end later are open.
// Until 0 is the latest decision.
func (p *Past) Join(code string, until event.Micros) (*Rows, error) {
	set, err := SetOf(code)
	if err != nil {
		return nil, err
	}
	if until == 0 {
		for i := range p.Decisions {
			until = max(until, p.Decisions[i].DecidedAt)
		}
	}
	decided := latest(p.Decisions, until)
	rows, place := &Rows{Set: set}, map[verdict.ID]int{}
	for i := range p.Verdicts {
		v := &p.Verdicts[i]
		switch {
		case v.Code != code:
			continue
		case len(v.Values) == 0:
			rows.Bare++
			continue
		case v.Features != set.ID() || len(v.Values) != len(set.Features):
			rows.Others++
			continue
		}
		row := label(v, decided, until)
		if at, there := place[v.ID]; there { // late facts judged anew: the last word holds
			rows.List[at] = row
			continue
		}
		place[v.ID] = len(rows.List)
		rows.List = append(rows.List, row)
	}
	slices.SortFunc(rows.List, func(a, b Row) int {
		return cmp.Or(cmp.Compare(a.JudgedAt, b.JudgedAt), slices.Compare(a.ID[:], b.ID[:]))
	})
	return rows, nil
}

// latest is the last decision about each item that was known at an instant.
func latest(decisions []decision.Decision, until event.Micros) map[identity.ID]decision.Decision {
	last := map[identity.ID]decision.Decision{}
	for i := range decisions {
		d := &decisions[i]
		if before, there := last[d.ItemID]; d.DecidedAt <= until && (!there || d.DecidedAt >= before.DecidedAt) {
			last[d.ItemID] = *d
		}
	}
	return last
}

// label joins one judgement: by what was decided about itself, else about the exception it is about.
func label(v *verdict.Verdict, decided map[identity.ID]decision.Decision, until event.Micros) Row {
	row := Row{Verdict: *v, MaturesAt: matures(v)}
	d, there := decided[v.ID]
	if !there && v.ExceptionID != (verdict.ID{}) {
		d, there = decided[v.ExceptionID]
	}
	if !there {
		return row
	}
	switch d.Verdict {
	case decision.Confirmed:
		row.Label = Positive
	case decision.FalseAlarm:
		row.Label = Negative
	default: // unsure, duplicate: looked at, and no label
		return row
	}
	row.By = d
	early := row.Label == Negative && d.DecidedAt < row.MaturesAt // it may yet come true
	row.Mature = row.MaturesAt <= until && !early
	return row
}

// Label windows: how long after the judgement, or after the promise where there is one, it may take until what is true is known.
const (
	afterPromise = 3 * event.Day
	afterPick    = 3 * event.Day
	afterPack    = 7 * event.Day
	afterAdvice  = 14 * event.Day
)

// Maturity says in words when labels of a code count as known.
func Maturity(code string) string {
	switch code {
	case "CA-03", "CA-05":
		return "3 days after the promise; without one 14 days after the judgement"
	case "PA-03":
		return "7 days after the weighing"
	case "asn_short_risk":
		return "14 days after the despatch"
	default:
		return "3 days after the judgement"
	}
}

// matures is when the window of a judgement's label closes.
func matures(v *verdict.Verdict) event.Micros {
	switch v.Code {
	case "CA-03", "CA-05":
		if slack := v.Values[0]; !math.IsNaN(slack) { // slack_s
			return v.JudgedAt + max(0, event.Micros(slack)*event.Second) + afterPromise
		}
		return v.JudgedAt + afterAdvice
	case "PA-03":
		return v.JudgedAt + afterPack
	case "asn_short_risk":
		return v.JudgedAt + afterAdvice
	default:
		return v.JudgedAt + afterPick
	}
}
