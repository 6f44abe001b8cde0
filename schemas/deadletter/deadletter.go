// Package deadletter is the wire contract of andon.deadletter: what could not be folded, why, and the bytes themselves.
package deadletter

import (
	"crypto/sha256"
	"encoding/hex"

	"andon/schemas/event"

	"github.com/segmentio/encoding/json"
)

// Limits of the bytes kept.
const (
	MaxRawBytes    = 256 << 10
	PrefixRawBytes = 64 << 10 // of a record over MaxRawBytes
)

// Letter is one record put aside, or one disarmed timer (then it has no bytes), or the mark that a record put aside was sent again. The record's
// key is topic/partition/offset of where it first lay.
type Letter struct {
	Topic     string       `json:"topic"`
	Partition int32        `json:"partition"`
	Offset    int64        `json:"offset"`
	At        event.Micros `json:"at,omitempty"` // broker timestamp of the record
	Reason    event.Reason `json:"reason"`
	Detail    string       `json:"detail,omitempty"`
	Timer     string       `json:"timer,omitempty"` // subject and due time of a disarmed timer
	Key       []byte       `json:"key,omitempty"`   // base64
	Raw       []byte       `json:"raw,omitempty"`   // base64; the first PrefixRawBytes when Bytes is over MaxRawBytes
	Bytes     int          `json:"bytes"`           // length of the whole value
	SHA256    string       `json:"sha256,omitempty"`
	Redrives  int          `json:"redrives"`           // how often the record had been sent again
	Redriven  bool         `json:"redriven,omitempty"` // a Marker: not put aside but sent again
}

// Keep sets the raw bytes of the record, whole or cut to the limit; it copies nothing.
func (l *Letter) Keep(key, value []byte) {
	sum := sha256.Sum256(value)
	l.Key, l.Raw, l.Bytes, l.SHA256 = key, value, len(value), hex.EncodeToString(sum[:])
	if len(value) > MaxRawBytes {
		l.Raw = value[:PrefixRawBytes]
	}
}

// Whole reports whether the letter holds all of its record, so that it can be sent again.
func (l *Letter) Whole() bool {
	return !l.Redriven && l.Timer == "" && l.Reason != event.Unreadable && len(l.Raw) == l.Bytes
}

// Append appends l as JSON.
func Append(dst []byte, l *Letter) []byte {
	out, err := json.Append(dst, l, 0)
	if err != nil {
		panic("deadletter: encode: " + err.Error()) // no field can fail to encode
	}
	return out
}

// Decode reads one record value of andon.deadletter.
func Decode(value []byte, l *Letter) error {
	*l = Letter{}
	return json.Unmarshal(value, l)
}
