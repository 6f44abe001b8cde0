package rule

import (
	"maps"
	"slices"

	"andon/schemas/exception"
)

// Stake is what a violation may cost if nobody acts, and how long acting helps. Amounts are minor units of the currency of settings.costs. The
// numbers are defaults (domain reference 2.7 and 4.2); each can be set per code, under the name its comment gives.
type Stake struct {
	LossBP    int64  // loss_bp: of the value of the goods; 0 when the goods are not at stake
	Penalty   Amount // penalty_minor: what a partner charges, or goodwill a customer is given
	Reship    Amount // reship_minor
	Contact   Amount // contact_minor: a customer asking
	ContactBP int64  // contact_bp: how often one does
	Rework    Amount // rework_minor

	WithinS  int64 // act_within_s: after opening, where no document states a deadline
	RecoverS int64 // recovery_s: what the best action takes
	Lasting  bool  // past the deadline something can still be recovered
}

// Amount is a part of a cost: None, Unknown, or minor units above zero.
type Amount int64

// Amounts that are no number.
const (
	None    Amount = 0  // not part of the cost
	Unknown Amount = -1 // part of it, and nobody said how much: then the cost is unknown
)

// parts are the settings of a stake by name.
func (s *Stake) parts() map[string]*int64 {
	return map[string]*int64{
		"loss_bp": &s.LossBP, "penalty_minor": (*int64)(&s.Penalty), "reship_minor": (*int64)(&s.Reship), "contact_minor": (*int64)(&s.Contact),
		"contact_bp": &s.ContactBP, "rework_minor": (*int64)(&s.Rework), "act_within_s": &s.WithinS, "recovery_s": &s.RecoverS,
	}
}

// Set changes one part; false when there is none of the name.
func (s *Stake) Set(name string, value int64) bool {
	part, ok := s.parts()[name]
	if ok {
		*part = value
	}
	return ok
}

// SettingNames are the names of all numbers of the rule that can be set.
func (r *Rule) SettingNames() (names []string) {
	for _, s := range r.Settings {
		names = append(names, s.Name)
	}
	return append(names, slices.Sorted(maps.Keys(r.Stake.parts()))...)
}

// Cost is the cost at risk in minor units and its currency, given the goods' value. fixed is the currency of the stake's own amounts. It is unknown
// when a part is, or when parts are in different currencies.
func (s *Stake) Cost(value Number, currency, fixed string) (Number, string) {
	sum := int64(0)
	for _, a := range [...]Amount{s.Penalty, s.Reship, s.Rework} {
		if a == Unknown {
			return Number{}, ""
		}
		sum += int64(a)
	}
	if s.Contact == Unknown {
		return Number{}, ""
	}
	sum += int64(s.Contact) * s.ContactBP / 10_000
	if s.LossBP == 0 && fixed != "" {
		return N(sum), fixed
	}
	if !value.Known || sum > 0 && currency != fixed {
		return Number{}, ""
	}
	return N(sum + value.Value/10_000*s.LossBP + value.Value%10_000*s.LossBP/10_000), currency
}

// The stake of a parcel that comes late: goodwill, a call, and now and then a cancellation or a second parcel (domain reference 2.7, the worked
// example of one parcel: 800 + 240 + 877).
var lateParcel = Stake{Penalty: 800, Contact: 800, ContactBP: 3000, Reship: 877, WithinS: 86_400, RecoverS: 7_200, Lasting: true}

// parcelFreight is what sending one parcel costs, minor units (domain reference 4.2: revenue per piece).
const parcelFreight = 1_347

// maxWorth is what is believed to be at stake at most, minor units: sums of it stay inside int64.
const maxWorth = 1e15

// worth is a quantity in thousandths at a unit cost, in minor units rounded down; a line without a currency has no known cost.
func worth(qtyMilli, unitCost int64, currency string) Number {
	if currency == "" {
		return Number{}
	}
	w := exception.MulDiv(qtyMilli, unitCost, 1000)
	return Number{w, w < maxWorth}
}
