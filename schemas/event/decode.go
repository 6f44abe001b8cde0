package event

import (
	"github.com/cespare/xxhash/v2"
	"github.com/segmentio/encoding/json"
)

// Decode reads one record of a family's topic into e, which is reset first (its Lines keep their memory, up to keepLines). A null member is
// an absent one. The event's strings share the memory of key and value, so both must live as long as e is read. The error is always a
// *Reject. It allocates nothing for a well-formed event without escapes and of at most keepLines lines, once e has held as many.
func Decode(family Family, key, value []byte, e *Event) error {
	*e = Event{Lines: blank(e.Lines)}
	e.Content = xxhash.Sum64(value) // first: it is the fastest way to bring the bytes near
	if r := parse(value, e); r != nil {
		return r
	}
	if e.Tenant == "" {
		e.Tenant = DefaultTenant
	}
	if r := check(family, key, e); r != nil {
		return r
	}
	return nil
}

const keepLines = 64 // memory for more lines than this is given back after the event

// blank empties lines. The memory behind them holds nothing of former records: what it is not used for now would keep them alive.
func blank(lines []Line) []Line {
	clear(lines)
	if cap(lines) > 2*keepLines { // what holds keepLines has grown to less than that
		return nil
	}
	return lines[:0]
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
