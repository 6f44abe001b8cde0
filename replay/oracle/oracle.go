// Package oracle works out which exceptions a list of events amounts to, all at once and in the plainest way: no timers, no beats, nothing kept
// from one event to the next. It is written from the texts (docs/exceptions.md, docs/adr, the scripts of the rules) and shares no code with the
// detectors it is compared with; internal/house holds it to that.
package oracle

import (
	"cmp"
	"maps"
	"slices"
	"strconv"
	"strings"

	"andon/schemas/event"
	"andon/schemas/exception"
)

// Record is one event and when its broker took it.
type Record struct {
	event.Event
	At event.Micros
}

// Settings are the numbers of rules that are not their defaults: code, name of the setting, value.
type Settings map[string]map[string]int64

// Unknown is a number that nobody knows.
const Unknown = -1

// Exception is one that stands in the end. What was retracted, or never was a violation, is none.
type Exception struct {
	ID                        exception.ID
	Tenant, Code              string
	Subject, Episode          string
	State                     exception.State // open or cleared
	OpenedAt, ClearedAt       event.Micros
	Expected, Observed, Delta int64 // in the code's unit, or Unknown
}

// Find returns the exceptions of a family's records, in whatever order these come, as they stand when a lane's time has reached end; by tenant,
// subject, code and episode.
func Find(family event.Family, records []Record, settings Settings, usual Usual, end event.Micros) []Exception {
	var all []Exception
	for _, s := range stories(family, records) {
		s.settings, s.usual, s.end = settings, usual, end
		switch family {
		case event.ASN:
			s.receiving()
		case event.Carrier:
			s.journey()
		case event.PickPack:
			s.picking()
			s.packing()
			s.slow()
			s.weighed()
		}
		all = append(all, s.found...)
	}
	slices.SortFunc(all, func(a, b Exception) int {
		return cmp.Or(cmp.Compare(a.Tenant, b.Tenant), cmp.Compare(a.Subject, b.Subject), cmp.Compare(a.Code, b.Code), cmp.Compare(a.Episode, b.Episode))
	})
	return all
}

// stories parts the records of a family by entity.
func stories(family event.Family, records []Record) (list []*story) {
	type entity struct{ tenant, key string }
	entities := map[entity][]Record{}
	for _, r := range records {
		if r.Type != event.ClockTick {
			e := entity{r.Tenant, r.Key(family)}
			entities[e] = append(entities[e], r)
		}
	}
	for e, records := range entities {
		list = append(list, &story{tenant: e.tenant, key: e.key, facts: live(records)})
	}
	return list
}

// live is what counts of an entity's records, by event time and then by the hash of the id: of each event the version of the latest record (of one
// instant, that of the larger low half of the content's hash), unless a correction takes it back. No correction is taken back.
func live(records []Record) []fact {
	facts, retracted := map[string]fact{}, map[string]bool{}
	for _, r := range records {
		f, ok := facts[r.ID]
		if !ok {
			f.Known = r.At
		}
		f.Known = min(f.Known, r.At)
		if !ok || cmp.Or(cmp.Compare(r.At, f.At), cmp.Compare(uint32(r.Content), uint32(f.Content))) > 0 {
			f.Record = r
		}
		facts[r.ID] = f
	}
	for _, f := range facts {
		if f.Type == event.Correction {
			retracted[f.Retracts] = true
		}
	}
	maps.DeleteFunc(facts, func(id string, f fact) bool { return retracted[id] || f.Type == event.Correction })
	return slices.SortedFunc(maps.Values(facts), func(a, b fact) int {
		return cmp.Or(cmp.Compare(a.Time, b.Time), cmp.Compare(event.IDHash(a.ID), event.IDHash(b.ID)))
	})
}

// fact is the version of an event that counts, and when its first record was taken.
type fact struct {
	Record
	Known event.Micros
}

// item is the identity of the goods: GTINs of 8, 12, 13 and 14 digits name one.
func (f fact) item() string { return item(f.GTIN, f.SKU) }

func item(gtin, sku string) string {
	if gtin == "" {
		return sku
	}
	return strings.Repeat("0", max(0, 14-len(gtin))) + gtin
}

// story is what is known of one entity, and what was found in it.
type story struct {
	tenant, key string
	facts       []fact
	settings    Settings
	usual       Usual
	end         event.Micros
	found       []Exception
}

// of lists the facts of the types.
func (s *story) of(types ...event.Type) (list []fact) {
	for _, r := range s.facts {
		if slices.Contains(types, r.Type) {
			list = append(list, r)
		}
	}
	return list
}

// scans lists the scans of the statuses.
func (s *story) scans(statuses ...event.Status) (list []fact) {
	for _, r := range s.of(event.CarrierScan) {
		if slices.Contains(statuses, r.Status) {
			list = append(list, r)
		}
	}
	return list
}

// setting is a number of a rule.
func (s *story) setting(code, name string, byDefault int64) int64 {
	if v, ok := s.settings[code][name]; ok {
		return v
	}
	return byDefault
}

// span is a setting in seconds.
func (s *story) span(code, name string, byDefault int64) event.Micros {
	return event.Micros(s.setting(code, name, byDefault)) * event.Second
}

// report notes an exception: x with its identity, cleared when it says since when.
func (s *story) report(code, episode string, x Exception) {
	x.Tenant, x.Subject, x.Code, x.Episode = s.tenant, s.key, code, episode
	x.ID = exception.NewID(s.tenant, code, s.key, episode)
	x.State = exception.Open
	if x.ClearedAt != 0 {
		x.State = exception.Cleared
	}
	s.found = append(s.found, x)
}

// deadline judges what had to happen by due: at is when it did, 0 for not yet; stated is when the document that asks for it was written. How late
// it was is counted from since.
func (s *story) deadline(code string, stated, since, due, at event.Micros) {
	x := Exception{OpenedAt: due, ClearedAt: at, Expected: Unknown, Observed: Unknown, Delta: Unknown}
	if at > due {
		x.Delta = int64((at - since) / event.Second)
	}
	if at > due || at == 0 && (s.end >= due || stated > due) {
		s.report(code, episode("due", due.String()), x)
	}
}

// episode writes names and values, those that are empty left out.
func episode(pairs ...string) string {
	var parts []string
	for i := 0; i < len(pairs); i += 2 {
		if pairs[i+1] != "" {
			parts = append(parts, pairs[i]+"="+strings.NewReplacer("%", "%25", ";", "%3B", "=", "%3D").Replace(pairs[i+1]))
		}
	}
	return strings.Join(parts, ";")
}

// revision is how an episode names it: one that nobody stated not at all.
func revision(n int32) string {
	if n == 0 {
		return ""
	}
	return strconv.Itoa(int(n))
}

// first is when the first of the facts happened; 0 if there is none.
func first(facts []fact) event.Micros {
	if len(facts) == 0 {
		return 0
	}
	return facts[0].Time
}

// latest is when the last of the facts happened; 0 if there is none.
func latest(facts []fact) event.Micros {
	if len(facts) == 0 {
		return 0
	}
	return facts[len(facts)-1].Time
}

// document is the one in force: of the highest revision the last; nil if there is none.
func document(docs []fact) *fact {
	if len(docs) == 0 {
		return nil
	}
	inForce := slices.MaxFunc(docs, func(a, b fact) int { return cmp.Or(cmp.Compare(a.Revision, b.Revision), after(a, b)) })
	return &inForce
}

// after orders statements by event time, those of one instant by the low half of the content's hash.
func after(a, b fact) int {
	return cmp.Or(cmp.Compare(a.Time, b.Time), cmp.Compare(uint32(a.Content), uint32(b.Content)))
}

// weight reports whether goods are sold by weight.
func weight(uom string) bool {
	return slices.Contains([]string{"KGM", "GRM", "LBR", "ONZ", "TNE", "MGM"}, uom)
}

// sum adds the quantities.
func sum(facts []fact) (milli int64) {
	for _, r := range facts {
		milli += r.QtyMilli
	}
	return milli
}

// where lists the facts that hold.
func where(facts []fact, holds func(fact) bool) (list []fact) {
	for _, r := range facts {
		if holds(r) {
			list = append(list, r)
		}
	}
	return list
}

// by lists the facts that happened no later than at.
func by(at event.Micros, facts []fact) []fact {
	return where(facts, func(r fact) bool { return r.Time <= at })
}
