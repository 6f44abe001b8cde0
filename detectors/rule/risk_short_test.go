package rule

import (
	"testing"

	"andon/detectors/setting"
	"andon/detectors/timeline"
	"andon/schemas/event"
)

// judged is what a risk says of events, a minute apart.
func judged(t *testing.T, r *Rule, usual setting.Reference, events ...event.Event) []Verdict {
	t.Helper()
	tables, err := usual.Tables()
	if err != nil {
		t.Fatal(err)
	}
	var tl timeline.Timeline
	for i, e := range events {
		e.ID, e.Time = string(rune('a'+i)), event.MinTime+event.Micros(i)*event.Minute
		tl.Add(fact(&e))
	}
	c := Context{Reference: tables, Values: []int64{r.Settings[0].Default}, Site: "W1"}
	c.Begin(tl.Live, event.MinTime+event.Hour, SendsAll)
	out := Verdicts{Rule: r}
	r.Judge(&c, &out)
	return out.List
}

func fact(e *event.Event) *timeline.Fact {
	f := &timeline.Fact{}
	timeline.Of(e, e.Time, 0, f, &timeline.Document{})
	return f
}

func TestShortRisks(t *testing.T) {
	lines := []event.Line{{Line: "1", SKU: "A", QtyMilli: 1000}, {Line: "2", SKU: "B", QtyMilli: 1000}}
	advice := event.Event{Type: event.ASNDespatched, Source: "S", Revision: 1, Lines: lines}
	order := event.Event{Type: event.OrderReleased, Site: "W1", Revision: 1, Lines: lines}
	rates := func(bp int64) setting.Reference {
		return setting.Reference{ASNShorts: []setting.ASNShort{{Supplier: "S", Item: "B", N: 90, ShortBP: bp}, {N: 900, ShortBP: 100}},
			PickShorts: []setting.PickShort{{Item: "B", N: 90, ShortBP: bp}, {N: 900, ShortBP: 100}}}
	}
	for _, c := range []struct {
		rule      *Rule
		doc, over event.Event
	}{
		{&asnShortRisk, advice, event.Event{Type: event.ReceiptLine, SKU: "A", QtyMilli: 1000}},
		{&pickShortRisk, order, event.Event{Type: event.PickStarted}},
	} {
		one := func(what string, kind Kind, ask bool, at event.Micros, list []Verdict) Verdict {
			t.Helper()
			if len(list) != 1 || list[0].Kind != kind || list[0].Ask != ask || list[0].JudgedAt != at || list[0].Episode.Revision != 1 {
				t.Fatalf("%s, %s: %+v", c.rule.Code, what, list)
			}
			return list[0]
		}
		start := event.MinTime
		if v := one("often short", Fires, true, start, judged(t, c.rule, rates(700), c.doc)); v.Observed != N(700) || v.Expected != N(500) || v.Delta != N(200) {
			t.Errorf("%s: %+v", c.rule.Code, v)
		}
		one("seldom short", Satisfied, true, start, judged(t, c.rule, rates(500), c.doc))
		one("unknown", Abstains, true, start, judged(t, c.rule, setting.Reference{}, c.doc))
		one("over", Satisfied, false, start+event.Minute, judged(t, c.rule, rates(700), c.doc, c.over))
		if list := judged(t, c.rule, rates(700)); len(list) != 0 {
			t.Errorf("%s judges nothing: %+v", c.rule.Code, list)
		}
	}
}

// A contested rule says when it judged and what a model would be fed.
func TestContestedRules(t *testing.T) {
	n := 0
	for _, list := range [][]*Rule{All, Risks} {
		for _, r := range list {
			if r.Contested != (r.Features != "") {
				t.Errorf("%s: contested %t, features %q", r.Code, r.Contested, r.Features)
			}
			if r.Contested {
				n++
			}
			if ByCode(r.Code) != r {
				t.Errorf("%s is not found", r.Code)
			}
		}
	}
	if n != 6 {
		t.Errorf("%d are contested", n)
	}
}
