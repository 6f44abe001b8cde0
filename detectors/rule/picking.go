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

// linePick is what became of one order line, in thousandths of the base unit.
type linePick struct {
	picked   int64
	byClose  int64 // the part of picked by the time the line was closed
	closedAt event.Micros
	closed   bool
	lastAt   event.Micros // of the line's confirmed picks
}

// line sums the picks of one order line. A line is closed by a pick that says so, by a shorted pick, or with the manifest.
func (p *picking) line(facts []*timeline.Fact, line string) (l linePick) {
	if p.manifest != nil {
		l.closed, l.closedAt = true, p.manifest.Time
	}
	for _, f := range facts {
		if f.Line != line {
			continue
		}
		if closes := f.Type == event.PickShorted || f.Type == event.PickConfirmed && f.LineClosed; closes && (!l.closed || f.Time < l.closedAt) {
			l.closed, l.closedAt = true, f.Time
		}
	}
	for _, f := range facts {
		if f.Type != event.PickConfirmed || f.Line != line {
			continue
		}
		l.picked += f.Qty
		l.lastAt = f.Time
		if l.closed && f.Time <= l.closedAt {
			l.byClose += f.Qty
		}
	}
	return l
}

// evidence names the order, the picks of one line, and the manifest.
func (p *picking) evidence(facts []*timeline.Fact, line string, out *Verdicts) {
	out.Evidence(p.release)
	for _, f := range facts {
		if f.Line == line && (f.Type == event.PickConfirmed || f.Type == event.PickShorted) {
			out.Evidence(f)
		}
	}
	out.Evidence(p.manifest)
}
