package sim

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"sync"
	"time"

	"andon/detectors/setting"
	"andon/replay/oracle"
	"andon/replay/simulate"
	"andon/schemas/beat"
	"andon/schemas/event"
	judgement "andon/schemas/verdict"
)

// model answers what engines ask in a process: otherwise each time, late now and then, or not at all.
type model struct {
	*proc
	calls uint64
}

// Score implements pipeline.Scorer.
func (m *model) Score(_ context.Context, requests []beat.Request) []beat.Reply {
	d := m.dice(fmt.Sprintf("%s#%d model", m.name, m.number), m.calls)
	m.calls++
	replies := make([]beat.Reply, len(requests))
	late := d.IntN(10) == 0
	if late {
		time.Sleep(m.gap(m.slot+7, 50*time.Millisecond)) // as long as it may
	}
	for i := range replies {
		failed := [...]string{judgement.Timeout, judgement.BreakerOpen, judgement.BadOutput, judgement.ModelMissing}
		switch n := d.IntN(12); {
		case late:
			replies[i].Reason = judgement.Timeout
		case n < len(failed):
			replies[i].Reason = failed[n]
		default:
			replies[i] = beat.Reply{Score: float64(d.IntN(1e6+1)) / 1e6, Model: requests[i].Model}
		}
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	for i := range replies {
		m.fired["model: "+replies[i].Reason]++
	}
	return replies
}

// pieces is what a piece of each item weighs.
var pieces = sync.OnceValue(func() map[string][2]int64 {
	all := map[string][2]int64{}
	simulate.PieceWeights(func(item string, grams, sd int64) bool {
		all[item] = [2]int64{grams, sd}
		return true
	})
	return all
})

// usualOf is what is usual in a history: alike everywhere, and what the items in it weigh.
func usualOf(inputs []feed) oracle.Usual {
	any := [3]string{}
	u := oracle.Usual{Gap: map[[3]string][2]int64{any: {12 * 3600, 30 * 3600}}, Transit: map[[3]string][2]int64{any: {30 * 3600, 48 * 3600}},
		Durations: []oracle.Duration{{MedianMS: 20_000, DeviationMicro: 500_000}}, Weight: map[string][2]int64{}, Carton: map[string][2]int64{}}
	grams, sd := simulate.CartonWeight()
	u.Carton[""] = [2]int64{grams, sd}
	for _, f := range inputs {
		var e event.Event
		if f.to.Topic != event.PickPack.String() || event.Decode(event.PickPack, f.key, f.value, &e) != nil {
			continue
		}
		for _, line := range e.Lines {
			u.Weight[line.GTIN] = pieces()[line.GTIN]
		}
	}
	delete(u.Weight, "")
	return u
}

// reference is the same as the engines are told it.
func reference(u oracle.Usual) (r setting.Reference) {
	for _, q := range u.Gap {
		r.Gaps = append(r.Gaps, setting.Gap{N: 1, Q90S: q[0], Q99S: q[1]})
	}
	for _, q := range u.Transit {
		r.Transit = append(r.Transit, setting.Transit{N: 1, Q50S: q[0], Q80S: q[1]})
	}
	for _, d := range u.Durations {
		r.Durations = append(r.Durations, setting.Duration{N: 1, MedianMS: d.MedianMS, MADLnMicro: d.DeviationMicro})
	}
	for _, item := range slices.Sorted(maps.Keys(u.Weight)) { // their order is part of the settings' hash
		w := u.Weight[item]
		r.Weights = append(r.Weights, setting.Weight{Item: item, N: 1, WeightG: w[0], SDMG: w[1]})
	}
	for _, w := range u.Carton {
		r.Cartons = append(r.Cartons, setting.Carton{N: 1, WeightG: w[0], SDMG: w[1]})
	}
	return r
}
