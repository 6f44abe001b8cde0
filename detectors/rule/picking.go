package rule

import (
	"andon/detectors/timeline"
	"andon/schemas/event"
)

// picking is what the pick rules share.
type picking struct {
	release  *timeline.Fact // the order in force: the latest order.released
	manifest *timeline.Fact // the first manifest.closed: nothing more leaves with this fulfilment
	work     *timeline.Fact // the first sign of work: a pick, a pack or the manifest
}

func pickingOf(facts []*timeline.Fact) (p picking) {
	for _, f := range facts {
		switch f.Type {
		case event.OrderReleased:
			if p.release == nil || supersedes(f, p.release) {
				p.release = f
			}
		case event.ManifestClosed:
			p.manifest = first(p.manifest, f)
			p.work = first(p.work, f)
		case event.PickStarted, event.PickConfirmed, event.PickShorted, event.PackStarted, event.PackItem, event.PackClosed:
			p.work = first(p.work, f)
		}
	}
	return p
}

// linePick is what became of one planned order line, in thousandths of the base unit.
type linePick struct {
	line     string
	planned  int64
	weighed  bool
	unitCost int64 // minor units of currency
	currency string
	picked   int64
	byClose  int64 // the part of picked by the time the line was closed
	closedAt event.Micros
	closed   bool
	lastAt   event.Micros     // of the line's confirmed picks
	facts    []*timeline.Fact // its confirmed and shorted picks
}

// linePicks sums the picks of every planned line, in the order of the plan; a line the plan names twice is one line. A line is closed by a pick
// that says so, by a shorted pick, or with the manifest. Picks of lines nobody planned are another rule's matter.
func (p *picking) linePicks(c *Context) []linePick {
	s := &c.lines
	if s.known {
		return s.All
	}
	s.begin()
	for i := range p.release.Doc.Lines {
		plan := &p.release.Doc.Lines[i]
		l := s.Find(plan.Line)
		if l == nil {
			l = s.Add(plan.Line)
			*l = linePick{line: plan.Line, weighed: plan.Weighed, unitCost: plan.UnitCost, currency: plan.Currency, facts: l.facts[:0]}
			if p.manifest != nil {
				l.closed, l.closedAt = true, p.manifest.Time
			}
		}
		l.planned += plan.Qty
	}
	for _, f := range c.Facts {
		if f.Type != event.PickConfirmed && f.Type != event.PickShorted {
			continue
		}
		if l := s.Find(f.Line); l != nil {
			l.facts = append(l.facts, f)
			if (f.Type == event.PickShorted || f.LineClosed) && (!l.closed || f.Time < l.closedAt) {
				l.closed, l.closedAt = true, f.Time
			}
		}
	}
	for i := range s.All {
		s.All[i].sum()
	}
	return s.All
}

func (l *linePick) sum() {
	for _, f := range l.facts {
		if f.Type != event.PickConfirmed {
			continue
		}
		l.picked += f.Qty
		l.lastAt = f.Time
		if l.closed && f.Time <= l.closedAt {
			l.byClose += f.Qty
		}
	}
}

// evidence names the order, the picks of one line, and the manifest.
func (p *picking) evidence(l *linePick, out *Verdicts) {
	out.Evidence(p.release)
	out.Evidence(l.facts...)
	out.Evidence(p.manifest)
}
