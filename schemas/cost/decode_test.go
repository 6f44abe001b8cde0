package cost

import (
	"reflect"
	"testing"
)

// If this fails, a member was added or moved: written must follow, or every record takes the slow way.
func TestWhatIsWrittenIsReadTheFastWay(t *testing.T) {
	amount := int64(0)
	c := Cost{
		ID: NewID("acme", PickLabour, "F1", "2"), Tenant: "acme", Component: PickLabour, Subject: "F1", Part: "2", OrderID: "O1", Site: "AMS1", Carrier: "dhl",
		Item: "g1", IncurredAt: 1_740_787_200_000_001, Basis: Assumed, WorkUS: 9, QtyMilli: 3000, AmountMicro: &amount, Currency: "KWD", Rates: "r1", Withdrawn: true,
	}
	for _, c := range []Cost{c, {ID: c.ID, IncurredAt: c.IncurredAt}} {
		var got Cost
		if value := Append(nil, &c); !written(value, &got) || !reflect.DeepEqual(got, c) {
			t.Errorf("%s is read as %+v", value, got)
		}
	}
}
