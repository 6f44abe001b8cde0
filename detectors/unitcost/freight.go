package unitcost

import (
	"cmp"

	"andon/detectors/setting"
	"andon/detectors/timeline"
	"andon/schemas/cost"
	"andon/schemas/event"
)

// freight claims what the shipment costs: what its latest manifest states, else the standard figure. A cancelled shipment costs nothing.
func freight(facts []*timeline.Fact, rates *setting.Costs, list []Claim) []Claim {
	var manifest *timeline.Fact
	for _, f := range facts {
		switch {
		case f.Type == event.CarrierScan && f.Status == event.Cancelled:
			return list
		case f.Type == event.ShipmentManifested && (manifest == nil || cmp.Or(cmp.Compare(f.Time, manifest.Time), cmp.Compare(f.Content, manifest.Content)) > 0):
			manifest = f
		}
	}
	if manifest == nil {
		return list
	}
	c := Claim{Component: cost.Freight, IncurredAt: manifest.Time, Basis: cost.Assumed, closed: true}
	switch d := manifest.Doc; {
	case d.Currency != "" && d.Freight > 0:
		c.Basis, c.Amount, c.Currency = cost.Measured, d.Freight*1_000_000, d.Currency
	case rates.FreightMinor != nil:
		c.Amount, c.Currency = *rates.FreightMinor*1_000_000, rates.Currency
	}
	return append(list, c.of(manifest))
}
