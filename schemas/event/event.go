// Package event is the wire contract of Andon's input: the canonical events of the ASN, carrier and pick/pack families.
//
// On the wire an event is one JSON object (schemas/jsonschema/event.schema.json): times are RFC 3339 in UTC, numbers are integers whose
// unit is the last word of their name, unknown members are ignored. One Go struct serves all types; each type uses the fields it needs.
package event

// Line is one line of a document: an advised line of asn.despatched or a planned line of order.released.
type Line struct {
	Line          string `json:"line"`                      // line number or id within the document
	SKU           string `json:"sku,omitempty"`             // the owner's item number
	GTIN          string `json:"gtin,omitempty"`            // GS1 item number; wins over SKU as the item's identity
	Lot           string `json:"lot,omitempty"`             // batch, if the document states one
	QtyMilli      int64  `json:"qty_milli"`                 // thousandths of the base unit
	UOM           string `json:"uom,omitempty"`             // UN/ECE Rec 20 code of the base unit; KGM and other weights mean catch weight
	UnitCostMinor int64  `json:"unit_cost_minor,omitempty"` // minor units of Currency per base unit; unknown when Currency is empty
	Currency      string `json:"currency,omitempty"`        // ISO 4217
}

// Event is one canonical event, decoded. Strings may share the record's memory (see Decode): copy what outlives the record.
type Event struct {
	ID       string `json:"event_id"`
	Type     Type   `json:"type"`
	Tenant   string `json:"tenant,omitempty"` // DefaultTenant when absent
	Source   string `json:"source,omitempty"` // the system that sent it
	Site     string `json:"site,omitempty"`   // the building it is about
	Time     Micros `json:"event_time"`       // when it happened
	Retracts string `json:"retracts_event_id,omitempty"`

	DespatchID   string `json:"despatch_id,omitempty"`
	POID         string `json:"po_id,omitempty"`
	Carrier      string `json:"carrier,omitempty"`
	TrackingNo   string `json:"tracking_no,omitempty"`
	FulfilmentID string `json:"fulfilment_id,omitempty"`
	OrderID      string `json:"order_id,omitempty"`

	Revision int32   `json:"revision,omitempty"` // of a document; a higher one supersedes
	Purpose  Purpose `json:"purpose,omitempty"`
	Lines    []Line  `json:"lines,omitempty"`

	ReceiptID        string    `json:"receipt_id,omitempty"`
	Line             string    `json:"line,omitempty"` // receipt line, or the order line a pick or pack belongs to
	SKU              string    `json:"sku,omitempty"`
	GTIN             string    `json:"gtin,omitempty"`
	Lot              string    `json:"lot,omitempty"`
	UOM              string    `json:"uom,omitempty"`
	QtyMilli         int64     `json:"qty_milli,omitempty"`          // a receipt's includes the rejected part
	RejectedQtyMilli int64     `json:"rejected_qty_milli,omitempty"` // part of QtyMilli
	Condition        Condition `json:"condition,omitempty"`
	LineClosed       bool      `json:"line_closed,omitempty"` // no further pick of this line is planned
	TaskID           string    `json:"task_id,omitempty"`
	Reason           string    `json:"reason,omitempty"` // the sender's reason code (denial, delay)

	Status   Status `json:"status,omitempty"`
	Facility string `json:"facility,omitempty"`
	Service  string `json:"service_code,omitempty"`

	PromiseDeliverBy Micros `json:"promise_deliver_by,omitempty"`
	ShipBy           Micros `json:"ship_by,omitempty"`
	ETA              Micros `json:"eta,omitempty"`

	CartonID string `json:"carton_id,omitempty"`
	WeightG  int64  `json:"weight_g,omitempty"` // gross

	FreightMinor       int64  `json:"freight_minor,omitempty"`        // what the carrier bills for the shipment, minor units of Currency; unknown when Currency is empty
	DeclaredValueMinor int64  `json:"declared_value_minor,omitempty"` // of the goods, minor units of Currency; unknown when 0
	Currency           string `json:"currency,omitempty"`             // ISO 4217

	Content uint64 `json:"-"` // xxHash64 of the record's value; set by Decode
}

// DefaultTenant is the tenant of an event that names none.
const DefaultTenant = "default"

// Item is the identity of the goods: the GTIN where given, else the SKU.
func (l *Line) Item() string { return item(l.GTIN, l.SKU) }

// Item is the identity of the goods the event is about: the GTIN where given, else the SKU.
func (e *Event) Item() string { return item(e.GTIN, e.SKU) }

func item(gtin, sku string) string {
	if gtin != "" {
		return gtin
	}
	return sku
}
