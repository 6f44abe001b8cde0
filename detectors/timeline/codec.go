package timeline

import (
	"encoding/binary"
	"errors"

	"andon/schemas/event"
)

// The encoding of a timeline is the facts in order. Each begins with four words, little endian, which hold all there is to most scans:
//
//	id (8) | time (8) | content (4), place (4) | record less time (6, microseconds, cut at 4 years), type, status, condition and flags (2)
//
// With the flag hasMore follow a mask (2) and the members it names: revision, qty, rejected (varints), at (a span after time), target (8), line,
// item, lot (varint length and bytes), document, its service, its source, weight (varint). A span is a zigzag varint in the largest unit that divides it, the unit in its two low bits.
//
// Bytes once written are never changed, so strings read from them may share their memory, and yesterday's bytes are yesterday's state.
const headBytes = 32

// The last 16 bits of the head: type, status and condition in 5, 5 and 3 of them, then flags.
const (
	statusAt    = 5
	conditionAt = 10
	hasMore     = 1 << 13
	hasSkewed   = 1 << 14
	hasByOrder  = 1 << 15
)

// The mask of what follows the head.
const (
	hasLineClosed = 1 << iota
	hasWeighed
	hasRevision
	hasQty
	hasRejected
	hasAt
	hasTarget
	hasLine
	hasItem
	hasLot
	hasDocument
	hasService
	hasSource
	hasWeight
)

var errCorrupt = errors.New("timeline: corrupt encoding")

// maxLag is what a record may be apart from its event's time and still be told exactly.
const maxLag = 1<<47 - 1

func (f *Fact) append(b []byte) []byte {
	more := f.mask()
	last := uint64(f.Type) | uint64(f.Status)<<statusAt | uint64(f.Condition)<<conditionAt
	if more != 0 {
		last |= hasMore
	}
	if f.Skewed {
		last |= hasSkewed
	}
	if f.ByOrder {
		last |= hasByOrder
	}
	lag := max(-maxLag, min(f.Record-f.Time, maxLag))
	b = binary.LittleEndian.AppendUint64(b, f.ID)
	b = binary.LittleEndian.AppendUint64(b, uint64(f.Time))
	b = binary.LittleEndian.AppendUint64(b, uint64(f.Content)|uint64(f.Place)<<32)
	b = binary.LittleEndian.AppendUint64(b, uint64(lag)<<16|last)
	if more != 0 {
		b = f.appendMore(b, more)
	}
	return b
}

func (f *Fact) mask() (m uint16) {
	set := func(bit uint16, is bool) {
		if is {
			m |= bit
		}
	}
	set(hasLineClosed, f.LineClosed)
	set(hasWeighed, f.Weighed)
	set(hasRevision, f.Revision != 0)
	set(hasQty, f.Qty != 0)
	set(hasRejected, f.Rejected != 0)
	set(hasAt, f.At != 0)
	set(hasTarget, f.Target != 0)
	set(hasLine, f.Line != "")
	set(hasItem, f.Item != "")
	set(hasLot, f.Lot != "")
	set(hasDocument, f.Doc != nil)
	set(hasService, f.Doc != nil && f.Doc.Service != "")
	set(hasSource, f.Doc != nil && f.Doc.Source != "")
	set(hasWeight, f.Weight != 0)
	return m
}

func (f *Fact) appendMore(b []byte, m uint16) []byte {
	b = binary.LittleEndian.AppendUint16(b, m)
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
	if m&hasService != 0 {
		b = appendString(b, f.Doc.Service)
	}
	if m&hasSource != 0 {
		b = appendString(b, f.Doc.Source)
	}
	if m&hasWeight != 0 {
		b = binary.AppendVarint(b, f.Weight)
	}
	return b
}

func (d *Document) append(b []byte, f *Fact) []byte {
	b = appendSpan(b, f.Time-d.First)
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
