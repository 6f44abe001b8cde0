package journal

import (
	"crypto/sha256"
	"encoding/binary"
	"hash"
)

// Digest is the hash of the records a beat writes: SHA-256 over, for each in the order they are written, the kind of its topic (1 byte), the
// lengths of key and value plus one, 0 for a value that is absent (4 bytes each, big endian), key and value. The zero value is ready.
type Digest struct {
	sum  hash.Hash
	some bool
}

// Kind names a topic within a digest.
type Kind byte

// The kinds. Dead letters have none: they may hold a stack, which differs from run to run; which records were put aside, the entry says.
const (
	Exceptions Kind = 'x'
	Verdicts   Kind = 'v'
	Costs      Kind = 'c'
)

// Add takes the next record.
func (d *Digest) Add(kind Kind, key, value []byte) {
	if d.sum == nil {
		d.sum = sha256.New()
	}
	if !d.some {
		d.sum.Reset()
		d.some = true
	}
	var head [9]byte
	head[0] = byte(kind)
	binary.BigEndian.PutUint32(head[1:], uint32(len(key))+1)
	if value != nil {
		binary.BigEndian.PutUint32(head[5:], uint32(len(value))+1)
	}
	for _, part := range [...][]byte{head[:], key, value} {
		_, _ = d.sum.Write(part) // a hash takes everything
	}
}

// Hash ends the digest of a beat and begins the next; empty when the beat wrote nothing.
func (d *Digest) Hash() Hash {
	if !d.some {
		return ""
	}
	d.some = false
	return Sum(d.sum)
}
