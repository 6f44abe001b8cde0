// Package cost is the wire contract of andon.costs: what one piece of fulfilment work, one carton or one shipment cost. A record is an absolute
// fact, never a delta: of several records of one cost id the latest in its partition holds. It is written when a line, carton, receipt or
// shipment closes, and again when a correction changes it.
package cost

import (
	"andon/schemas/event"
	"andon/schemas/identity"
)

// ID names a cost.
type ID = identity.ID

// NewID is the id of the piece that (tenant, component, subject, part) name.
func NewID(tenant string, component Component, subject, part string) ID {
	return identity.New(tenant, string(component), subject, part)
}

// Component is what was paid for.
type Component string

// The components.
const (
	PickLabour      Component = "pick_labour"      // of an order line; part is the line
	PackLabour      Component = "pack_labour"      // of a carton; part is the carton
	Material        Component = "material"         // of a carton; part is the carton
	ReceivingLabour Component = "receiving_labour" // of a receipt line; part is the event id's hash
	Freight         Component = "freight"          // of a shipment; no part
)

// Basis says where the quantity that is priced comes from.
type Basis string

// The bases.
const (
	Measured Basis = "measured" // from events: a span between two of them, or an amount one states
	Assumed  Basis = "assumed"  // a standard figure of the settings
)

// Cost is one fact.
type Cost struct {
	ID        ID        `json:"cost_id"`
	Tenant    string    `json:"tenant"`
	Component Component `json:"component"`
	Subject   string    `json:"subject"`        // the entity: the key of its events
	Part      string    `json:"part,omitempty"` // what of the subject, see Component
	OrderID   string    `json:"order_id,omitempty"`
	Site      string    `json:"site,omitempty"`
	Carrier   string    `json:"carrier,omitempty"`
	Item      string    `json:"item,omitempty"` // GTIN or SKU, where the part has one

	IncurredAt  event.Micros `json:"incurred_at"` // event time at which the work was done
	Basis       Basis        `json:"basis"`
	WorkUS      int64        `json:"work_us,omitempty"`      // labour: microseconds of work priced
	QtyMilli    int64        `json:"qty_milli,omitempty"`    // units handled, thousandths of the base unit
	AmountMicro *int64       `json:"amount_micro,omitempty"` // millionths of a minor unit of Currency; absent: the price is unknown
	Currency    string       `json:"currency,omitempty"`     // ISO 4217; empty when the amount is unknown
	Rates       string       `json:"rates"`                  // version of the rates it was priced with

	Withdrawn bool `json:"withdrawn,omitempty"` // the facts it stood on were corrected away: it no longer counts
}
