package event

// Reason names why a record or event was put aside as a dead letter. The names are part of the wire contract of andon.deadletter.
type Reason string

// The reasons.
const (
	TooLarge           Reason = "too_large"           // record over MaxRecordBytes
	TooDeep            Reason = "too_deep"            // nesting over MaxDepth
	StringTooLong      Reason = "string_too_long"     // a string over MaxStringBytes
	TooManyLines       Reason = "too_many_lines"      // lines over MaxLines
	InvalidUTF8        Reason = "invalid_utf8"        // not UTF-8
	Malformed          Reason = "malformed"           // not one JSON object
	WrongSchema        Reason = "wrong_schema"        // a member of another type or outside its list
	UnknownType        Reason = "unknown_type"        // type is none of the list
	WrongTopic         Reason = "wrong_topic"         // a known type on another family's topic
	MissingField       Reason = "missing_field"       // a member the type needs
	MissingKey         Reason = "missing_key"         // record without key
	WrongKey           Reason = "wrong_key"           // the key is not the event's subject
	ImpossibleDate     Reason = "impossible_date"     // no calendar date in UTC, or outside 1990 to 2100
	ImpossibleQuantity Reason = "impossible_quantity" // negative, or over MaxQtyMilli
	EntityFull         Reason = "entity_full"         // the timeline has reached its limit
	RulePanic          Reason = "rule_panic"          // a rule panicked on it (our bug)
	Unreadable         Reason = "unreadable_batch"    // a batch of records over the limit of an inflated batch; Detail has its offsets
	TimerPanic         Reason = "timer_panic"         // a rule panicked when a timer fired (our bug)
)

// Reject is the error of Decode: why the record cannot become an event.
type Reject struct {
	Reason Reason
	Detail string // what was found and expected, one line
}

func (r *Reject) Error() string {
	if r.Detail == "" {
		return string(r.Reason)
	}
	return string(r.Reason) + ": " + r.Detail
}
