package guard

import (
	"cmp"
	"slices"

	"andon/schemas/control"
	"andon/schemas/decision"
	"andon/schemas/event"
	"andon/schemas/verdict"
)

// Alert is something to tell of that trips nothing.
type Alert struct {
	Code, Bundle string
	Signal       control.Signal
	From, To     event.Micros // what was looked at
	Statistic    float64
	Threshold    float64
	Text         string
}

// Output is what came of the inputs: records to write to andon.control in this order, and alerts. The version of a record is the writer's to set.
type Output struct {
	Records []control.Record
	Alerts  []Alert
}

// Guards watches every model that a policy asks. It is for one goroutine.
type Guards struct {
	watches  []*watch // by code and bundle
	names    func(set string) []string
	leases   bool
	raisings raisings
	follows  bool
	now      event.Micros
	out      Output
}

// New returns guards that know nothing yet. names are the features of a set such as carrier/1, for notes; nil when they are not known. With leases a
// guard that is not open is written anew every half hour, and lanes that no longer hear of it go by the rule; where lanes' time is not that of a
// clock they would hear of it too late.
func New(names func(set string) []string, leases bool) *Guards {
	return &Guards{names: names, leases: leases}
}

// Follow says whether what comes in is past: then states are those of the control records, and nothing comes out. A process that starts follows what
// is there, in the order it was written, until it has caught up.
func (g *Guards) Follow(past bool) {
	g.follows = past
	for _, w := range g.watches {
		w.machine.follows, w.heard = past, g.now
	}
}

// Take returns what came of the inputs since the last call.
func (g *Guards) Take() Output {
	out := g.out
	g.out = Output{}
	if g.follows {
		return Output{}
	}
	return out
}

// Watched lists the bundles whose golden rows are to be answered again, in order, each once.
func (g *Guards) Watched() (bundles []string) {
	for _, w := range g.watches {
		if w.active {
			bundles = append(bundles, w.bundle)
		}
	}
	slices.Sort(bundles)
	return slices.Compact(bundles)
}

// States lists the guards of the models that are asked, by code.
func (g *Guards) States() (list []control.Guard) {
	for _, w := range g.watches {
		if w.active {
			last := w.machine.last
			last.State = w.machine.state()
			list = append(list, last)
		}
	}
	return list
}

// Control takes a record of andon.control, written at an instant.
func (g *Guards) Control(at event.Micros, r *control.Record) {
	switch r.Kind {
	case control.KindPolicy:
		if r.Policy.Bundle != "" {
			g.watch(r.Policy.Code, r.Policy.Bundle)
		}
		for _, w := range g.watches {
			if w.code == r.Policy.Code {
				w.rule(at, r.Policy)
			}
		}
	case control.KindGuard:
		if own := r.Author == Author; !own || g.follows { // what we wrote ourselves we know
			w := g.watch(r.Guard.Code, r.Guard.Bundle)
			if w.machine.took(r.Guard, own); r.Guard.State == control.Closed {
				w.computed = computed{}
			}
		}
	case control.KindBundle, control.KindSettings:
	}
}

// Verdict takes a record of andon.verdicts.
func (g *Guards) Verdict(v *verdict.Verdict) {
	w := g.find(v.Code, v.Bundle)
	if w == nil {
		return
	}
	g.now = max(g.now, v.DetectedAt)
	w.verdict(v)
	if modelRaises(v) {
		g.raisings.add(g.now, v.ID, w, scoreOf(v))
		g.raisings.add(g.now, v.ExceptionID, w, scoreOf(v))
	}
}

// Decision takes a record of andon.decisions: a label, when it is about what a model raised and not made by a program.
func (g *Guards) Decision(d *decision.Decision) {
	confirmed := d.Verdict == decision.Confirmed
	if !confirmed && d.Verdict != decision.FalseAlarm || d.Source == decision.Auto {
		return
	}
	if r := g.raisings.of(d.ItemID); r != nil {
		r.watch.label(g.now, r, confirmed)
	}
}

// Golden takes how golden rows of a bundle were answered by the live scorer just now: how many of the rows otherwise than expected, or not at all.
func (g *Guards) Golden(at event.Micros, bundle string, rows, wrong int) {
	g.now = max(g.now, at)
	for _, w := range g.watches {
		if w.bundle != bundle || !w.active {
			continue
		}
		w.heard = at
		if w.machine.golden = wrong == 0 && rows > 0; !w.machine.golden {
			w.machine.trip(at, sight{signal: control.G1, from: at, to: at, statistic: float64(wrong), what: "golden rows are answered otherwise"})
		}
		w.tick(at)
	}
}

// Computed takes the features of a judgement as they were logged and as they come out when they are computed again from the log, none where the log does
// not come to it. It reports whether they differ by more than rounding.
func (g *Guards) Computed(at event.Micros, code, bundle string, logged, anew []float64) (differs bool) {
	g.now, differs = max(g.now, at), !sameValues(logged, anew)
	if w := g.find(code, bundle); w != nil {
		if w.machine.last.State == control.Closed && at < w.machine.last.ChangedAt {
			return differs // of a matter that is over
		}
		if s, tripped := w.computed.take(at, differs); tripped {
			w.machine.trip(at, s)
		}
	}
	return differs
}

// Tick says that it is at; once a minute will do.
func (g *Guards) Tick(at event.Micros) {
	g.now = max(g.now, at)
	for _, w := range g.watches {
		w.tick(at)
	}
}

func (g *Guards) place(code, bundle string) (int, bool) {
	return slices.BinarySearchFunc(g.watches, [2]string{code, bundle}, func(w *watch, name [2]string) int {
		return cmp.Or(cmp.Compare(w.code, name[0]), cmp.Compare(w.bundle, name[1]))
	})
}

func (g *Guards) find(code, bundle string) *watch {
	if i, known := g.place(code, bundle); known {
		return g.watches[i]
	}
	return nil
}

func (g *Guards) watch(code, bundle string) *watch {
	i, known := g.place(code, bundle)
	if !known {
		names := g.names
		if names == nil {
			names = func(string) []string { return nil }
		}
		w := newWatch(code, bundle, names, &g.out)
		w.machine.follows, w.machine.leases = g.follows, g.leases
		g.watches = slices.Insert(g.watches, i, w)
	}
	return g.watches[i]
}
