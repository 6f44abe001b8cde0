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
				_, owed := run(t, h, plain)
				same(t, h, "oracle", oracle.Costs(h.family, h.records), "core", asOracle(owed))
			})
		})
	}
}

// asOracle is costs as the oracle writes them.
func asOracle(owed []cost.Cost) (all []oracle.Cost) {
	for _, c := range owed {
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
