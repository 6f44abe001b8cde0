package feature

import (
	"fmt"
	"math"
	"strconv"
	"strings"
	"testing"

	"andon/detectors/rule"
	"andon/detectors/setting"
	"andon/detectors/timeline"
	"andon/schemas/event"
)

const monday = event.Micros(1_740_960_000) * event.Second // 2025-03-03T00:00:00Z

// at is an instant of that week: a day from 0, and hours and minutes.
func at(day, hour, minute event.Micros) event.Micros {
	return monday + day*event.Day + hour*event.Hour + minute*event.Minute
}

// usual is the reference of the stories.
var usual = setting.Reference{
	Services: []setting.Service{{Carrier: "ACME", Service: "NEXT", Class: setting.Express}},
	Gaps: []setting.Gap{
		{Carrier: "ACME", Status: "ACCEPTED", N: 900, Q90S: 43_200, Q99S: 86_400},
		{N: 5000, Q90S: 50_000, Q99S: 100_000},
	},
	Transit: []setting.Transit{
		{Carrier: "ACME", Service: "NEXT", Status: "ACCEPTED", N: 900, Q50S: 72_000, Q80S: 108_000},
		{Carrier: "ACME", Status: "OUT_FOR_DELIVERY", N: 900, Q50S: 14_400, Q80S: 21_600},
		{Carrier: "ACME", N: 9000, Q50S: 54_000, Q80S: 90_000},
	},
	Weights: []setting.Weight{
		{Item: "MUG", N: 40, WeightG: 350, SDMG: 4_000}, {Item: "BOX", N: 40, WeightG: 1_000, SDMG: 3_000}, {Item: "TEA", N: 40, WeightG: 50, SDMG: 1_000},
	},
	Cartons:   []setting.Carton{{N: 100, WeightG: 180, SDMG: 5_000}},
	Durations: []setting.Duration{{N: 500, MedianMS: 40_000, MADLnMicro: 300_000}},
	ASNShorts: []setting.ASNShort{{N: 9000, ShortBP: 200}, {Supplier: "SUP", N: 400, ShortBP: 500}, {Supplier: "SUP", Item: "MUG", N: 50, ShortBP: 1_200}},
	PickShorts: []setting.PickShort{
		{Item: "MUG", N: 300, ShortBP: 100}, {Site: "S1", Item: "MUG", N: 60, ShortBP: 900}, {Item: "TEA", N: 300, ShortBP: 50},
	},
}

var tables = func() *setting.Tables {
	t, err := usual.Tables()
	if err != nil {
		panic(err)
	}
	return t
}()

// entity is the timeline of one entity and what it is judged with.
type entity struct {
	timeline timeline.Timeline
	context  rule.Context
}

// entityOf folds events in the order in which they come.
func entityOf(events []event.Event) *entity {
	e := &entity{}
	for i := range events {
		var f timeline.Fact
		var d timeline.Document
		timeline.Of(&events[i], events[i].Time+event.Hour, 0, &f, &d)
		e.timeline.Add(&f)
	}
	e.context.Carrier, e.context.Reference = "ACME", tables
	return e
}

// judge is the values of a set as of an instant.
func (e *entity) judge(s *Set, now event.Micros) []float64 {
	e.context.Begin(e.timeline.Live, now, rule.SendsAll)
	return s.Append(nil, &e.context)
}

// table judges a story at each of some instants and puts the values beside each other.
func table(t *testing.T, s *Set, events []event.Event, instants ...event.Micros) {
	t.Helper()
	for i := range events {
		e := &events[i]
		e.ID, e.Content = fmt.Sprint("e", i), uint64(i+1)
	}
	e := entityOf(events)
	var b strings.Builder
	line := func(name string, cells []string) {
		fmt.Fprintf(&b, "%-20s", name)
		for _, c := range cells {
			fmt.Fprintf(&b, " %20s", c)
		}
		b.WriteString("\n")
	}
	var heads []string
	rows := make([][]string, len(s.Features))
	for _, now := range instants {
		heads = append(heads, now.UTC().Format("Mon 2T15:04:05"))
		for i, v := range e.judge(s, now) {
			cell := strconv.FormatFloat(v, 'g', -1, 64)
			if math.IsNaN(v) {
				cell = "-"
			}
			rows[i] = append(rows[i], cell)
		}
	}
	line(s.ID(), heads)
	for i, f := range s.Features {
		line(f.Name, rows[i])
	}
	golden(t, "testdata/"+t.Name()[len("Test"):]+".txt", b.String())
}
