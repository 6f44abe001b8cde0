package examples_test

import (
	"slices"
	"testing"

	"andon/detectors/feature"
	"andon/replay"
	"andon/replay/examples"
	"andon/schemas/decision"
	"andon/schemas/event"
	"andon/schemas/identity"
	"andon/schemas/verdict"
)

const judgedAt = event.MinTime + 36*365*event.Day

// judgement is one of CA-05, promised for 2 days later: its window closes after 5.
func judgement(subject string) verdict.Verdict {
	values := make([]float64, len(feature.Of("carrier").Features))
	values[0] = 2 * 86_400
	return verdict.Verdict{
		ID: verdict.NewID("t", "CA-05", subject, "e", judgedAt), Tenant: "t", Code: "CA-05", Subject: subject, Episode: "e", JudgedAt: judgedAt,
		Features: feature.Of("carrier").ID(), Values: values, ExceptionID: identity.New("exception", subject),
	}
}

// A label comes from the latest decision about the judgement, else about its exception; of what came too early only what cannot change counts.
func TestLabels(t *testing.T) {
	after := func(days event.Micros, v decision.Outcome) decision.Decision {
		return decision.Decision{Verdict: v, DecidedAt: judgedAt + days*event.Day}
	}
	for name, try := range map[string]struct {
		about  func(*verdict.Verdict) identity.ID
		said   []decision.Decision
		until  event.Micros // days
		label  examples.Label
		mature bool
	}{
		"nobody looked":                    {until: 9},
		"confirmed":                        {said: []decision.Decision{after(6, decision.Confirmed)}, until: 9, label: examples.Positive, mature: true},
		"confirmed, its window still open": {said: []decision.Decision{after(1, decision.Confirmed)}, until: 4, label: examples.Positive},
		"confirmed early, its window over": {said: []decision.Decision{after(1, decision.Confirmed)}, until: 9, label: examples.Positive, mature: true},
		"a false alarm":                    {said: []decision.Decision{after(6, decision.FalseAlarm)}, until: 9, label: examples.Negative, mature: true},
		"a false alarm that may come true": {said: []decision.Decision{after(1, decision.FalseAlarm)}, until: 9, label: examples.Negative},
		"not known yet":                    {said: []decision.Decision{after(6, decision.Confirmed)}, until: 5},
		"a change of mind":                 {said: []decision.Decision{after(7, decision.FalseAlarm), after(6, decision.Confirmed)}, until: 9, label: examples.Negative, mature: true},
		"unsure in the end":                {said: []decision.Decision{after(6, decision.Confirmed), after(7, decision.Unsure)}, until: 9},
		"a duplicate":                      {said: []decision.Decision{after(6, decision.Duplicate)}, until: 9},
		"the exception was decided about":  {about: func(v *verdict.Verdict) identity.ID { return v.ExceptionID }, said: []decision.Decision{after(6, decision.Confirmed)}, until: 9, label: examples.Positive, mature: true},
		"another judgement was":            {about: func(*verdict.Verdict) identity.ID { return judgement("c/2").ID }, said: []decision.Decision{after(6, decision.Confirmed)}, until: 9},
	} {
		v := judgement("c/1")
		about := v.ID
		if try.about != nil {
			about = try.about(&v)
		}
		p := examples.Past{Verdicts: []verdict.Verdict{v}}
		for _, d := range try.said {
			d.ItemID = about
			p.Decisions = append(p.Decisions, d)
		}
		rows, err := p.Join("CA-05", judgedAt+try.until*event.Day)
		if err != nil {
			t.Fatal(err)
		}
		if r := rows.List[0]; r.Label != try.label || r.Mature != try.mature {
			t.Errorf("%s: label %d, mature %t", name, r.Label, r.Mature)
		}
	}
}

func TestJoinLeavesOut(t *testing.T) {
	bare, old, other := judgement("c/1"), judgement("c/2"), judgement("c/3")
	bare.Values, old.Features, other.Code = nil, "carrier/0", "CA-03"
	again := judgement("c/4")
	again.Raised = true
	p := examples.Past{Verdicts: []verdict.Verdict{bare, old, other, judgement("c/4"), again}}
	rows, err := p.Join("CA-05", 0)
	if err != nil || len(rows.List) != 1 || !rows.List[0].Raised || rows.Bare != 1 || rows.Others != 1 {
		t.Errorf("%+v, %v", rows, err)
	}
	if _, err := p.Join("CA-04", 0); err == nil {
		t.Error("CA-04 is not contested")
	}
}

// What a rule foresaw is no truth of it: what came of the parcel is.
func TestWhatWasForeseenIsNoTruth(t *testing.T) {
	verdicts := []verdict.Verdict{judgement("c/1"), judgement("c/2")}
	truth := []replay.Pair{{Code: "CA-05", Subject: "c/1"}, {Code: "CA-04", Subject: "c/2"}}
	list := examples.Decide([]string{"CA-05"}, verdicts, slices.Values(truth), decision.Auto)
	if len(list) != 2 || list[0].Verdict != decision.FalseAlarm || list[1].Verdict != decision.Confirmed {
		t.Errorf("%+v", list)
	}
	for _, d := range list {
		if err := d.Check(); err != nil {
			t.Error(err)
		}
	}
}
