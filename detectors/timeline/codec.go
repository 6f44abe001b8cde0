package timeline

import (
	"encoding/binary"
	"errors"
	"unsafe"

	"andon/schemas/event"
)

// The encoding of a timeline: the facts in order, each as
//
//	type (1 byte), mask (2 bytes, little endian), id (8), content (8), time and record (zigzag varints, less the previous fact's time
//	and less this fact's time), then each member whose mask bit is set: status, condition (1 byte each), revision, at, qty, rejected
//	(zigzag varints; at less time), target (8), line, item, lot, site (varint length and bytes), lines (varint count and members).
//
// Bytes once written are never changed, so strings read from them may share their memory, and yesterday's bytes are yesterday's state.
const (
	hasSkewed = 1 << iota
	hasLineClosed
	hasWeighed
	hasStatus
	hasCondition
	hasRevision
	hasAt
	hasQty
	hasRejected
	hasTarget
	hasLine
	hasItem
	hasLot
	hasSite
	hasLines
)

var errCorrupt = errors.New("timeline: corrupt encoding")

func (f *Fact) mask() (m uint16) {
	for _, b := range [...]struct {
		bit uint16
		set bool
	}{
		{hasSkewed, f.Skewed}, {hasLineClosed, f.LineClosed}, {hasWeighed, f.Weighed}, {hasStatus, f.Status != 0},
		{hasCondition, f.Condition != 0}, {hasRevision, f.Revision != 0}, {hasAt, f.At != 0}, {hasQty, f.Qty != 0},
		{hasRejected, f.Rejected != 0}, {hasTarget, f.Target != 0}, {hasLine, f.Line != ""}, {hasItem, f.Item != ""},
		{hasLot, f.Lot != ""}, {hasSite, f.Site != ""}, {hasLines, len(f.Lines) > 0},
	} {
		if b.set {
			m |= b.bit
		}
	}
	return m
}

func (f *Fact) append(b []byte, previous event.Micros) []byte {
	m := f.mask()
	b = append(b, byte(f.Type), byte(m), byte(m>>8))
	b = binary.LittleEndian.AppendUint64(b, f.ID)
	b = binary.LittleEndian.AppendUint64(b, f.Content)
	b = binary.AppendVarint(b, int64(f.Time-previous))
	b = binary.AppendVarint(b, int64(f.Record-f.Time))
	if m&hasStatus != 0 {
		b = append(b, byte(f.Status))
	}
	if m&hasCondition != 0 {
		b = append(b, byte(f.Condition))
	}
	for _, n := range [...]struct {
		bit   uint16
		value int64
	}{{hasRevision, int64(f.Revision)}, {hasAt, int64(f.At - f.Time)}, {hasQty, f.Qty}, {hasRejected, f.Rejected}} {
		if m&n.bit != 0 {
			b = binary.AppendVarint(b, n.value)
		}
	}
	if m&hasTarget != 0 {
		b = binary.LittleEndian.AppendUint64(b, f.Target)
	}
	for _, s := range [...]struct {
		bit   uint16
		value string
	}{{hasLine, f.Line}, {hasItem, f.Item}, {hasLot, f.Lot}, {hasSite, f.Site}} {
		if m&s.bit != 0 {
			b = appendString(b, s.value)
		}
	}
	if m&hasLines != 0 {
		b = appendLines(b, f.Lines)
	}
	return b
}

func appendLines(b []byte, lines []Line) []byte {
	b = binary.AppendUvarint(b, uint64(len(lines)))
	for i := range lines {
		l := &lines[i]
		b = appendString(appendString(appendString(b, l.Line), l.Item), l.Lot)
		b = binary.AppendVarint(b, l.Qty)
		b = append(b, flag(l.Weighed))
	}
	return b
}

func appendString(b []byte, s string) []byte {
	return append(binary.AppendUvarint(b, uint64(len(s))), s...)
}

func flag(set bool) byte {
	if set {
		return 1
	}
	return 0
}

// reader takes values off the front of b; the first that does not fit sets bad, and everything after reads as zero.
type reader struct {
	b   []byte
	bad bool
}

func (r *reader) take(n int) []byte {
	if n < 0 || n > len(r.b) {
		r.bad, r.b = true, nil
		return nil
	}
	v := r.b[:n]
	r.b = r.b[n:]
	return v
}

func (r *reader) byte() byte {
	if v := r.take(1); v != nil {
		return v[0]
	}
	return 0
}

func (r *reader) uint64() uint64 {
	if v := r.take(8); v != nil {
		return binary.LittleEndian.Uint64(v)
	}
	return 0
}

func (r *reader) varint() int64 {
	v, n := binary.Varint(r.b)
	if n <= 0 {
		r.bad, r.b = true, nil
		return 0
	}
	r.b = r.b[n:]
	return v
}

func (r *reader) count() int {
	v, n := binary.Uvarint(r.b)
	if n <= 0 || v > uint64(len(r.b)) {
		r.bad, r.b = true, nil
		return 0
	}
	r.b = r.b[n:]
	return int(v)
}

// string shares the memory read from, which is never written again.
func (r *reader) string() string {
	v := r.take(r.count())
	if len(v) == 0 {
		return ""
	}
	return unsafe.String(&v[0], len(v))
}

func (f *Fact) read(r *reader, previous event.Micros) {
	lines := f.Lines[:0]
	*f = Fact{Type: event.Type(r.byte())}
	m := uint16(r.byte())
	m |= uint16(r.byte()) << 8
	f.ID, f.Content = r.uint64(), r.uint64()
	f.Time = previous + event.Micros(r.varint())
	f.Record = f.Time + event.Micros(r.varint())
	f.Skewed, f.LineClosed, f.Weighed = m&hasSkewed != 0, m&hasLineClosed != 0, m&hasWeighed != 0
	if m&hasStatus != 0 {
		f.Status = event.Status(r.byte())
	}
	if m&hasCondition != 0 {
		f.Condition = event.Condition(r.byte())
	}
	if m&hasRevision != 0 {
		f.Revision = int32(r.varint())
	}
	if m&hasAt != 0 {
		f.At = f.Time + event.Micros(r.varint())
	}
	if m&hasQty != 0 {
		f.Qty = r.varint()
	}
	if m&hasRejected != 0 {
		f.Rejected = r.varint()
	}
	if m&hasTarget != 0 {
		f.Target = r.uint64()
	}
	f.readStrings(r, m)
	if m&hasLines != 0 {
		lines = readLines(r, lines)
	}
	f.Lines = lines
}

func (f *Fact) readStrings(r *reader, m uint16) {
	if m&hasLine != 0 {
		f.Line = r.string()
	}
	if m&hasItem != 0 {
		f.Item = r.string()
	}
	if m&hasLot != 0 {
		f.Lot = r.string()
	}
	if m&hasSite != 0 {
		f.Site = r.string()
	}
}

func readLines(r *reader, lines []Line) []Line {
	for n := r.count(); n > 0 && !r.bad; n-- {
		lines = append(lines, Line{Line: r.string(), Item: r.string(), Lot: r.string(), Qty: r.varint(), Weighed: r.byte() == 1})
	}
	return lines
}
