package simulate

import (
	"strconv"

	"andon/schemas/event"
)

// event words one step of the despatch.
func (s *despatch) event(t *step) event.Event {
	e := event.Event{
		ID:   sites[s.site] + "/" + s.id() + "/" + t.typ.String() + "/" + strconv.Itoa(int(t.n)) + "." + strconv.Itoa(int(t.part)),
		Type: t.typ, Time: t.at, Site: sites[s.site], DespatchID: s.id(), POID: name("PO-", 4*s.number+1),
	}
	switch t.typ {
	case event.ASNDespatched:
		e.Source, e.Revision = name("supplier-", s.supplier), int32(t.part)
		if t.part > 1 {
			e.Purpose = event.Replace
		}
		e.Lines = s.advised(s.revised && t.part == 1)
	case event.ReceiptLine:
		l := s.lines[t.n]
		e.Source, e.ReceiptID, e.Line = wms(s.site), name("REC-", s.number), strconv.Itoa(int(t.n)+1)
		e.SKU, e.GTIN, e.Lot, e.UOM, e.QtyMilli, e.RejectedQtyMilli = sku(l.item), gtin(l.item), lot(l.item), uom(l.weighed), t.qty, t.bad
		if t.bad > 0 {
			e.Condition = event.DamagedGoods
		}
	default:
		e.Source, e.ReceiptID = wms(s.site), name("REC-", s.number)
	}
	return e
}

// advised are the lines of the advice; in a first version that is wrong, the quantities are doubled.
func (s *despatch) advised(wrong bool) []event.Line {
	lines := make([]event.Line, 0, len(s.lines))
	for n, l := range s.lines {
		if l.cause == stray {
			continue
		}
		line := event.Line{Line: strconv.Itoa(n + 1), SKU: sku(l.item), GTIN: gtin(l.item), QtyMilli: l.planned, UOM: uom(l.weighed), Lot: lot(l.item)}
		if wrong {
			line.QtyMilli *= 2 // what the replacement puts right
		}
		if !s.priceless {
			line.UnitCostMinor, line.Currency = cost(l.item)
		}
		lines = append(lines, line)
	}
	return lines
}
