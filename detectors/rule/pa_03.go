package rule

import (
	"strconv"

	"andon/detectors/keyed"
	"andon/detectors/timeline"
	"andon/schemas/event"
	"andon/schemas/exception"
)

// PA-03: a carton does not weigh what its contents do.
//
// Judged at each weighing (a pack.closed or label.created that states one) of a carton, once the pack events before it have had time to arrive. Expected
// is the sum of the items packed into it and the carton of the site. Fires when the gross weight is further off than the tolerance: the largest of a
// floor, some standard deviations of the sum, and a share of the expected weight. Clears when a later weighing agrees. Abstains as not detectable
// where the tolerance hides half of the lightest unit, and where the weight of an item or the carton is unknown or the carton was not weighed. State:
// packs, weighings. Known false positives: scales that drift; wrong master weights. Script: testdata/pa_03.txt.
var weightMismatch = Rule{
	Code: "PA-03", Title: "Weight mismatch", Family: event.PickPack, Severity: exception.Major, Unit: exception.Grams, Version: 1, Since: "0.5",
	Text:   "The carton does not weigh what was packed into it.",
	NotYet: "Cartons are not told apart by type, for want of events that state it: one weight a site.",
	Settings: []Setting{
		{"tolerance_g", 50, "grams that the weight may be off in any case"},
		{"tolerance_sigmas", 3, "standard deviations of the contents and the carton that it may be off"},
		{"tolerance_bp", 200, "basis points of the expected weight that it may be off"},
		{"settle_s", 120, "seconds after the weighing before it is judged, for pack events that lag"},
	},
	Stake:     Stake{Reship: parcelFreight, Contact: 800, ContactBP: 3000, Rework: 2_200, WithinS: 14_400, RecoverS: 900}, // what a wrong parcel costs
	Contested: true, Features: "pack",
	Judge: judgeWeightMismatch,
	Say: func(v *Verdict) []string {
		said := "weighs " + grams(v.Observed) + "; what was packed into it weighs " + grams(v.Expected)
		if v.Kind == Fires {
			said += ", " + grams(v.Delta) + " off"
		}
		return []string{said}
	},
}

// grams writes a weight.
func grams(n Number) string { return strconv.FormatInt(n.Value, 10) + " g" }

func judgeWeightMismatch(c *Context, out *Verdicts) {
	order := c.picking.of(c.Facts, pickingOf)
	settle := event.Micros(c.Values[3]) * event.Second
	cartons := &c.cartons
	cartons.Reset()
	var last event.Micros // when the last weighing was judged
	for _, f := range c.Facts {
		switch {
		case f.Type == event.PackItem:
			cartonOf(cartons, f.Place).put(c, f)
		case f.Type != event.PackClosed && (f.Type != event.LabelCreated || f.Weight == 0):
		case c.Now < f.Time+settle:
			out.Wait(f.Time + settle)
		default:
			cartonOf(cartons, f.Place).weigh(c, f, f.Time+settle)
			last = f.Time + settle
		}
	}
	for i := range cartons.All {
		p := &cartons.All[i]
		if p.judged == 0 {
			continue
		}
		v := p.verdict()
		if v.Ask = p.judged == last; order.release != nil {
			v.Deadline = order.release.At
		}
		out.Add(v)
		for _, f := range c.Facts {
			if f.Place == p.place && (f.Type == event.PackItem || f.Type == event.PackClosed || f.Type == event.LabelCreated && f.Weight != 0) {
				out.Evidence(f)
			}
		}
	}
}

// carton is what was put into one, and what came of weighing it.
type carton struct {
	place    uint32
	name     string
	grams    int64 // of the items so far
	variance int64 // of that; square milligrams
	lightest int64 // unit; grams, 0: none was packed
	missing  string

	judged          event.Micros
	raised          bool
	ever            bool
	opened, cleared event.Micros
	unknown         string // why the last weighing says nothing
	gross, expected int64
}

func cartonOf(l *keyed.List[uint32, carton], place uint32) *carton {
	p := l.Find(place)
	if p == nil {
		p = l.Add(place)
		*p = carton{place: place}
	}
	return p
}

// heaviest bounds sums, so that they stay inside int64.
const heaviest = 1e17

func (p *carton) put(c *Context, f *timeline.Fact) {
	w, ok := c.Reference.Weight(f.Item)
	if !ok {
		p.missing = "weight of an item"
		return
	}
	p.grams = min(heaviest, p.grams+min(heaviest, exception.MulDiv(f.Qty, w.WeightG, 1000)))
	p.variance = min(heaviest, p.variance+min(heaviest, exception.MulDiv(f.Qty, w.SDMG*w.SDMG, 1000)))
	if p.lightest == 0 || w.WeightG < p.lightest {
		p.lightest = w.WeightG
	}
}

// weigh judges one weighing.
func (p *carton) weigh(c *Context, f *timeline.Fact, at event.Micros) {
	p.judged, p.name, p.unknown = at, f.Line, ""
	box, known := c.Reference.Carton(c.Site)
	expected := p.grams + box.WeightG
	tolerance := c.tolerance(expected, min(heaviest, p.variance+box.SDMG*box.SDMG))
	switch {
	case f.Weight == 0:
		p.unknown = "gross weight"
	case p.missing != "":
		p.unknown = p.missing
	case p.lightest == 0:
		p.unknown = "packed items"
	case !known:
		p.unknown = "weight of an empty carton"
	case 2*tolerance >= p.lightest:
		p.unknown = "not_detectable: half of the lightest item is within the tolerance"
	case abs(f.Weight-expected) > tolerance:
		if !p.raised {
			p.raised, p.ever, p.opened = true, true, at
		}
		p.gross, p.expected = f.Weight, expected
	case p.raised:
		p.raised, p.cleared = false, f.Time
		p.gross, p.expected = f.Weight, expected
	}
	if p.unknown == "" && !p.ever {
		p.cleared, p.gross, p.expected = f.Time, f.Weight, expected
	}
}

// tolerance is how far off a weight may be, in grams; variance in square milligrams.
func (c *Context) tolerance(expected, variance int64) int64 {
	floor, sigmas, share := c.Values[0], c.Values[1], c.Values[2]
	return max(floor, min(sigmas, 1000)*root(variance)/1000, exception.MulDiv(expected, share, 10_000))
}

func (p *carton) verdict() Verdict {
	v := Verdict{Kind: Satisfied, Episode: Episode{Carton: p.name}, JudgedAt: p.judged, OpenedAt: p.judged, ClearedAt: p.cleared}
	switch {
	case p.raised:
		v.Kind, v.OpenedAt, v.ClearedAt = Fires, p.opened, 0
	case p.ever:
		v.Violated, v.OpenedAt = true, p.opened
	case p.unknown != "":
		v.Kind, v.Missing = Abstains, p.unknown
		return v
	}
	v.Expected, v.Observed, v.Delta = N(p.expected), N(p.gross), N(abs(p.gross-p.expected))
	return v
}
