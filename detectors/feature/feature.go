// Package feature holds what models are fed: one named, versioned, ordered set of features for each family of questions, worked out from the
// timeline of one entity and the reference tables of the settings, and from nothing else.
package feature

import (
	"math"
	"strconv"

	"andon/detectors/rule"
)

// Set is the features of one family, in the order in which a model takes them. Whoever changes what a value means, or the order, raises Version:
// a model is trained for one version and asked no other.
type Set struct {
	Name     string // carrier, pickpack, pack or asn
	Version  int
	About    string // what is judged with it, and when
	Features []Feature

	fill func(r row, c *rule.Context)
}

// Feature is one number.
type Feature struct {
	Name    string // unit last, where it has one
	Unit    string // empty: a plain number
	Text    string // what it is, and when it is missing
	Missing Missing
}

// Missing says what becomes of a question when the feature is missing.
type Missing uint8

// The policies.
const (
	Keep   Missing = iota // the model is asked all the same and gets NaN
	Needed                // no model is asked: low_coverage
)

func (m Missing) String() string {
	if m == Needed {
		return "needed"
	}
	return "keep"
}

// All lists the sets.
var All = []*Set{&carrier, &pickpack, &pack, &asn}

// Of returns the set of a name; nil when there is none.
func Of(name string) *Set {
	for _, s := range All {
		if s.Name == name {
			return s
		}
	}
	return nil
}

// ID names the set and its version, e.g. carrier/1.
func (s *Set) ID() string { return s.Name + "/" + strconv.Itoa(s.Version) }

// Append appends the value of each feature as of c.Now, which is the instant judged: the event time of the judged fact, or the due time. Facts
// after it are not looked at. NaN is missing; there is no infinity.
func (s *Set) Append(dst []float64, c *rule.Context) []float64 {
	from := len(dst)
	for range s.Features {
		dst = append(dst, missing)
	}
	s.fill(row(dst[from:]), c)
	return dst
}

// Covered reports whether no feature that is needed is missing among the values Append gave.
func (s *Set) Covered(values []float64) bool {
	for i := range s.Features {
		if s.Features[i].Missing == Needed && math.IsNaN(values[i]) {
			return false
		}
	}
	return true
}
