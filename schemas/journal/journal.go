// Package journal is the wire contract of andon.journal: one entry per beat and lane, in the same transaction as the beat's outputs and
// positions. Re-executing a lane's entries in order over its records gives its state and its outputs again; each entry holds the digest of those
// outputs and the hash of the entry before it, so an entry that was changed, dropped or put elsewhere does not fit.
package journal

import (
	"crypto/sha256"
	"encoding/base64"
	"hash"

	"andon/schemas/beat"
	"andon/schemas/event"

	"github.com/segmentio/encoding/json"
)

// Version is the format this build writes and reads.
const Version = 3

// Hash is a SHA-256 in base64 (RFC 4648 section 5, without padding); empty where there is nothing to hash.
type Hash string

// HashOf is the hash of bytes.
func HashOf(b []byte) Hash {
	sum := sha256.Sum256(b)
	return Hash(base64.RawURLEncoding.EncodeToString(sum[:]))
}

// Sum is the hash of what a SHA-256 has taken.
func Sum(h hash.Hash) Hash { return Hash(base64.RawURLEncoding.EncodeToString(h.Sum(nil))) }

// Range is the records [From, To) of one partition; empty when equal.
type Range struct {
	From int64 `json:"from"`
	To   int64 `json:"to"`
}

// DeadRange is a run of dead-lettered records of a lane, never empty.
type DeadRange struct {
	Side bool `json:"side,omitempty"` // on the lane's side topic instead of its input topic
	Range
}

// Snapshot is the manifest of a snapshot of a lane: the state after an earlier entry, in parts on andon.snapshots, in the partition of the lane's
// number, under the keys lane/slot/0, lane/slot/1, ... All parts were committed before the entry that holds the manifest.
type Snapshot struct {
	Seq      int64  `json:"seq"`   // of the entry the state stands after
	Entry    Hash   `json:"entry"` // its hash
	At       int64  `json:"at"`    // its offset in the journal
	InputID  string `json:"input_id"`
	SideID   string `json:"side_id"`
	Slot     int    `json:"slot"`  // 0, 1, 2 in turn: the two newest snapshots are never overwritten
	First    int64  `json:"first"` // offset of part 0
	Parts    int    `json:"parts"`
	Bytes    int64  `json:"bytes"`
	Sum      Hash   `json:"sum"` // over all parts in order
	Entities int    `json:"entities"`
}

// Entry is what one beat did to one lane. The record's key is Lane, its partition the lane's own number.
type Entry struct {
	Version  int    `json:"version"`
	Lane     string `json:"lane"`              // family/partition, e.g. asn/3
	Seq      int64  `json:"seq"`               // 0 is the genesis entry, then one more each; also the metadata of the committed positions
	Control  int64  `json:"control,omitempty"` // what stands in andon.control before this offset holds: first of all, what of it the entry before did not know is applied
	Input    Range  `json:"input"`
	Side     Range  `json:"side"`
	InputID  string `json:"input_id,omitempty"` // topic ids at genesis: a recreated topic is not the log this journal is about
	SideID   string `json:"side_id,omitempty"`
	Logic    string `json:"logic,omitempty"`  // hash of the logic the beat was judged by: rules, settings schema, encoding of timelines
	Models   string `json:"models,omitempty"` // hash of the models that policies ask; empty when they ask none
	Settings string `json:"settings"`         // hash of the settings the beat was judged with

	Start        event.Micros `json:"start,omitempty"` // the lane's time before and after the beat
	End          event.Micros `json:"end,omitempty"`
	Counts       beat.Counts  `json:"counts"`
	DeadLettered []DeadRange  `json:"dead_lettered,omitempty"` // in offset order, side first; passed over when re-executed
	Disarmed     []beat.Timer `json:"disarmed,omitempty"`
	Replies      []beat.Reply `json:"replies,omitempty"` // what models answered, in the order asked; never asked again

	Snapshot *Snapshot `json:"snapshot,omitempty"` // whole with this entry

	Rejudged bool `json:"rejudged,omitempty"` // the beat judged every entity anew, by other logic than the beats before

	Outputs Hash `json:"outputs,omitempty"` // of the records the beat wrote, dead letters apart; see Digest
	Before  Hash `json:"before,omitempty"`  // of the lane's entry before, as its bytes stand in the topic; the genesis entry has none
}

// Append appends e as JSON.
func Append(dst []byte, e *Entry) []byte {
	out, err := json.Append(dst, e, 0)
	if err != nil {
		panic("journal: encode: " + err.Error()) // no field can fail to encode
	}
	return out
}

// Decode reads one record value of andon.journal.
func Decode(value []byte, e *Entry) error {
	*e = Entry{}
	return json.Unmarshal(value, e)
}
