package event

// Type says what an event states. The zero value is a type Andon does not know.
type Type uint8

// The event types, by family.
const (
	Unknown Type = iota
	ASNDespatched
	ASNCancelled
	ReceiptLine
	ReceiptClosed
	ShipmentManifested
	CarrierScan
	CarrierETA
	OrderReleased
	PickStarted
	PickConfirmed
	PickShorted
	PackStarted
	PackItem
	PackClosed
	LabelCreated
	ManifestClosed
	Correction // retracts the event named by retracts_event_id; keyed as what it retracts
	ClockTick  // time has passed event_time on this partition; carries no key
)

var typeNames = listed("", "asn.despatched", "asn.cancelled", "receipt.line", "receipt.closed", "shipment.manifested", "carrier.scan",
	"carrier.eta", "order.released", "pick.started", "pick.confirmed", "pick.shorted", "pack.started", "pack.item", "pack.closed",
	"label.created", "manifest.closed", "correction", "clock.tick")

func (t Type) String() string { return typeNames.name(uint8(t)) }

// ParseType returns the type of a wire name; false when there is none.
func ParseType(s string) (Type, bool) {
	i, ok := typeNames.find(s)
	return Type(i), ok && i != 0
}

// MarshalJSON writes the wire name.
func (t Type) MarshalJSON() ([]byte, error) { return quote(t.String()) }

// Family is a group of event types that share an input topic, a key rule and a timeline.
type Family uint8

// The three families.
const (
	ASN Family = iota
	Carrier
	PickPack
)

// Families lists all families in order.
var Families = [...]Family{ASN, Carrier, PickPack}

var familyNames = listed("asn", "carrier", "pickpack")

func (f Family) String() string { return familyNames.name(uint8(f)) }

// ParseFamily returns the family of a name.
func ParseFamily(s string) (Family, bool) {
	i, ok := familyNames.find(s)
	return Family(i), ok
}

// Of reports whether events of the type belong on the family's topic. Corrections and ticks belong on each.
func (f Family) Of(t Type) bool {
	switch {
	case t == Correction || t == ClockTick:
		return true
	case t >= ASNDespatched && t <= ReceiptClosed:
		return f == ASN
	case t >= ShipmentManifested && t <= CarrierETA:
		return f == Carrier
	case t >= OrderReleased && t <= ManifestClosed:
		return f == PickPack
	}
	return false
}
