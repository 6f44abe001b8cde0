package oracle_test

import (
	"cmp"
	"slices"

	"andon/detectors"
	"andon/detectors/setting"
	"andon/replay/oracle"
	"andon/schemas/beat"
	"andon/schemas/cost"
	"andon/schemas/event"
	"andon/schemas/exception"

	"github.com/cespare/xxhash/v2"
	"pgregory.net/rapid"
)

// way is how a history is run through the core.
type way struct {
	partitions uint64
	cut        func() int  // how many items the next beat has
	undo       func() bool // whether the next beat is undone first and run again
	clock      setting.Clock
}

var plain = way{1, func() int { return 1 }, func() bool { return false }, setting.Log}

// run runs a history through the detectors and returns what stands in the end: the last revisions of what is open or was a real violation, less
// what depends on who looked when, and the costs that were not withdrawn.
func run(t *rapid.T, h *history, w way) (standing []exception.Exception, owed []cost.Cost) {
	for p := range w.partitions {
		exceptions, costs := lane(t, h, w, p)
		for _, x := range exceptions {
			if x.State != exception.Retracted && !x.LateData {
				x.Revision, x.DetectedAt, x.Change = 0, 0, ""
				standing = append(standing, x)
			}
		}
		for _, c := range costs {
			if !c.Withdrawn {
				owed = append(owed, c)
			}
		}
	}
	return standing, owed
}

// lane runs what falls on one partition, and returns the last revision of each exception and the last word on each cost.
func lane(t *rapid.T, h *history, w way, partition uint64) (map[exception.ID]exception.Exception, map[cost.ID]cost.Cost) {
	engine, err := detectors.New(h.family, setting.Settings{Clock: w.clock, Rules: h.settings, Costs: setting.DefaultCosts(), Reference: reference(h.usual)})
	if err != nil {
		t.Fatal(err)
	}
	last, paid := map[exception.ID]exception.Exception{}, map[cost.ID]cost.Cost{}
	for items := h.items(w, partition); len(items) > 0; {
		batch := beat.Batch{Items: items[:min(w.cut(), len(items))]}
		if len(batch.Items) == len(items) {
			batch.End = h.end
		}
		if w.undo() {
			engine.Step(batch)
			engine.Settle(nil)
			engine.Undo()
		}
		st := engine.Step(batch)
		settled := engine.Settle(nil)
		if st.Items != len(batch.Items) || len(st.Rejected)+len(st.Disarmed)+len(settled.Poisoned)+len(settled.Disarm) > 0 || !st.Counts.Balanced() {
			t.Fatalf("stepped %+v, settled %+v\n%v", st, settled, h)
		}
		engine.Keep()
		for _, x := range settled.Exceptions {
			if was := last[x.ID]; !follows(was, x) {
				t.Fatalf("%+v\nafter %+v\n%v", x, was, h)
			}
			last[x.ID] = x
		}
		for _, c := range settled.Costs {
			paid[c.ID] = c
		}
		items = items[st.Items:]
	}
	return last, paid
}

// follows reports whether a revision may come after what was said of the exception before, if anything was.
func follows(was, is exception.Exception) bool {
	open := was.State == exception.Open
	fits := map[exception.Change]bool{
		exception.WasOpened:    !open && is.State == exception.Open,
		exception.WasUpdated:   open && is.State == exception.Open,
		exception.WasCleared:   is.State == exception.Cleared && was.Revision > 0,
		exception.WasRetracted: is.State == exception.Retracted && was.Revision > 0 && was.State != exception.Retracted,
	}
	standIn := was.DetectedAt == was.OpenedAt // while a lane has no time yet
	return fits[is.Change] && is.Revision == was.Revision+1 && (is.DetectedAt >= was.DetectedAt || standIn)
}

// items is what a partition holds: records of some subjects, and all ticks if it is these that make the time pass.
func (h *history) items(w way, partition uint64) (items []beat.Item) {
	var now event.Micros
	for i, r := range h.records {
		if xxhash.Sum64String(r.Key(h.family))%w.partitions == partition {
			items = append(items, beat.Item{Event: r.Event, At: r.At})
		}
		if h.ticks[i] > now && w.clock == setting.Log {
			now = h.ticks[i]
			items = append(items, tick(now))
		}
	}
	return append(items, tick(h.end))
}

func tick(at event.Micros) beat.Item {
	return beat.Item{Event: event.Event{Type: event.ClockTick, Time: at}, At: at}
}

// core is the exceptions that stand in the end, as the oracle writes them.
func core(t *rapid.T, h *history, w way) (all []oracle.Exception) {
	known := func(n *int64) int64 {
		if n == nil {
			return oracle.Unknown
		}
		return *n
	}
	standing, _ := run(t, h, w)
	for _, x := range standing {
		all = append(all, oracle.Exception{ID: x.ID, Tenant: x.Tenant, Code: x.Code, Subject: x.Subject, Episode: x.Episode, State: x.State,
			OpenedAt: x.OpenedAt, ClearedAt: x.ClearedAt, Expected: known(x.Expected), Observed: known(x.Observed), Delta: known(x.Delta)})
	}
	slices.SortFunc(all, func(a, b oracle.Exception) int {
		return cmp.Or(cmp.Compare(a.Tenant, b.Tenant), cmp.Compare(a.Subject, b.Subject), cmp.Compare(a.Code, b.Code), cmp.Compare(a.Episode, b.Episode))
	})
	return all
}

// written is what stands in the end, to the last byte of its records, but for the subject that is left out.
func written(t *rapid.T, h *history, w way, but string) (lines []string) {
	standing, owed := run(t, h, w)
	for _, x := range standing {
		if x.Subject != but {
			lines = append(lines, string(exception.Append(nil, &x)))
		}
	}
	for _, c := range owed {
		if c.Subject != but {
			lines = append(lines, string(cost.Append(nil, &c)))
		}
	}
	slices.Sort(lines)
	return lines
}

// reference is what is usual as the core is told it.
func reference(u oracle.Usual) (r setting.Reference) {
	for who, class := range u.Class {
		r.Services = append(r.Services, setting.Service{Carrier: who[0], Service: who[1], Class: setting.Class(class)})
	}
	for at, q := range u.Gap {
		r.Gaps = append(r.Gaps, setting.Gap{Carrier: at[0], Service: at[1], Status: at[2], N: 1, Q90S: q[0], Q99S: q[1]})
	}
	for at, q := range u.Transit {
		r.Transit = append(r.Transit, setting.Transit{Carrier: at[0], Service: at[1], Status: at[2], N: 1, Q50S: q[0], Q80S: q[1]})
	}
	for _, u := range u.Timed {
		r.Transit = append(r.Transit, setting.Transit{Carrier: u.Leg[0], Service: u.Leg[1], Status: u.Leg[2], Day: u.Day, FromH: u.FromH, UntilH: u.ToH, N: 1,
			Q50S: u.HalfS, Q80S: u.MostS})
	}
	for _, d := range u.Durations {
		r.Durations = append(r.Durations, setting.Duration{Site: d.Site, QtyMaxMilli: d.QtyMilli, N: 1, MedianMS: d.MedianMS, MADLnMicro: d.DeviationMicro})
	}
	for item, w := range u.Weight {
		r.Weights = append(r.Weights, setting.Weight{Item: item, N: 1, WeightG: w[0], SDMG: w[1]})
	}
	for site, w := range u.Carton {
		r.Cartons = append(r.Cartons, setting.Carton{Site: site, N: 1, WeightG: w[0], SDMG: w[1]})
	}
	return r
}
