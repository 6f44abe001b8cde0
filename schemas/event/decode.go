package event

import (
	"errors"
	"unicode/utf8"

	"github.com/cespare/xxhash/v2"
	"github.com/segmentio/encoding/json"
)

const parseFlags = json.ZeroCopy | json.DontMatchCaseInsensitiveStructFields

// Decode reads one record of a family's topic into e, which is reset first (its Lines keep their memory). The event's strings share the memory
// of key and value, so both must live as long as e is read. The error is always a *Reject. It allocates nothing for a well-formed event.
func Decode(family Family, key, value []byte, e *Event) error {
	lines := e.Lines[:0]
	*e = Event{Lines: lines}
	if r := checkShape(value); r != nil {
		return r
	}
	if !utf8.Valid(value) {
		return &Reject{Reason: InvalidUTF8}
	}
	rest, err := json.Parse(value, e, parseFlags)
	if err != nil {
		return parseReject(err)
	}
	if len(rest) != 0 {
		return &Reject{Malformed, "bytes after the JSON object"}
	}
	if e.Tenant == "" {
		e.Tenant = DefaultTenant
	}
	if r := check(family, key, e); r != nil {
		return r
	}
	e.Content = xxhash.Sum64(value)
	return nil
}

func parseReject(err error) *Reject {
	var wrong *json.UnmarshalTypeError
	if errors.As(err, &wrong) {
		return &Reject{WrongSchema, err.Error()}
	}
	return &Reject{Malformed, err.Error()}
}

// Append appends e as JSON, the form Decode reads.
func Append(dst []byte, e *Event) []byte {
	out, err := json.Append(dst, e, 0)
	if err != nil {
		panic("event: encode: " + err.Error()) // no field can fail to encode
	}
	return out
}

// IDHash is the 64-bit name of an event id inside timelines and evidence: xxHash64, as ClickHouse's xxHash64(event_id) computes it.
func IDHash(id string) uint64 { return xxhash.Sum64String(id) }
