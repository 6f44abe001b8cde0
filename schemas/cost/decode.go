package cost

import (
	"errors"

	"andon/schemas/event"
	"andon/schemas/identity"
	"andon/schemas/member"

	"github.com/segmentio/encoding/json"
)

// Decode reads one record value of andon.costs; unknown members are ignored. The strings of c share the memory of value.
func Decode(value []byte, c *Cost) error {
	if written(value, c) {
		return nil
	}
	*c = Cost{}
	rest, err := json.Parse(value, c, json.ZeroCopy|json.DontMatchCaseInsensitiveStructFields)
	if err == nil && len(rest) > 0 {
		err = errors.New("bytes after the cost")
	}
	return err
}

// written reads what Append writes; false when it is something else.
func written(value []byte, c *Cost) bool {
	r := member.Read(value)
	*c = Cost{
		ID: member.As(&r, `"cost_id":`, identity.Parse), Tenant: r.Text(`"tenant":`), Component: Component(r.Text(`"component":`)), Subject: r.Text(`"subject":`),
		Part: r.Text(`"part":`), OrderID: r.Text(`"order_id":`), Site: r.Text(`"site":`), Carrier: r.Text(`"carrier":`), Item: r.Text(`"item":`),
		IncurredAt: member.As(&r, `"incurred_at":`, event.ParseTime), Basis: Basis(r.Text(`"basis":`)),
	}
	c.WorkUS, _ = r.Integer(`"work_us":`)
	c.QtyMilli, _ = r.Integer(`"qty_milli":`)
	c.AmountMicro = r.Optional(`"amount_micro":`)
	c.Currency, c.Rates, c.Withdrawn = r.Text(`"currency":`), r.Text(`"rates":`), r.Flag(`"withdrawn":`)
	return r.Done()
}
