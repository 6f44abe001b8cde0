package setting

import (
	"cmp"
	"fmt"
	"slices"

	"andon/schemas/event"
)

// Tables is a reference in the form in which it is looked up. It does not change, and may be shared.
type Tables struct {
	lanes      map[[2]string]*Lane // by carrier and service; either may be ""
	durations  map[string][]Duration
	weights    map[string]Weight
	cartons    map[string]Carton
	asnShorts  map[[2]string]ASNShort
	pickShorts map[[2]string]PickShort
}

// statuses is how many statuses a scan can have.
const statuses = int(event.Unmapped) + 1

// Lane is what is usual of a carrier's service. An entry whose N is 0 is unknown.
type Lane struct {
	Class   Class
	gaps    [statuses]Gap
	transit [statuses]Transit     // of any time
	timed   [statuses][][]Transit // of a time; the most specific names first, each list by day and hour
}

// Tables makes the reference ready for use. The error names the entry that makes no sense or stands twice.
func (r *Reference) Tables() (*Tables, error) {
	t := &Tables{lanes: map[[2]string]*Lane{}, durations: map[string][]Duration{}}
	err := r.fillLanes(t)
	keep := func(e error) {
		if err == nil {
			err = e
		}
	}
	keep(fill(&t.weights, "weights", r.Weights, func(w Weight) string { return w.Item }))
	keep(fill(&t.cartons, "cartons", r.Cartons, func(c Carton) string { return c.Site }))
	keep(fill(&t.asnShorts, "asn_shorts", r.ASNShorts, func(s ASNShort) [2]string { return [2]string{s.Supplier, s.Item} }))
	keep(fill(&t.pickShorts, "pick_shorts", r.PickShorts, func(s PickShort) [2]string { return [2]string{s.Site, s.Item} }))
	var durations map[duration]Duration
	keep(fill(&durations, "durations", r.Durations, func(d Duration) duration { return duration{d.Site, d.QtyMaxMilli} }))
	for _, d := range durations {
		t.durations[d.Site] = append(t.durations[d.Site], d)
	}
	for _, list := range t.durations {
		slices.SortFunc(list, func(a, b Duration) int { return cmp.Compare(a.upTo(), b.upTo()) })
	}
	return t, err
}

type duration struct {
	site string
	most int64
}

// upTo is the largest quantity the entry is for.
func (d Duration) upTo() int64 { return cmp.Or(d.QtyMaxMilli, mostQty) }

// entry is one of a table.
type entry interface{ check() error }

// fill makes a table of a list.
func fill[K comparable, E entry](table *map[K]E, name string, list []E, key func(E) K) error {
	*table = make(map[K]E, len(list))
	for i, e := range list {
		if err := e.check(); err != nil {
			return fmt.Errorf("settings.reference.%s[%d].%w", name, i, err)
		}
		k := key(e)
		if _, twice := (*table)[k]; twice {
			return fmt.Errorf("settings.reference.%s[%d]: there is an entry of the same names before it", name, i)
		}
		(*table)[k] = e
	}
	return nil
}

// leg3 is where on its way a shipment is.
type leg3 struct{ carrier, service, status string }

// fillLanes resolves what holds for each carrier and service that is named: its own entry of a status, the carrier's, anyone's; then those of any
// status in the same order.
func (r *Reference) fillLanes(t *Tables) error {
	var classes map[[2]string]Service
	var gaps map[leg3]Gap
	var all map[timed]Transit
	if err := fill(&classes, "services", r.Services, func(s Service) [2]string { return [2]string{s.Carrier, s.Service} }); err != nil {
		return err
	}
	if err := fill(&gaps, "gaps", r.Gaps, func(g Gap) leg3 { return leg3{g.Carrier, g.Service, g.Status} }); err != nil {
		return err
	}
	if err := fill(&all, "transit", r.Transit, func(g Transit) timed { return timed{leg3{g.Carrier, g.Service, g.Status}, g.Day, g.UntilH} }); err != nil {
		return err
	}
	transit, times := map[leg3]Transit{}, map[leg3][]Transit{}
	for at, g := range all {
		if g.Day == 0 {
			transit[at.leg3] = g
		} else {
			times[at.leg3] = append(times[at.leg3], g)
		}
	}
	for at, list := range times {
		slices.SortFunc(list, Transit.compare)
		for i := 1; i < len(list); i++ {
			if a, b := list[i-1], list[i]; a.Day == b.Day && b.FromH < a.UntilH {
				return fmt.Errorf("settings.reference.transit: carrier %q, service %q, status %q, day %d: hours %d to %d and %d to %d overlap", at.carrier, at.service, at.status, a.Day,
					a.FromH, a.UntilH, b.FromH, b.UntilH)
			}
		}
	}
	named := [][2]string{{}}
	for _, s := range r.Services {
		named = append(named, [2]string{s.Carrier, s.Service}, [2]string{s.Carrier})
	}
	for _, g := range r.Gaps {
		named = append(named, [2]string{g.Carrier, g.Service}, [2]string{g.Carrier})
	}
	for _, g := range r.Transit {
		named = append(named, [2]string{g.Carrier, g.Service}, [2]string{g.Carrier})
	}
	for _, name := range named {
		if t.lanes[name] != nil {
			continue
		}
		l := &Lane{Class: cmp.Or(classes[name].Class, Ground)}
		for s := range statuses {
			l.gaps[s], l.transit[s] = first(gaps, name, event.Status(s)), first(transit, name, event.Status(s))
			l.timed[s] = specific(times, name, event.Status(s))
		}
		t.lanes[name] = l
	}
	return nil
}

// timed is a leg at a time of the journey.
type timed struct {
	leg3
	day, untilH int64
}

// compare orders entries by the time they hold for.
func (t Transit) compare(u Transit) int {
	return cmp.Or(cmp.Compare(t.Day, u.Day), cmp.Compare(t.UntilH, u.UntilH))
}

// specific lists the entries for a carrier, service and status, the most specific first.
func specific[E any](table map[leg3]E, name [2]string, status event.Status) (list []E) {
	keys := [...]leg3{{name[0], name[1], ""}, {name[0], "", ""}, {}}
	for _, st := range [...]string{status.String(), ""} {
		for i, key := range keys {
			key.status = st
			if e, ok := table[key]; ok && !slices.Contains(keys[:i], keys[i]) {
				list = append(list, e)
			}
		}
	}
	return list
}

// first is the most specific entry; the zero entry when there is none.
func first[E any](table map[leg3]E, name [2]string, status event.Status) (e E) {
	if list := specific(table, name, status); len(list) > 0 {
		return list[0]
	}
	return e
}

// Lane is what is usual of a carrier's service, never nil.
func (t *Tables) Lane(carrier, service string) *Lane {
	if len(t.lanes) == 1 { // anyone's
		return t.lanes[[2]string{}]
	}
	for _, name := range [...][2]string{{carrier, service}, {carrier, ""}} {
		if l := t.lanes[name]; l != nil {
			return l
		}
	}
	return t.lanes[[2]string{}]
}

// Gap is the usual time to the next scan after one of a status.
func (l *Lane) Gap(s event.Status) (Gap, bool) { return l.gaps[s], l.gaps[s].N > 0 }

// Transit is the usual time to the delivery after a scan of a status at any time.
func (l *Lane) Transit(s event.Status) (Transit, bool) { return l.transit[s], l.transit[s].N > 0 }

// TransitAt is the usual time to the delivery after a scan of a status on a day of the journey, the first is 1, and in an hour of that day; where
// there is no entry for it, that of any time.
func (l *Lane) TransitAt(s event.Status, day, hour int64) (Transit, bool) {
	for _, list := range l.timed[s] {
		i, _ := slices.BinarySearchFunc(list, Transit{Day: day, UntilH: hour + 1}, Transit.compare)
		if i < len(list) && list[i].Day == day && list[i].FromH <= hour {
			return list[i], true
		}
	}
	return l.Transit(s)
}

// Duration is what a pick of a quantity usually takes at a site: the site's entry for the least quantity that holds it, else anyone's.
func (t *Tables) Duration(site string, qtyMilli int64) (Duration, bool) {
	for _, name := range [...]string{site, ""} {
		for _, d := range t.durations[name] {
			if qtyMilli <= d.upTo() {
				return d, true
			}
		}
	}
	return Duration{}, false
}

// Weight is what a base unit of an item weighs.
func (t *Tables) Weight(item string) (Weight, bool) {
	w, ok := t.weights[item]
	return w, ok
}

// Carton is what an empty carton weighs at a site.
func (t *Tables) Carton(site string) (Carton, bool) {
	c, ok := t.cartons[site]
	if !ok {
		c, ok = t.cartons[""]
	}
	return c, ok
}

// ASNShort is how often lines of an item are short that a supplier advises: those of the item from the supplier, else all of the supplier, else all
// of the item, else all.
func (t *Tables) ASNShort(supplier, item string) (ASNShort, bool) {
	return known(t.asnShorts, [...][2]string{{supplier, item}, {supplier, ""}, {"", item}, {}})
}

// PickShort is how often picks of an item are short at a site: those of the item at the site, else all of the item, else all of the site, else all.
func (t *Tables) PickShort(site, item string) (PickShort, bool) {
	return known(t.pickShorts, [...][2]string{{site, item}, {"", item}, {site, ""}, {}})
}

// known is the first entry there is.
func known[E any](table map[[2]string]E, keys [4][2]string) (e E, ok bool) {
	for _, key := range keys {
		if e, ok = table[key]; ok {
			return e, true
		}
	}
	return e, false
}
