package cost

import (
	"encoding/hex"
	"strconv"

	"github.com/segmentio/encoding/json"
)

// Append appends c as JSON, as its tags say. It is written out because costs are the most frequent of what detection writes.
func Append(dst []byte, c *Cost) []byte {
	b := append(dst, `{"cost_id":"`...)
	b = append(hex.AppendEncode(b, c.ID[:]), '"')
	b = text(b, `,"tenant":`, c.Tenant)
	b = text(b, `,"component":`, string(c.Component))
	b = text(b, `,"subject":`, c.Subject)
	b = optional(b, `,"part":`, c.Part)
	b = optional(b, `,"order_id":`, c.OrderID)
	b = optional(b, `,"site":`, c.Site)
	b = optional(b, `,"carrier":`, c.Carrier)
	b = optional(b, `,"item":`, c.Item)
	b = append(c.IncurredAt.Append(append(b, `,"incurred_at":"`...)), '"')
	b = text(b, `,"basis":`, string(c.Basis))
	if c.WorkUS != 0 {
		b = strconv.AppendInt(append(b, `,"work_us":`...), c.WorkUS, 10)
	}
	if c.QtyMilli != 0 {
		b = strconv.AppendInt(append(b, `,"qty_milli":`...), c.QtyMilli, 10)
	}
	if c.AmountMicro != nil {
		b = strconv.AppendInt(append(b, `,"amount_micro":`...), *c.AmountMicro, 10)
	}
	b = optional(b, `,"currency":`, c.Currency)
	b = text(b, `,"rates":`, c.Rates)
	if c.Withdrawn {
		b = append(b, `,"withdrawn":true`...)
	}
	return append(b, '}')
}

func text(b []byte, name, value string) []byte {
	return json.AppendEscape(append(b, name...), value, 0)
}

func optional(b []byte, name, value string) []byte {
	if value == "" {
		return b
	}
	return text(b, name, value)
}
