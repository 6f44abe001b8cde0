package feature

import (
	"andon/detectors/rule"
	"andon/detectors/timeline"
	"andon/schemas/event"
	"andon/schemas/exception"
)

// box is a carton as it was when it was weighed.
type box struct {
	scale              *timeline.Fact // the weighing
	grams              int64          // of the items
	variance           int64          // of that; square milligrams
	lightest, heaviest int64          // units; grams
	pieces             int64          // thousandths
	packs, unknown     int64
	openings           int64
	weighings          int64
	opened             event.Micros // the last time

	closings       int64 // of all cartons of the order
	packed, picked int64 // into all cartons, and in all; thousandths
}

// What bounds sums, so that they stay inside int64 whatever events and tables say: a million tonnes, and 300 tonnes of deviation.
const (
	mostGrams    = 1_000_000_000_000
	mostVariance = 100_000_000_000_000_000
)

// weighing is the one judged: the last until c.Now of the carton that c.Asked names, and of any when it names none.
func weighing(c *rule.Context) (scale *timeline.Fact) {
	for _, f := range c.Facts {
		if f.Time > c.Now {
			break
		}
		if weighs(f) && (c.Asked.Carton == "" || f.Line == c.Asked.Carton) {
			scale = f
		}
	}
	return scale
}

func weighs(f *timeline.Fact) bool {
	return f.Type == event.PackClosed || f.Type == event.LabelCreated && f.Weight != 0
}

// boxOf gathers what happened to the carton until it was weighed.
func boxOf(c *rule.Context, scale *timeline.Fact) box {
	b := box{scale: scale}
	for _, f := range c.Facts {
		switch f.Type {
		case event.PickConfirmed:
			b.picked += f.Qty
		case event.PackItem:
			b.packed += f.Qty
		case event.PackClosed:
			b.closings++
		default:
		}
		if f.Place == scale.Place {
			b.add(c, f)
		}
		if f == scale {
			break
		}
	}
	return b
}

// add takes what happened to the carton itself.
func (b *box) add(c *rule.Context, f *timeline.Fact) {
	switch {
	case f.Type == event.PackStarted:
		b.openings++
		b.opened = f.Time
	case f.Type == event.PackItem:
		b.put(c, f)
	case weighs(f):
		b.weighings++
	}
}

func (b *box) put(c *rule.Context, f *timeline.Fact) {
	b.packs++
	b.pieces += f.Qty
	w, ok := c.Reference.Weight(f.Item)
	if !ok {
		b.unknown++
		return
	}
	b.grams = min(mostGrams, b.grams+min(mostGrams, exception.MulDiv(f.Qty, w.WeightG, 1000)))
	b.variance = min(mostVariance, b.variance+min(mostVariance, exception.MulDiv(f.Qty, square(0, w.SDMG), 1000)))
	if b.lightest == 0 || w.WeightG < b.lightest {
		b.lightest = w.WeightG
	}
	b.heaviest = max(b.heaviest, w.WeightG)
}

// square adds a square to a sum of squares.
func square(sum, n int64) int64 {
	return min(mostVariance, sum+min(mostVariance, exception.MulDiv(n, n, 1)))
}

// explanations is how many items weigh, a unit of them, as much as the carton is off, up to 9.
func (b *box) explanations(c *rule.Context, off int64) (n int64) {
	for i, f := range c.Facts {
		if f == b.scale || n == 9 {
			break
		}
		if b.holds(f) && b.explains(c, f, off) && !b.holdsItem(c.Facts[:i], f.Item) {
			n++
		}
	}
	return n
}

func (b *box) holds(f *timeline.Fact) bool {
	return f.Type == event.PackItem && f.Place == b.scale.Place
}

func (b *box) explains(c *rule.Context, f *timeline.Fact, off int64) bool {
	w, _ := c.Reference.Weight(f.Item)
	rest := 1000 * max(off-w.WeightG, w.WeightG-off)
	return square(0, rest) <= 9*b.variance
}

func (b *box) holdsItem(facts []*timeline.Fact, item string) bool {
	for _, f := range facts {
		if b.holds(f) && f.Item == item {
			return true
		}
	}
	return false
}
