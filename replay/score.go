package replay

import (
	"iter"
	"maps"
	"slices"

	"andon/detectors/rule"
	"andon/replay/simulate"
	"andon/schemas/exception"
)

// Pair is what truth and findings are compared by: a code and the entity it is about. However many lines, items or instants of an entity a code
// is true of, it is one pair.
type Pair struct{ Code, Subject string }

// Score compares what was found of one code with the hidden truth. It counts pairs.
type Score struct {
	Code   string
	Title  string // empty: no rule has the code yet
	Truth  int    // Found + Missed
	Found  int    // true, and said
	Missed int    // true, and not said
	False  int    // said, and not true
	Units  int    // of False: a quantity that is off only because it was advised in another unit (IN-10, which no rule names yet)
}

// Truth is what a simulated day hides, as pairs.
func Truth(labels iter.Seq[simulate.Label]) iter.Seq[Pair] {
	return func(yield func(Pair) bool) {
		for l := range labels {
			if !yield(Pair{l.Code, l.Subject}) {
				return
			}
		}
	}
}

// Found is what a set of exceptions claims, as pairs: those that stand.
func Found(final []exception.Exception) iter.Seq[Pair] {
	return func(yield func(Pair) bool) {
		for i := range final {
			if Stands(&final[i]) && !yield(Pair{final[i].Code, final[i].Subject}) {
				return
			}
		}
	}
}

// unitError is the code of goods advised in the wrong unit. Their quantity looks wrong until a rule tells the two apart.
const unitError = "IN-10"

// Compare scores every known code in the order of the rules, then the codes of the truth that no rule has. Either side may repeat a pair.
func Compare(truth, found iter.Seq[Pair]) []Score {
	hidden, said := set(truth), set(found)
	scores := map[string]*Score{}
	of := func(code string) *Score {
		if scores[code] == nil {
			scores[code] = &Score{Code: code}
		}
		return scores[code]
	}
	for p := range hidden {
		s := of(p.Code)
		s.Truth++
		if said[p] {
			s.Found++
		} else {
			s.Missed++
		}
	}
	for p := range said {
		if hidden[p] {
			continue
		}
		s := of(p.Code)
		s.False++
		if (p.Code == "IN-05" || p.Code == "IN-06") && hidden[Pair{unitError, p.Subject}] {
			s.Units++
		}
	}
	var rows []Score
	for _, r := range rule.All {
		s := of(r.Code)
		s.Title = r.Title
		rows = append(rows, *s)
		delete(scores, r.Code)
	}
	for _, code := range slices.Sorted(maps.Keys(scores)) {
		rows = append(rows, *scores[code])
	}
	return rows
}

func set(pairs iter.Seq[Pair]) map[Pair]bool {
	all := map[Pair]bool{}
	for p := range pairs {
		all[p] = true
	}
	return all
}
