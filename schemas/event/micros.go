package event

import (
	"bytes"
	"math"
	"reflect"
	"strconv"
	"time"

	"github.com/segmentio/encoding/json"
)

// Micros is an instant: microseconds since 1970-01-01T00:00:00Z, UTC. Zero means absent.
type Micros int64

// Bounds of a believable instant; anything outside is an impossible date (a sentinel such as 1970-01-01 is outside).
const (
	MinTime Micros = 631152000000000  // 1990-01-01T00:00:00Z
	MaxTime Micros = 4102444800000000 // 2100-01-01T00:00:00Z
)

const invalidTime Micros = math.MinInt64

// Second, Minute, Hour and Day are spans in microseconds.
const (
	Second Micros = 1_000_000
	Minute        = 60 * Second
	Hour          = 60 * Minute
	Day           = 24 * Hour
)

// At converts a time; the zero time gives 0.
func At(t time.Time) Micros {
	if t.IsZero() {
		return 0
	}
	return Micros(t.UnixMicro())
}

// UTC is the instant as a time in UTC.
func (m Micros) UTC() time.Time { return time.UnixMicro(int64(m)).UTC() }

// String is the instant in RFC 3339 UTC with the fraction only where there is one; empty when absent.
func (m Micros) String() string {
	if m == 0 {
		return ""
	}
	return m.UTC().Format(time.RFC3339Nano)
}

// Append appends the instant as String gives it.
func (m Micros) Append(b []byte) []byte {
	if m == 0 {
		return b
	}
	return m.UTC().AppendFormat(b, time.RFC3339Nano)
}

// MarshalJSON writes RFC 3339 UTC.
func (m Micros) MarshalJSON() ([]byte, error) {
	return append(m.Append(append(make([]byte, 0, 32), '"')), '"'), nil
}

// UnmarshalJSON reads RFC 3339 in UTC ("Z" or "+00:00"), at most microseconds. What is no such instant, or lies outside MinTime and MaxTime,
// is kept as an invalid value, as Decode does to reject it as an impossible date.
func (m *Micros) UnmarshalJSON(b []byte) error {
	s, err := unquoted(b)
	if err != nil || s == nil {
		*m = 0
		return err
	}
	*m = invalidTime
	if v, ok := parseTime(string(s)); ok && v >= MinTime && v < MaxTime {
		*m = v
	}
	return nil
}

// ParseTime reads an instant as the wire writes it; an impossible one is a *Reject.
func ParseTime(s string) (Micros, error) {
	if v, ok := parseTime(s); ok && v >= MinTime && v < MaxTime {
		return v, nil
	}
	return 0, &Reject{ImpossibleDate, s}
}

// unquoted returns the inside of a JSON string token, and nothing for null. Any other token is an error of the kind a wrong type is.
func unquoted(token []byte) ([]byte, error) {
	if len(token) < 2 || token[0] != '"' {
		if string(token) == "null" {
			return nil, nil
		}
		return nil, &json.UnmarshalTypeError{Value: strconv.Quote(string(token[:min(len(token), 32)])), Type: stringType}
	}
	inside := token[1 : len(token)-1]
	if bytes.IndexByte(inside, '\\') >= 0 {
		var s string
		if err := json.Unmarshal(token, &s); err != nil {
			return nil, err
		}
		return []byte(s), nil
	}
	return inside, nil
}

var stringType = reflect.TypeFor[string]()
