package timeline

import (
	"encoding/binary"
	"errors"

	"andon/schemas/event"
)

// The encoding of a timeline: the facts in order, each as
//
//	type (1 byte), mask (2 bytes, little endian), id (8), content (4), time (a span after the fact before), record (a span after time), then
//	each member whose mask bit is set: status, condition (1 byte each), place (4), revision, qty, rejected (varints), at (a span after time),
//	target (8), line, item, lot (varint length and bytes), document.
//
// A span is a zigzag varint in the largest unit that divides it, the unit in its two low bits. Bytes once written are never changed, so strings
// read from them may share their memory, and yesterday's bytes are yesterday's state.
const (
	hasSkewed = 1 << iota
	hasLineClosed
	hasWeighed
	hasStatus
	hasCondition
	hasPlace
	hasRevision
	hasQty
	hasRejected
	hasAt
	hasTarget
	hasLine
	hasItem
	hasLot
	hasDocument
	hasByOrder
)

var errCorrupt = errors.New("timeline: corrupt encoding")

func (f *Fact) mask() (m uint16) {
	set := func(bit uint16, is bool) {
		if is {
			m |= bit
		}
	}
	set(hasSkewed, f.Skewed)
	set(hasLineClosed, f.LineClosed)
	set(hasWeighed, f.Weighed)
	set(hasStatus, f.Status != 0)
	set(hasCondition, f.Condition != 0)
	set(hasPlace, f.Place != 0)
	set(hasRevision, f.Revision != 0)
	set(hasQty, f.Qty != 0)
	set(hasRejected, f.Rejected != 0)
	set(hasAt, f.At != 0)
	set(hasTarget, f.Target != 0)
	set(hasLine, f.Line != "")
	set(hasItem, f.Item != "")
	set(hasLot, f.Lot != "")
	set(hasDocument, f.Doc != nil)
	set(hasByOrder, f.ByOrder)
	return m
}

func (f *Fact) append(b []byte, previous event.Micros) []byte {
	m := f.mask()
	b = append(b, byte(f.Type), byte(m), byte(m>>8))
	b = binary.LittleEndian.AppendUint64(b, f.ID)
	b = binary.LittleEndian.AppendUint32(b, f.Content)
	b = appendSpan(b, f.Time-previous)
	b = appendSpan(b, f.Record-f.Time)
	if m&hasStatus != 0 {
		b = append(b, byte(f.Status))
	}
	if m&hasCondition != 0 {
		b = append(b, byte(f.Condition))
	}
	if m&hasPlace != 0 {
		b = binary.LittleEndian.AppendUint32(b, f.Place)
	}
	if m&(hasRevision|hasQty|hasRejected|hasAt|hasTarget) != 0 {
		b = f.appendNumbers(b, m)
	}
	if m&hasLine != 0 {
		b = appendString(b, f.Line)
	}
	if m&hasItem != 0 {
		b = appendString(b, f.Item)
	}
	if m&hasLot != 0 {
		b = appendString(b, f.Lot)
	}
	if m&hasDocument != 0 {
		b = f.Doc.append(b, f)
	}
	return b
}

func (f *Fact) appendNumbers(b []byte, m uint16) []byte {
	if m&hasRevision != 0 {
		b = binary.AppendVarint(b, int64(f.Revision))
	}
	if m&hasQty != 0 {
		b = binary.AppendVarint(b, f.Qty)
	}
	if m&hasRejected != 0 {
		b = binary.AppendVarint(b, f.Rejected)
	}
	if m&hasAt != 0 {
		b = appendSpan(b, f.At-f.Time)
	}
	if m&hasTarget != 0 {
		b = binary.LittleEndian.AppendUint64(b, f.Target)
	}
	return b
}

func (d *Document) append(b []byte, f *Fact) []byte {
	b = appendSpan(b, f.Record-d.First)
	b = appendString(appendString(appendString(b, d.Site), d.Order), d.Currency)
	b = binary.AppendVarint(binary.AppendVarint(b, d.Freight), d.Value)
	b = binary.AppendUvarint(b, uint64(len(d.Lines)))
	for i := range d.Lines {
		l := &d.Lines[i]
		b = appendString(appendString(appendString(b, l.Line), l.Item), l.Lot)
		b = binary.AppendVarint(b, l.Qty)
		b = append(b, flag(l.Weighed)|flag(l.Currency != "")<<1)
		if l.Currency != "" {
			b = appendString(binary.AppendVarint(b, l.UnitCost), l.Currency)
		}
	}
	return b
}

// units are what a span may be counted in.
var units = [4]event.Micros{1, 1000, event.Second, event.Minute}

func appendSpan(b []byte, span event.Micros) []byte {
	unit := 0
	switch {
	case span%1000 != 0:
	case span%event.Minute == 0:
		unit = 3
	case span%event.Second == 0:
		unit = 2
	default:
		unit = 1
	}
	return binary.AppendVarint(b, int64(span/units[unit])<<2|int64(unit))
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
