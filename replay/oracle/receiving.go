package oracle

import (
	"slices"
	"strconv"
	"strings"

	"andon/schemas/event"
)

// receiving is what the rules of the ASN family say.
func (s *story) receiving() {
	lines := s.of(event.ReceiptLine)
	advices := s.advices()
	s.adviceInTime(lines, advices)
	s.damaged(lines)
	if advice := document(advices); advice != nil {
		s.unexpected(lines, advice)
		s.quantities(lines, advice)
	}
}

// advices are those that were not cancelled: a cancellation takes back the revision it names and those before, without one all.
func (s *story) advices() []fact {
	return where(s.of(event.ASNDespatched), func(advice fact) bool {
		return !slices.ContainsFunc(s.of(event.ASNCancelled), func(c fact) bool { return c.Revision == 0 || advice.Revision <= c.Revision })
	})
}

// adviceInTime: IN-01 and IN-03. An advice is known from when its first record was taken.
func (s *story) adviceInTime(lines, advices []fact) {
	if len(lines) == 0 {
		return
	}
	arrived := first(lines)
	if len(advices) == 0 {
		if lines[0].DespatchID != "" { // which despatch goods are of that name only their purchase order is not known
			s.report("IN-01", "", Exception{OpenedAt: arrived, Expected: Unknown, Observed: Unknown, Delta: Unknown})
		}
		return
	}
	known := advices[0].Known
	for _, a := range advices {
		known = min(known, a.Known)
	}
	if known > arrived {
		off := int64((known - arrived) / event.Second)
		s.report("IN-01", "", Exception{OpenedAt: arrived, ClearedAt: known, Expected: Unknown, Observed: Unknown, Delta: off})
		s.report("IN-03", "", Exception{OpenedAt: known, Expected: Unknown, Observed: Unknown, Delta: off})
	}
}

// damaged: IN-11, for each line, item and lot of a receipt of which a part is not good. What names no line is one of its own.
func (s *story) damaged(lines []fact) {
	type goods struct{ line, item, lot, event string }
	parts := map[goods][]fact{}
	for _, r := range lines {
		g := goods{line: r.Line, item: r.item(), lot: r.Lot}
		if g.line == "" {
			g.event = strconv.FormatUint(event.IDHash(r.ID), 16)
		}
		parts[g] = append(parts[g], r)
	}
	for g, list := range parts {
		var bad int64
		for _, r := range list {
			if bad += r.RejectedQtyMilli; r.RejectedQtyMilli == 0 && r.Condition != event.Good { // all of it, where no part is stated
				bad += r.QtyMilli
			}
		}
		if bad > 0 {
			name := episode("line", g.line, "item", g.item, "lot", g.lot, "event", g.event)
			s.report("IN-11", name, Exception{OpenedAt: latest(list), Expected: sum(list), Observed: bad, Delta: bad})
		}
	}
}

// unexpected: IN-07, for each item that was received and is not in the advice.
func (s *story) unexpected(lines []fact, advice *fact) {
	advised, kinds := map[string]bool{}, map[bool]bool{}
	for _, l := range advice.Lines {
		advised[item(l.GTIN, l.SKU)] = true
		kinds[gtin(item(l.GTIN, l.SKU))] = true
	}
	received := map[string][]fact{}
	for _, r := range lines {
		received[r.item()] = append(received[r.item()], r)
	}
	for name, list := range received {
		if !advised[name] && kinds[gtin(name)] { // else the two number their items differently
			s.report("IN-07", episode("revision", revision(advice.Revision), "item", name), Exception{OpenedAt: max(advice.Time, latest(list)), Expected: 0, Observed: sum(list), Delta: sum(list)})
		}
	}
}

// quantities: IN-05 and IN-06, for each item and lot of the advice, when receiving has ended. What came counts for the lot it names; if that is not
// advised, for the item's goods that are advised without a lot. Where goods came without a lot and none are advised so, nobody knows of which lot
// they are.
func (s *story) quantities(lines []fact, advice *fact) {
	type goods struct{ item, lot string }
	advised, byWeight := map[goods]int64{}, map[goods]bool{}
	for _, l := range advice.Lines {
		g := goods{item(l.GTIN, l.SKU), l.Lot}
		if _, ok := advised[g]; !ok {
			byWeight[g] = weight(l.UOM)
		}
		advised[g] += l.QtyMilli
	}
	came, unclear := map[goods][]fact{}, map[string]bool{}
	for _, r := range lines {
		g := goods{r.item(), r.Lot}
		if _, ok := advised[g]; !ok {
			g.lot = ""
		}
		if _, ok := advised[g]; !ok && r.Lot == "" {
			unclear[g.item] = true
		}
		came[g] = append(came[g], r)
	}
	for g, want := range advised {
		if unclear[g.item] {
			continue
		}
		name := episode("revision", revision(advice.Revision), "item", g.item, "lot", g.lot)
		s.short(name, advice, lines, came[g], want, byWeight[g])
		s.over(name, advice, lines, came[g], want, byWeight[g])
	}
}

func (s *story) short(episode string, advice *fact, lines, came []fact, want int64, byWeight bool) {
	ended, ok := s.receivingEnd("IN-05", lines)
	tolerance := s.setting("IN-05", "under_tolerance_milli", 0)
	if byWeight {
		tolerance = want * s.setting("IN-05", "under_tolerance_weight_bp", 50) / 10_000
	}
	if !ok || ended > s.end || sum(by(ended, came)) >= want-tolerance {
		return
	}
	got := sum(came)
	x := Exception{OpenedAt: max(ended, advice.Time), Expected: want, Observed: got, Delta: want - got}
	if got >= want-tolerance {
		x.ClearedAt, x.Delta = latest(came), want-sum(by(ended, came))
	}
	s.report("IN-05", episode, x)
}

func (s *story) over(episode string, advice *fact, lines, came []fact, want int64, byWeight bool) {
	ended, ok := s.receivingEnd("IN-06", lines)
	tolerance := s.setting("IN-06", "over_tolerance_milli", 0)
	if byWeight {
		tolerance = want * s.setting("IN-06", "over_tolerance_weight_bp", 0) / 10_000
	}
	if got := sum(came); ok && ended <= s.end && got > want+tolerance {
		s.report("IN-06", episode, Exception{OpenedAt: max(ended, advice.Time, latest(came)), Expected: want, Observed: got, Delta: got - want})
	}
}

// receivingEnd is when receiving ended: with the first receipt.closed; without one, a span after the last line; false if it never began.
func (s *story) receivingEnd(code string, lines []fact) (event.Micros, bool) {
	if closed := s.of(event.ReceiptClosed); len(closed) > 0 {
		return first(closed), true
	}
	return latest(lines) + s.span(code, "idle_close_s", 86_400), len(lines) > 0
}

// gtin reports whether an item number is one: 14 digits of which the last is the check digit.
func gtin(item string) bool {
	if len(item) != 14 || strings.Trim(item, "0123456789") != "" {
		return false
	}
	total := 0
	for i, digit := range item {
		total += int(digit-'0') * []int{3, 1}[i%2]
	}
	return total%10 == 0
}
