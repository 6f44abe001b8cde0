package event

import (
	"errors"
	"strconv"
	"unicode/utf8"

	"github.com/cespare/xxhash/v2"
	"github.com/segmentio/encoding/json"
)

const parseFlags = json.ZeroCopy | json.DontMatchCaseInsensitiveStructFields

// Decode reads one record of a family's topic into e, which is reset first (its Lines keep their memory, up to keepLines). A null member is
// an absent one. The event's strings share the memory of key and value, so both must live as long as e is read. The error is always a
// *Reject. It allocates nothing for a well-formed event of at most keepLines lines, once e has held as many.
func Decode(family Family, key, value []byte, e *Event) error {
	*e = Event{Lines: blank(e.Lines)}
	if r := checkShape(value); r != nil {
		return r
	}
	if !utf8.Valid(value) {
		return &Reject{Reason: InvalidUTF8}
	}
	if !isObject(value) {
		return &Reject{Malformed, "not a JSON object"}
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

const keepLines = 64 // memory for more lines than this is given back after the event

// blank empties lines and the memory behind them: the parser leaves members that a line does not name as it finds them.
func blank(lines []Line) []Line {
	lines = lines[:cap(lines)]
	if len(lines) > keepLines {
		return nil
	}
	clear(lines)
	return lines[:0]
}

func isObject(value []byte) bool {
	for _, c := range value {
		if c != ' ' && c != '\t' && c != '\r' && c != '\n' {
			return c == '{'
		}
	}
	return false
}

// parseReject quotes the parser, which cites a few bytes of the record: they must not break the line.
func parseReject(err error) *Reject {
	detail := strconv.Quote(err.Error())
	reason := Malformed
	if wrong := (*json.UnmarshalTypeError)(nil); errors.As(err, &wrong) {
		reason = WrongSchema
	}
	return &Reject{reason, detail[1 : len(detail)-1]}
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
