package main

import (
	"fmt"
	"slices"
	"time"
)

// sample is the memory processes held at an instant, in MB.
type sample struct {
	after    time.Duration // since the run began
	andon    float64
	broker   float64
	store    float64 // 0 while ClickHouse is away
	entities float64
}

// series is the memory over a run.
type series []sample

// steady is where the part of a run begins in which memory must be flat: after timelines have begun to end, and both outages.
const steady = 0.5

// put puts the course of the memory into the values of a row: ten of the program's, each the mean of a tenth of the run, the highest, and the
// straight line through the second half.
func (s series) put(values map[string]float64) {
	if len(s) == 0 {
		return
	}
	whole := s[len(s)-1].after
	for tenth := range 10 {
		var sum, n float64
		for _, x := range s {
			if i := int(10 * x.after / (whole + 1)); i == tenth {
				sum, n = sum+x.andon, n+1
			}
		}
		if n > 0 {
			values[fmt.Sprintf("andon_rss_%02d_percent_mb", 10*(tenth+1))] = sum / n
		}
	}
	most := func(get func(sample) float64) float64 {
		return get(slices.MaxFunc(s, func(a, b sample) int { return int(get(a)) - int(get(b)) }))
	}
	values["andon_rss_max_mb"] = most(func(x sample) float64 { return x.andon })
	values["broker_rss_max_mb"] = most(func(x sample) float64 { return x.broker })
	values["clickhouse_rss_max_mb"] = most(func(x sample) float64 { return x.store })
	values["entities_half_way"], values["entities_at_the_end"] = s[len(s)/2].entities, s[len(s)-1].entities
	slope, mean, span := s.slope()
	values["andon_rss_slope_mb_per_min"] = slope
	values["andon_rss_growth_percent"] = 100 * slope * span / max(mean, 1)
}

// slope fits a line through the second half: its slope in MB a minute, the mean, and the half's length in minutes.
func (s series) slope() (slope, mean, span float64) {
	half := s[int(steady*float64(len(s))):]
	var x, y, xx, xy float64
	for _, p := range half {
		at := p.after.Minutes()
		x, y, xx, xy = x+at, y+p.andon, xx+at*at, xy+at*p.andon
	}
	n := float64(len(half))
	if d := n*xx - x*x; d > 0 {
		slope = (n*xy - x*y) / d
	}
	return slope, y / n, (half[len(half)-1].after - half[0].after).Minutes()
}
