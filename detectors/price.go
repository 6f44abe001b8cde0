package detectors

import (
	"encoding/binary"
	"encoding/hex"
	"fmt"
	"slices"
	"strings"

	"andon/detectors/setting"
	"andon/detectors/unitcost"
	"andon/schemas/cost"
	"andon/schemas/event"
)

// price compares what the facts claim with what they claimed before the present event, and keeps what is new, changed or withdrawn.
func (e *Engine) price(ent *entity) {
	e.after = e.lane.terms.book.Of(e.family, e.view.Live, e.after[:0])
	before, after := e.before, e.after
	for len(before) > 0 && len(after) > 0 && before[0] == after[0] {
		before, after = before[1:], after[1:]
	}
	for n, m := len(before), len(after); n > 0 && m > 0 && before[n-1] == after[m-1]; n, m = len(before), len(after) {
		before, after = before[:n-1], after[:m-1]
	}
	for i := range after {
		c := &after[i]
		if was := claimOf(before, c); was == nil || *was != *c {
			e.costs = append(e.costs, e.cost(ent, c))
		}
	}
	for i := range before {
		if c := &before[i]; claimOf(after, c) == nil {
			gone := e.cost(ent, c)
			gone.WorkUS, gone.QtyMilli, gone.AmountMicro, gone.Currency, gone.Withdrawn = 0, 0, nil, "", true
			e.costs = append(e.costs, gone)
		}
	}
}

func claimOf(list []unitcost.Claim, c *unitcost.Claim) *unitcost.Claim {
	if i := slices.IndexFunc(list, func(d unitcost.Claim) bool { return d.Same(c) }); i >= 0 {
		return &list[i]
	}
	return nil
}

// cost is a claim as a record. It owns its strings.
func (e *Engine) cost(ent *entity, c *unitcost.Claim) cost.Cost {
	part := c.Part
	if c.Fact != 0 {
		part = hex.EncodeToString(binary.BigEndian.AppendUint64(nil, c.Fact))
	}
	x := cost.Cost{
		ID: cost.NewID(ent.tenant(), c.Component, ent.subject(), part), Tenant: ent.tenant(), Component: c.Component, Subject: ent.subject(),
		Part: strings.Clone(part), OrderID: strings.Clone(c.Order), Site: strings.Clone(c.Site), Item: strings.Clone(c.Item),
		IncurredAt: c.IncurredAt, Basis: c.Basis, WorkUS: int64(c.Work), QtyMilli: c.Qty, Rates: e.lane.terms.priced,
	}
	if e.family == event.Carrier {
		x.Carrier, _, _ = strings.Cut(ent.subject(), "/")
	}
	if c.Currency != "" {
		amount := c.Amount
		x.AmountMicro, x.Currency = &amount, strings.Clone(c.Currency)
	}
	return x
}

// currency reports whether a code is three capital letters, or none.
func currency(code string) bool {
	return code == "" || len(code) == 3 && strings.Trim(code, "ABCDEFGHIJKLMNOPQRSTUVWXYZ") == ""
}

// checkCosts refuses figures that make no sense. A set without a currency prices nothing.
func checkCosts(c setting.Costs) error {
	figures := []struct {
		name  string
		value *int64
	}{
		{"labour_minor_per_h", c.LabourMinorPerH}, {"pick_line_s", c.PickLineS}, {"pack_carton_s", c.PackCartonS}, {"receive_line_s", c.ReceiveLineS},
		{"material_minor", c.MaterialMinor}, {"freight_minor", c.FreightMinor}, {"pick_pause_s", &c.PickPauseS}, {"pack_pause_s", &c.PackPauseS},
		{"receive_pause_s", &c.ReceivePauseS},
	}
	if !currency(c.Currency) {
		return fmt.Errorf("settings.costs.currency: %q is no ISO 4217 code such as USD", c.Currency)
	}
	for i, f := range figures {
		switch {
		case f.value == nil:
		case *f.value < 0 || *f.value > 1e9:
			return fmt.Errorf("settings.costs.%s: %d is not between 0 and 1e9", f.name, *f.value)
		case i < 6 && c.Currency == "":
			return fmt.Errorf("settings.costs.currency: needed beside %s; write an ISO 4217 code such as USD", f.name)
		}
	}
	return nil
}
