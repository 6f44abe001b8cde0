package simulate

import "andon/schemas/event"

// world is what the stories of a day share: who is careless, what is broken and for how long. It is drawn once from the seed, so that errors
// come in clusters: by supplier, bin, site and shift, carrier, hub, hour.
type world struct {
	suppliers [suppliers]supplier
	shifts    [len(sites)][3]int     // errors of a site's shift, in percent of the usual
	late      [len(carriers)]int     // parcels late on the road, of ten thousand
	returned  [len(carriers)]int     // parcels sent back, of ten thousand
	stuck     hubTrouble             // nothing moves there for some hours
	crushing  hubTrouble             // its conveyor damages parcels all day
	misread   hubTrouble             // its scanners read labels of parcels long delivered
	trailer   trailer                // missed
	cuts      [len(carriers)][11]cut // feeds of the carriers, by day
	siteCuts  [len(sites)][3]cut     // feeds of the sites
	badBins   uint64                 // which bins are stocked badly
	start     event.Micros           // the day's first instant
}

// supplier is how one supplier sends goods and papers, all in cases of ten thousand.
type supplier struct {
	odds      int          // errors on the pallet, in percent of the usual
	forgets   int          // despatches whose advice nobody sends
	typos     int          // lines advised in the wrong unit
	priceless bool         // states no costs
	down, up  event.Micros // its EDI is down between the two; up 0: never
}

// hubTrouble is a hub of one carrier, or of all carriers with carrier -1.
type hubTrouble struct {
	carrier, hub int
	from, to     event.Micros
}

func (h hubTrouble) at(carrier, hub int) bool {
	return hub%len(hubs) == h.hub && (h.carrier < 0 || carrier == h.carrier)
}

// trailer is one departure of a carrier from a site that left without its load: parcels ready between the two instants.
type trailer struct {
	site, carrier int
	from, to      event.Micros
}

// cut is a time in which a feed is down; what it holds back arrives in one burst after it. To 0: none.
type cut struct{ from, to event.Micros }

// through is when a record arrives that would have arrived at an instant. What would then be later than a history allows came just before the cut.
func (c cut) through(d *dice, arrive, latest event.Micros) event.Micros {
	if arrive < c.from || arrive >= c.to {
		return arrive
	}
	if after := c.to + d.between(0, 2*event.Minute); after <= latest {
		return after
	}
	return c.from - 1
}

func newWorld(c Config) *world {
	w := &world{start: c.Start}
	d := newDice(c.Seed, 1<<63) // no story has this number
	w.badBins = d.pcg.Uint64()
	w.drawSuppliers(d)
	worst := d.below(2 * len(sites)) // one day shift of one site is short of hands
	for site := range sites {
		w.shifts[site] = [3]int{150, 70, 80} // night, early, late
		if worst/2 == site {
			w.shifts[site][1+worst%2] = 300
		}
	}
	bad := d.below(len(carriers)) // one carrier has a bad week
	for i := range carriers {
		rank := (i + bad) % len(carriers)
		w.late[i] = [...]int{400, 90, 110, 80, 120}[rank]
		w.returned[i] = [...]int{130, 240, 90, 110, 80}[rank]
	}
	from := c.Start + d.between(8*event.Hour, 14*event.Hour)
	w.stuck = hubTrouble{-1, d.below(len(hubs)), from, from + d.between(90*event.Minute, 150*event.Minute)}
	w.crushing = hubTrouble{d.below(len(carriers)), d.below(len(hubs)), c.Start, event.MaxTime}
	w.misread = hubTrouble{d.below(len(carriers)), d.below(len(hubs)), c.Start, event.MaxTime}
	from = c.Start + d.between(10*event.Hour, 18*event.Hour)
	w.trailer = trailer{d.below(len(sites)), d.below(len(carriers)), from, from + event.Hour}
	w.drawCuts(d)
	return w
}

// drawSuppliers makes a few suppliers careless, a few forgetful, two confused about units, and takes the EDI of three down.
func (w *world) drawSuppliers(d *dice) {
	shift := d.below(suppliers)
	for i := range w.suppliers {
		s := &w.suppliers[i]
		*s = supplier{odds: 35, forgets: 60, typos: 6}
		rank := (13*i + shift) % suppliers // 13 and the number of suppliers have no common factor: each has a rank of its own
		switch {
		case rank < 5:
			s.odds = 500
		case rank < 15:
			s.odds = 120
		}
		switch rank {
		case 3, 10, 20, 30:
			s.forgets = 1400
		case 5, 25:
			s.typos = 350
		case 4, 18, 33:
			s.down = w.start + d.between(0, 4*event.Hour)
			s.up = s.down + d.between(16*event.Hour, 24*event.Hour)
		}
		s.priceless = rank%5 == 1
	}
}

// drawCuts takes feeds down now and then, never for as long as a record may be late.
func (w *world) drawCuts(d *dice) {
	draw := func(cuts []cut, of10000 int) {
		for day := range cuts {
			if d.chance(of10000) {
				from := w.start + event.Micros(day)*event.Day + d.between(event.Hour, 21*event.Hour)
				cuts[day] = cut{from, from + d.between(40*event.Minute, 110*event.Minute)}
			}
		}
	}
	for i := range w.cuts {
		draw(w.cuts[i][:], 3500)
	}
	for i := range w.siteCuts {
		draw(w.siteCuts[i][:], 5000)
	}
}

// cutOf is the cut of the day an instant falls on.
func (w *world) cutOf(cuts []cut, at event.Micros) cut {
	if day := int((at - w.start) / event.Day); day < len(cuts) {
		return cuts[day]
	}
	return cut{}
}

// badBin reports whether the bin of an item is stocked badly: one in forty is.
func (w *world) badBin(item int) bool {
	return (uint64(item)*0x9e3779b97f4a7c15^w.badBins)>>32*40>>32 == 0
}

// errors is a chance of so many in ten thousand, as a site's shift at an instant makes it.
func (w *world) errors(of10000, site int, at event.Micros) int {
	return of10000 * w.shifts[site][w.shift(at)] / 100
}

// shift is the night, early or late shift that works at an instant.
func (w *world) shift(at event.Micros) int {
	return int((at - w.start + 2*event.Hour) % event.Day / (8 * event.Hour))
}
