package main

import (
	"log/slog"
	"testing"

	"andon/cmd/andon/config"
	"andon/detectors"
	"andon/detectors/setting"
	"andon/pipeline"
	"andon/pipeline/audit"
	"andon/pipeline/kafka"
	"andon/schemas/event"
	"andon/schemas/identity"
	"andon/schemas/journal"
	judgement "andon/schemas/verdict"
)

// A lane that another build or other settings judged, or that does not run on from its snapshot, says nothing of any judgement.
func TestALaneThatCannotBeRunSaysNothing(t *testing.T) {
	engine, err := detectors.New(event.Carrier, setting.Default())
	if err != nil {
		t.Fatal(err)
	}
	lane, own := pipeline.Lane{Family: event.Carrier}, journal.Entry{Seq: 7, End: demoStart, Logic: detectors.Logic(), Settings: engine.Settings()}
	v := judgement.Verdict{ID: identity.New("a"), Code: "CA-05", DetectedAt: demoStart + event.Hour, Values: judgement.Values{1}}
	key := judged{v.ID, v.DetectedAt}
	for name, c := range map[string]struct {
		change  func(first, next *journal.Entry)
		watched bool // the next beat is run again
		known   bool
	}{
		"as it should be":         {func(_, _ *journal.Entry) {}, true, true},
		"begun by other logic":    {func(first, _ *journal.Entry) { first.Logic = "other" }, false, false},
		"gone on by other logic":  {func(_, next *journal.Entry) { next.Logic = "other" }, true, false},
		"begun by other settings": {func(first, _ *journal.Entry) { first.Settings = "other" }, false, false},
		"with other settings":     {func(_, next *journal.Entry) { next.Settings = "other" }, true, false},
		"it does not run on":      {func(_, _ *journal.Entry) {}, false, false},
	} {
		stopped, first, next := false, own, own
		next.Seq, next.End = 8, demoStart+event.Day
		c.change(&first, &next)
		p := pass{engine: engine, wanted: map[judged]noted{key: {}}, found: map[judged]judgement.Values{}, stop: func() { stopped = true }}
		p.progress(lane, &first)
		more := false
		if c.watched {
			more = p.watch(&audit.Step{Entry: &next, Redone: pipeline.Redone{Outputs: []pipeline.Output{{Topic: pipeline.Verdicts, Value: judgement.Append(nil, &v)}}}})
		}
		p.progress(lane, &next)
		if found := p.found[key] != nil; more != c.known || found != c.known || p.covers(demoStart+1) != c.known || stopped == c.known || (p.why == "") != c.known {
			t.Errorf("%s: more %t, found %t, covers %t, stopped %t, %q", name, more, found, p.covers(demoStart+1), stopped, p.why)
		}
	}
}

// One judgement in a hundred is kept, in bounds; of the same one the latest.
func TestAShareOfTheJudgementsIsKept(t *testing.T) {
	a := newAgain(config.Default(), kafka.Config{}, slog.New(slog.DiscardHandler))
	v := judgement.Verdict{Code: "CA-05", Bundle: "carrier-lateness@1", DetectedAt: 1, Values: judgement.Values{1}}
	for i := range 100_000 {
		v.ID = judgement.NewID("T", "CA-05", "", "", event.Micros(i))
		a.keep(int32(i%3), &v)
		v.Values[0]++
		a.keep(int32(i%3), &v)
	}
	if a.waiting < 850 || a.waiting > 1150 || len(a.kept) != 3 {
		t.Errorf("%d of 100,000 are kept, of %d lanes", a.waiting, len(a.kept))
	}
	most := 0
	for _, list := range a.kept {
		most = max(most, len(list))
	}
	before := a.waiting
	lane, wanted := a.next()
	if len(wanted) != most || a.waiting != before-most || a.kept[lane] != nil {
		t.Errorf("%d of lane %s are taken, the most are %d, %d stay", len(wanted), lane, most, a.waiting)
	}
	for i := range 400_000 {
		v.ID = judgement.NewID("T", "CA-05", "", "", event.Micros(i))
		a.keep(0, &v)
	}
	if a.waiting != againKept {
		t.Errorf("%d wait", a.waiting)
	}
}
