package rule

import (
	"andon/detectors/keyed"
	"andon/detectors/timeline"
	"andon/schemas/event"
	"andon/schemas/exception"
)

// PI-05: a pick took far longer than picks of that quantity at that site do.
//
// Judged at each pick.confirmed. A pick took from the last pick.started or pick of its task, or of its line where there is none; without one, from the last
// before it in the fulfilment, shared by those confirmed at one instant. Fires when that is over the least and the modified z-score of its logarithm
// (0.6745 times the distance to the median in median absolute deviations, Iglewicz and Hoaglin) is over the limit. It never clears; a correction
// of either end takes it back. Abstains without a beginning or a usual duration. State: the picks. Known false positives: breaks.
// Script: testdata/pi_05.txt.
var slowPick = Rule{
	Code: "PI-05", Title: "Pick took too long", Family: event.PickPack, Severity: exception.Minor, Unit: exception.Seconds, Version: 2, Since: "0.5",
	Text:   "A pick took far longer than picks of that quantity at that site usually do.",
	NotYet: "Medians by zone and pick method wait for events that state them: they are by site and quantity.",
	Settings: []Setting{
		{"z_milli", 3_500, "thousandths of the modified z-score from which a duration is an outlier"},
		{"least_s", 120, "seconds that a pick may take whatever is usual"},
	},
	Stake:     Stake{Penalty: Unknown, WithinS: 14_400, RecoverS: 900}, // the cut-off it endangers: nobody said what that costs
	Contested: true, Features: "pickpack",
	Judge: judgeSlowPick,
	Say: func(v *Verdict) []string {
		return []string{"the pick took " + span(event.Micros(v.Observed.Value)*event.Second) + "; the median is " + span(event.Micros(v.Expected.Value)*event.Second)}
	},
}

// TimedPick is a confirmed pick and how long it took.
type TimedPick struct {
	*timeline.Fact
	Took event.Micros // -1: unknown
}

func judgeSlowPick(c *Context, out *Verdicts) {
	order := c.picking.of(c.Facts, pickingOf)
	picks := c.TimedPicks()
	for i := range picks {
		p := &picks[i]
		usual, known := c.Reference.Duration(c.Site, p.Qty)
		v := Verdict{
			Kind: Satisfied, Episode: Episode{Line: p.Line, Event: p.ID}, JudgedAt: p.Time, OpenedAt: p.Time, ClearedAt: p.Time, Ask: i == len(picks)-1,
		}
		switch {
		case p.Took >= 0 && known:
			v.Expected, v.Observed = N(usual.MedianMS/1000), N(seconds(p.Took))
			v.Delta = N(max(0, v.Observed.Value-v.Expected.Value))
			if p.Took > event.Micros(c.Values[1])*event.Second && zMilli(p.Took, usual.MedianMS, usual.MADLnMicro) > c.Values[0] {
				v.Kind, v.ClearedAt = Fires, 0
			}
		case known:
			v.Kind, v.Missing = Abstains, "beginning of the pick"
		default:
			v.Kind, v.Missing = Abstains, "usual duration of picks"
		}
		if order.release != nil {
			v.Deadline = order.release.At
		}
		out.Add(v)
		out.Evidence(p.Fact)
	}
}

// zMilli is the modified z-score of a duration, in thousandths.
func zMilli(took event.Micros, medianMS, madLnMicro int64) int64 {
	return 6745 * (LnMicro(max(1, int64(took/1000))) - LnMicro(medianMS)) / (10 * madLnMicro)
}

// timing is memory for TimedPicks.
type timing struct {
	picks []TimedPick
	tasks keyed.List[uint32, event.Micros]
	lines keyed.List[string, event.Micros]
}

// TimedPicks are the confirmed picks in order; the list is good until the next call.
func (c *Context) TimedPicks() []TimedPick {
	t := &c.timing
	t.picks = t.picks[:0]
	t.tasks.Reset()
	t.lines.Reset()
	before := event.Micros(-1) // when the last thing before this instant was started or picked
	for facts := c.Facts; len(facts) > 0; {
		n, busy := 1, false
		for n < len(facts) && facts[n].Time == facts[0].Time {
			n++
		}
		first, shared := len(t.picks), 0
		for _, f := range facts[:n] {
			if f.Type == event.PickStarted {
				t.note(f)
				busy = true
			}
		}
		for _, f := range facts[:n] {
			if f.Type != event.PickConfirmed && f.Type != event.PickShorted {
				continue
			}
			busy = true
			if f.Type == event.PickConfirmed {
				p := TimedPick{f, -1}
				if own := t.began(f); own != nil {
					p.Took = f.Time - *own
				} else {
					shared++
				}
				t.picks = append(t.picks, p)
			}
		}
		for i := first; i < len(t.picks) && before >= 0; i++ {
			if p := &t.picks[i]; p.Took < 0 {
				p.Took = (p.Time - before) / event.Micros(shared)
			}
		}
		for _, f := range facts[:n] {
			if f.Type == event.PickConfirmed || f.Type == event.PickShorted {
				t.note(f)
			}
		}
		if busy {
			before = facts[0].Time
		}
		facts = facts[n:]
	}
	return t.picks
}

// began is when the task or else the line of a pick was started or last picked.
func (t *timing) began(f *timeline.Fact) *event.Micros {
	if f.Place != 0 {
		if at := t.tasks.Find(f.Place); at != nil {
			return at
		}
	}
	if f.Line != "" {
		return t.lines.Find(f.Line)
	}
	return nil
}

// note keeps when a task and a line were started or picked.
func (t *timing) note(f *timeline.Fact) {
	if f.Place != 0 {
		at := t.tasks.Find(f.Place)
		if at == nil {
			at = t.tasks.Add(f.Place)
		}
		*at = f.Time
	}
	if f.Line != "" {
		at := t.lines.Find(f.Line)
		if at == nil {
			at = t.lines.Add(f.Line)
		}
		*at = f.Time
	}
}
