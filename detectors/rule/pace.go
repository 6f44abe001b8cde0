package rule

import (
	"andon/detectors/setting"
	"andon/detectors/timeline"
	"andon/schemas/event"
)

// Pace is what a confirmed pick took beside what is usual for its quantity at a site.
type Pace struct {
	Pick   *timeline.Fact
	Took   event.Micros     // -1: unknown
	Usual  setting.Duration // N is 0 when unknown
	ZMilli int64            // the modified z-score of PI-05, thousandths; 0 unless both are known
}

// LastPick is the pace of the last pick confirmed until c.Now; its Pick is nil when there is none.
func (c *Context) LastPick(site string) (p Pace) {
	for _, t := range c.TimedPicks() {
		if t.Time > c.Now {
			break
		}
		p.Pick, p.Took = t.Fact, t.Took
	}
	if p.Pick == nil {
		return p
	}
	known := false
	if p.Usual, known = c.Reference.Duration(site, p.Pick.Qty); known && p.Took >= 0 {
		p.ZMilli = zMilli(p.Took, p.Usual.MedianMS, p.Usual.MADLnMicro)
	}
	return p
}
