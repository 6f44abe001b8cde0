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

func (r *reader) uint32() (v uint32) {
	if len(r.b) < 4 {
		r.fail()
		return 0
	}
	v, r.b = binary.LittleEndian.Uint32(r.b), r.b[4:]
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

func (r *reader) count() int {
	v, n := binary.Uvarint(r.b)
	if n <= 0 || v > uint64(len(r.b)) {
		r.fail()
		return 0
	}
	r.b = r.b[n:]
	return int(v)
}

// string shares the memory read from, which is never written again.
func (r *reader) string() string {
	n := r.count()
	if n == 0 || n > len(r.b) {
		r.bad = r.bad || n > 0
		return ""
	}
	s := unsafe.String(&r.b[0], n)
	r.b = r.b[n:]
	return s
}

// headBytes is the fixed part every fact begins with: type, mask, id and content.
const headBytes = 1 + 2 + 8 + 4

// read reads a fact; a document goes into d.
func (f *Fact) read(r *reader, previous event.Micros, d *Document) {
	if len(r.b) < headBytes {
		r.fail()
		return
	}
	m := binary.LittleEndian.Uint16(r.b[1:])
	*f = Fact{
		Type: event.Type(r.b[0]), ID: binary.LittleEndian.Uint64(r.b[3:]), Content: binary.LittleEndian.Uint32(r.b[11:]),
		Skewed: m&hasSkewed != 0, LineClosed: m&hasLineClosed != 0, Weighed: m&hasWeighed != 0,
		ByOrder: m&hasByOrder != 0,
	}
	r.b = r.b[headBytes:]
	f.Time = previous + r.span()
	f.Record = f.Time + r.span()
	if m&hasStatus != 0 {
		f.Status = event.Status(r.byte())
	}
	if m&hasCondition != 0 {
		f.Condition = event.Condition(r.byte())
	}
	if m&hasPlace != 0 {
		f.Place = r.uint32()
	}
	if m >= hasRevision {
		f.readRest(r, m, d)
	}
}

func (f *Fact) readRest(r *reader, m uint16, d *Document) {
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
	if m&hasDocument != 0 {
		d.read(r, f)
		f.Doc = d
	}
}

func (d *Document) read(r *reader, f *Fact) {
	*d = Document{First: f.Record - r.span(), Site: r.string(), Order: r.string(), Currency: r.string(), Freight: r.varint(), Value: r.varint(), Lines: d.Lines[:0]}
	for n := r.count(); n > 0 && !r.bad; n-- {
		l := Line{Line: r.string(), Item: r.string(), Lot: r.string(), Qty: r.varint()}
		flags := r.byte()
		if l.Weighed = flags&1 != 0; flags&2 != 0 {
			l.UnitCost, l.Currency = r.varint(), r.string()
		}
		d.Lines = append(d.Lines, l)
	}
}
