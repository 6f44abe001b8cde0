package oracle_test

import (
	"cmp"
	"slices"
	"testing"

	"andon/replay/oracle"
	"andon/schemas/cost"
	"andon/schemas/event"

	"pgregory.net/rapid"
)

// What the core says that things cost is what the oracle says; so then are all sums.
func TestCostsAreTheOracles(t *testing.T) {
	for _, family := range event.Families {
		t.Run(family.String(), func(t *testing.T) {
			rapid.Check(t, func(t *rapid.T) {
				h := histories(t, family)
				_, paid := lane(t, h, plain, 0)
				same(t, h, "oracle", oracle.Costs(h.family, h.records), "core", owed(paid))
			})
		})
	}
}

// owed is what the oracle says of costs that were not withdrawn.
func owed(paid map[cost.ID]cost.Cost) (all []oracle.Cost) {
	for _, c := range paid {
		if c.Withdrawn {
			continue
		}
		amount := int64(oracle.Unknown)
		if c.AmountMicro != nil {
			amount = *c.AmountMicro
		}
		all = append(all, oracle.Cost{Tenant: c.Tenant, Component: c.Component, Subject: c.Subject, Part: c.Part, Basis: c.Basis, WorkUS: c.WorkUS, QtyMilli: c.QtyMilli,
			AmountMicro: amount, Currency: c.Currency})
	}
	slices.SortFunc(all, func(a, b oracle.Cost) int {
		return cmp.Or(cmp.Compare(a.Tenant, b.Tenant), cmp.Compare(a.Subject, b.Subject), cmp.Compare(a.Component, b.Component), cmp.Compare(a.Part, b.Part))
	})
	return all
}
