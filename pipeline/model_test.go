package pipeline_test

import (
	"errors"
	"fmt"
	"testing"

	"pgregory.net/rapid"

	"andon/pipeline"
	"andon/schemas/control"
	"andon/schemas/event"
	"andon/schemas/exception"
	"andon/schemas/journal"
	"andon/schemas/verdict"
)

// A model that never answers alike decides about lateness; its policy and guard change on the way, and lanes are restored every few beats. Each restore
// comes to the outputs of its journal again, without asking anything twice, every judgement is decided in its beat, and by the fallback when there is
// no answer.
func TestAModelWhoseAnswersChangeIsRestored(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		w, controls, model := newWorld(), &pipeline.ControlLog{}, &moody{}
		for n := range 5 {
			at := start + event.Micros(rapid.Int64Range(0, 50).Draw(t, "hour"))*event.Hour
			w.send(carrier0, manifest(n, at, at+3*event.Day))
			for range rapid.IntRange(1, 6).Draw(t, "scans") {
				at += event.Micros(rapid.Int64Range(1, 30).Draw(t, "gap")) * event.Hour
				w.send(carrier0, scan(n, at, event.InTransit))
			}
		}
		w.send(carrier0, tick(start+60*event.Day))
		version := int32(0)
		govern := func(r control.Record) {
			version++
			r.Object, r.Version, r.Author = r.Name(), version, "ada"
			controls.Add(controls.Next(), &r, controls.Next()+1)
		}
		mode := func(m verdict.Mode) control.Record {
			return control.Record{Kind: control.KindPolicy, Policy: &control.Policy{Code: "CA-05", Mode: m, Bundle: "b@1", ThresholdBP: 5000, SampleBP: 10_000, CanaryBP: 5000}}
		}
		guard := func(s control.State) control.Record {
			return control.Record{Kind: control.KindGuard, Guard: &control.Guard{Code: "CA-05", Bundle: "b@1", State: s, Reason: verdict.GuardDrift}}
		}
		govern(mode(verdict.Live))
		restart, stop := rapid.Int64Range(1, 5).Draw(t, "restart"), errors.New("stop")
		w.config.Controls, w.config.Scorer = controls, model
		w.options.Cut = func(pipeline.Lane) int { return 2 }
		w.options.Fault = func(b pipeline.Beat) (bool, error) {
			switch b.Lanes[0].Entry.Seq {
			case 3:
				govern(guard(control.Open))
			case 5:
				govern(guard(control.HalfOpen))
			case 7:
				govern(mode(verdict.Canary))
			case 9:
				govern(mode(verdict.Shadow))
			case 11:
				govern(mode(verdict.Live))
			}
			return true, map[bool]error{true: stop}[b.Lanes[0].Entry.Seq%restart == 0]
		}
		for err := w.run(t); err != nil; err = w.run(t) {
			if !errors.Is(err, stop) {
				t.Fatal(err)
			}
		}
		w.check(t, model.calls)
	})
}

// check looks at what the model and its fallback came to.
func (w *world) check(t *rapid.T, asked int) {
	judged := map[verdict.ID]int{}
	answers := 0
	for _, v := range w.Verdicts {
		judged[v.ID]++
		if v.Score != nil || v.Reason == verdict.Timeout || v.Reason == verdict.BreakerOpen || v.Reason == verdict.GuardDrift {
			answers++
		}
		if by := v.DecidedBy; by == verdict.ByModel && v.Score == nil || by == verdict.ByFallback && v.Reason == "" || v.Mode == verdict.Shadow && by != verdict.ByRule {
			t.Fatalf("%+v", v)
		}
	}
	replies := 0
	for _, e := range w.Entries(carrier0) {
		replies += len(journal.Unfold(e.Replies))
	}
	if replies != asked || answers != asked || len(judged) == 0 {
		t.Fatalf("asked %d times, the journal has %d answers, %d of %d judgements name one", asked, replies, answers, len(w.Verdicts))
	}
	for _, x := range w.Exceptions {
		if x.Code == "CA-05" && x.DecidedBy == exception.DecidedByModel && x.Model != "b@1" {
			t.Fatal(fmt.Sprintf("%+v", x))
		}
	}
}
