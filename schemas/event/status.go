package event

// Status is a canonical carrier milestone (reference: X12 AT7 element 1650 and the carriers' own lists, mapped by the sender).
type Status uint8

// The carrier milestones. Unmapped keeps a scan whose status nobody mapped.
const (
	NoStatus Status = iota
	LabelMade
	Accepted
	ArrivedFacility
	DepartedFacility
	InTransit
	CustomsHold
	CustomsReleased
	OutForDelivery
	AttemptFailed
	AvailablePickup
	Delivered
	Delayed
	AddressIssue
	Refused
	Damaged
	Lost
	RTS // returned to sender
	ETAUpdate
	Cancelled
	Unmapped
)

var statusNames = listed("", "LABEL_CREATED", "ACCEPTED", "ARRIVED_FACILITY", "DEPARTED_FACILITY", "IN_TRANSIT", "CUSTOMS_HOLD",
	"CUSTOMS_RELEASED", "OUT_FOR_DELIVERY", "ATTEMPT_FAILED", "AVAILABLE_PICKUP", "DELIVERED", "DELAYED", "ADDRESS_ISSUE", "REFUSED",
	"DAMAGED", "LOST", "RTS", "ETA_UPDATE", "CANCELLED", "UNMAPPED")

func (s Status) String() string { return statusNames.name(uint8(s)) }

// ParseStatus returns the milestone of a wire name; false when there is none.
func ParseStatus(s string) (Status, bool) {
	i, ok := statusNames.find(s)
	return Status(i), ok && i != 0
}

// MarshalJSON writes the wire name.
func (s Status) MarshalJSON() ([]byte, error) { return quote(s.String()) }

// Physical reports whether the status shows the carrier holding, or having held, the goods.
func (s Status) Physical() bool {
	switch s {
	case NoStatus, LabelMade, AddressIssue, ETAUpdate, Cancelled, Unmapped:
		return false
	default:
		return true
	}
}

// Purpose is the intent of a document (X12 BSN01, EDIFACT BGM 1225).
type Purpose uint8

// The purposes. A document without one is an original.
const (
	Original Purpose = iota
	Replace
)

var purposeNames = listed("original", "replace")

func (p Purpose) String() string { return purposeNames.name(uint8(p)) }

// MarshalJSON writes the wire name.
func (p Purpose) MarshalJSON() ([]byte, error) { return quote(p.String()) }

// Condition is the state of received goods (X12 element 412, reduced).
type Condition uint8

// The conditions. A receipt line without one is good.
const (
	Good Condition = iota
	DamagedGoods
	QualityIssue
	NonStandardContainer
	Rejected
)

var conditionNames = listed("good", "damaged", "quality", "container", "rejected")

func (c Condition) String() string { return conditionNames.name(uint8(c)) }

// MarshalJSON writes the wire name.
func (c Condition) MarshalJSON() ([]byte, error) { return quote(c.String()) }

const unknownName = 255 // what an unknown purpose or condition is read as, for Decode to reject
