package timeline

import (
	"encoding/binary"
	"unsafe"

	"andon/schemas/event"
)

// reader takes values off the front of b; the first that does not fit sets bad, and everything after reads as zero.
type reader struct {
	b   []byte
	bad bool
}

func (r *reader) fail() {
	r.bad, r.b = true, nil
}

func (r *reader) byte() (v byte) {
	if len(r.b) < 1 {
		r.fail()
		return 0
	}
	v, r.b = r.b[0], r.b[1:]
	return v
}

func (r *reader) uint16() (v uint16) {
	if len(r.b) < 2 {
		r.fail()
		return 0
	}
	v, r.b = binary.LittleEndian.Uint16(r.b), r.b[2:]
	return v
}

func (r *reader) uint64() (v uint64) {
	if len(r.b) < 8 {
		r.fail()
		return 0
	}
	v, r.b = binary.LittleEndian.Uint64(r.b), r.b[8:]
	return v
}

func (r *reader) varint() int64 {
	v, n := binary.Varint(r.b)
	if n <= 0 {
		r.fail()
		return 0
	}
	r.b = r.b[n:]
	return v
}

func (r *reader) span() event.Micros {
	v := r.varint()
	return event.Micros(v>>2) * units[v&3]
}

// count reads a number of bytes or members that follow, which the rest must be able to hold.
func (r *reader) count() int {
	if len(r.b) > 0 && r.b[0] < 0x80 { // nearly all are
		n := int(r.b[0])
		if r.b = r.b[1:]; n > len(r.b) {
			r.fail()
			return 0
		}
		return n
	}
	v, n := binary.Uvarint(r.b)
	if n <= 0 || v > uint64(len(r.b)-n) {
		r.fail()
		return 0
	}
	r.b = r.b[n:]
	return int(v)
}

// string shares the memory read from, which is never written again.
func (r *reader) string() string {
	n := r.count()
	if n == 0 {
		return ""
	}
	s := unsafe.String(&r.b[0], n)
	r.b = r.b[n:]
	return s
}

// read reads a fact; a document goes into d.
func (f *Fact) read(r *reader, d *Document) {
	if len(r.b) < headBytes {
		r.fail()
		return
	}
	head := r.b[:headBytes]
	words, last := binary.LittleEndian.Uint64(head[16:]), binary.LittleEndian.Uint64(head[24:])
	*f = Fact{
		ID: binary.LittleEndian.Uint64(head), Time: event.Micros(binary.LittleEndian.Uint64(head[8:])), Content: uint32(words), Place: uint32(words >> 32),
		Type: event.Type(last & 31), Status: event.Status(last >> statusAt & 31), Condition: event.Condition(last >> conditionAt & 7),
		Skewed: last&hasSkewed != 0, ByOrder: last&hasByOrder != 0,
	}
	f.Record = f.Time + event.Micros(int64(last)>>16)
	r.b = r.b[headBytes:]
	if last&hasMore != 0 {
		f.readMore(r, d)
	}
}

func (f *Fact) readMore(r *reader, d *Document) {
	m := r.uint16()
	f.LineClosed, f.Weighed = m&hasLineClosed != 0, m&hasWeighed != 0
	if m&hasRevision != 0 {
		f.Revision = int32(r.varint())
	}
	if m&hasQty != 0 {
		f.Qty = r.varint()
	}
	if m&hasRejected != 0 {
		f.Rejected = r.varint()
	}
	if m&hasAt != 0 {
		f.At = f.Time + r.span()
	}
	if m&hasTarget != 0 {
		f.Target = r.uint64()
	}
	if m&hasLine != 0 {
		f.Line = r.string()
	}
	if m&hasItem != 0 {
		f.Item = r.string()
	}
	if m&hasLot != 0 {
		f.Lot = r.string()
	}
	switch {
	case m&hasDocument != 0:
		d.read(r, f)
		f.Doc = d
	case m&(hasService|hasSource) != 0:
		r.fail()
	}
	if m&hasService != 0 {
		d.Service = r.string()
	}
	if m&hasSource != 0 {
		d.Source = r.string()
	}
	if m&hasWeight != 0 {
		f.Weight = r.varint()
	}
}

func (d *Document) read(r *reader, f *Fact) {
	*d = Document{First: f.Time - r.span(), Site: r.string(), Order: r.string(), Currency: r.string(), Freight: r.varint(), Value: r.varint(), Lines: d.Lines[:0]}
	for n := r.count(); n > 0 && !r.bad; n-- {
		l := Line{Line: r.string(), Item: r.string(), Lot: r.string(), Qty: r.varint()}
		flags := r.byte()
		if l.Weighed = flags&1 != 0; flags&2 != 0 {
			l.UnitCost, l.Currency = r.varint(), r.string()
		}
		d.Lines = append(d.Lines, l)
	}
}
