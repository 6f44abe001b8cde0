// Package identity names things by what they are: the same facts give the same id on any machine.
package identity

import (
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"fmt"
)

// ID is 128 bits; 32 hexadecimal digits on the wire.
type ID [16]byte

// New is the first 128 bits of SHA-256 over the parts, each after its length (4 bytes, big endian).
func New(parts ...string) (id ID) {
	b := make([]byte, 0, 256)
	for _, s := range parts {
		b = binary.BigEndian.AppendUint32(b, uint32(len(s)))
		b = append(b, s...)
	}
	sum := sha256.Sum256(b)
	copy(id[:], sum[:])
	return id
}

func (id ID) String() string { return hex.EncodeToString(id[:]) }

// AppendText appends 32 hexadecimal digits.
func (id ID) AppendText(b []byte) ([]byte, error) { return hex.AppendEncode(b, id[:]), nil }

// MarshalText writes 32 hexadecimal digits.
func (id ID) MarshalText() ([]byte, error) { return id.AppendText(nil) }

// UnmarshalText reads 32 hexadecimal digits.
func (id *ID) UnmarshalText(b []byte) error {
	if len(b) != hex.EncodedLen(len(id)) {
		return fmt.Errorf("id %.40q has not 32 digits", b)
	}
	_, err := hex.Decode(id[:], b)
	return err
}

// Parse reads 32 hexadecimal digits.
func Parse(s string) (id ID, err error) {
	err = id.UnmarshalText([]byte(s))
	return id, err
}
