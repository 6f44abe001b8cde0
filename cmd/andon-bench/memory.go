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

// put puts the course of the memory into the values of a row: ten of the program's, each the mean of a tenth of the run, the highest, and by how
// much the last tenth is above the one that ends before ClickHouse goes away.
func (s series) put(values map[string]float64, before int) {
	if len(s) == 0 {
		return
	}
	for tenth := range 10 {
		values[fmt.Sprintf("andon_rss_%02d_percent_mb", 10*(tenth+1))] = s.mean(tenth)
	}
	most := func(get func(sample) float64) float64 {
		return get(slices.MaxFunc(s, func(a, b sample) int { return int(get(a)) - int(get(b)) }))
	}
	values["andon_rss_max_mb"] = most(func(x sample) float64 { return x.andon })
	values["broker_rss_max_mb"] = most(func(x sample) float64 { return x.broker })
	values["clickhouse_rss_max_mb"] = most(func(x sample) float64 { return x.store })
	values["entities_half_way"], values["entities_at_the_end"] = s[len(s)/2].entities, s[len(s)-1].entities
	values["andon_rss_growth_percent"] = 100 * (s.mean(9)/max(s.mean(before), 1) - 1)
}

// mean is the program's memory in a tenth of the run; 0 when it was never looked at.
func (s series) mean(tenth int) float64 {
	whole := s[len(s)-1].after
	var sum, n float64
	for _, x := range s {
		if i := int(10 * x.after / (whole + 1)); i == tenth {
			sum, n = sum+x.andon, n+1
		}
	}
	return sum / max(n, 1)
}
