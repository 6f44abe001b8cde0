package main

import (
	"context"
	"encoding/binary"
	"encoding/json"
	"fmt"
	"log/slog"
	"math"
	"math/rand/v2"
	"strings"
	"testing"
	"time"

	"andon/cmd/andon/config"
	"andon/detectors/setting"
	"andon/pipeline/scorer"
	"andon/replay/history"
	"andon/replay/train"
	"andon/schemas/control"
	"andon/schemas/decision"
	"andon/schemas/event"
	judgement "andon/schemas/verdict"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/testutil"
	"github.com/twmb/franz-go/pkg/kgo"
)

// watchtower is a line with the role guard in this process: judgements and decisions go into its topics, guard records come out.
type watchtower struct {
	*line
	said *process
	rng  *rand.Rand
	at   event.Micros // of the next made-up judgement
	ids  []judgement.ID
	seen []control.Guard // of the code that is guarded
	code string
}

// Each fault that is put into the topics opens the guard with the signal made for it, and the guard closes again once it is mended.
func TestGuardsTripAndClose(t *testing.T) {
	l := newLine(t, setting.Settings{Clock: setting.Log, Reference: setting.Reference{Transit: []setting.Transit{{N: 900, Q50S: 172_800, Q80S: 216_000}}}})
	l.cfg.Models.Dir = t.TempDir()
	packed := lateness(t, l.cfg.Models.Dir)
	w := &watchtower{line: l, said: &process{t: t}, rng: rand.New(rand.NewPCG(4, 4)), at: demoStart - 90*event.Day, code: "CA-03"}
	w.apply(fmt.Sprintf(`{"kind":"bundle","version":1,"author":"ada","bundle":{"name":"carrier-lateness","version":1,"sha256":%q,"features":%q,"size_bytes":1}}`,
		packed.Manifest.Model.SHA256, packed.Manifest.Features.Set), policyOf("CA-03", 1, "live"))

	// Three weeks and a day are past when the guard begins: it has learned what is usual, and what was raised came true four times in five.
	w.judge(1000, 10*event.Minute, nil)
	w.judge(27_000, 48*event.Second, nil)
	w.decide(400, 5)
	guards := w.guard()
	for _, c := range []struct {
		signal control.Signal
		spoil  func(v *judgement.Verdict)
	}{
		{control.G3, func(v *judgement.Verdict) { v.Values[1] = math.NaN() }},
		{control.G4, func(v *judgement.Verdict) { *v.Score = math.Sqrt(*v.Score) }},
	} {
		w.at += 8 * event.Day // or else it waits for a person
		w.judge(1500, event.Minute, c.spoil)
		w.opens(c.signal)
		w.judge(3500, event.Minute, nil)
		w.closes(nil)
	}

	w.at += 8 * event.Day
	w.judge(40, event.Second/10, func(v *judgement.Verdict) { v.Score, v.Reason = nil, judgement.Timeout })
	await(t, "G0 to be told", func() bool { return strings.Contains(w.said.said(), "signal=G0") })
	if list := w.guarded(); len(list) != len(w.seen) {
		t.Errorf("what is told of writes nothing: %+v", list[len(w.seen):])
	}

	w.decide(12, 0)
	w.opens(control.G5)
	w.decide(100, 10)
	w.judge(3500, event.Minute, nil)
	w.closes(func() { w.judge(500, event.Minute, nil) }) // decisions may come after judgements that were written after them
	w.featuresComputedAgain(guards)
}

// featuresComputedAgain lets a real detector judge, and puts judgements beside its own that the log does not come to.
func (w *watchtower) featuresComputedAgain(guards *guards) {
	w.code, w.seen = "CA-05", nil
	w.apply(`{"kind":"policy","version":2,"author":"ada","policy":{"code":"CA-03","mode":"off"}}`, policyOf("CA-05", 1, "live"))
	detect := w.cfg
	detect.Roles = []string{config.RoleDetect}
	p := w.start(detect)
	controls := w.topic(w.cfg.Kafka.OwnPrefix + "control")
	await(w.T, "all lanes to go by the latest record", func() bool { return p.sum("andon_control_offset") > float64(controls[len(controls)-1].Offset) })
	day := 0
	parcels := func(n int) {
		w.Helper()
		w.send(manyOnTheRoad(day, n))
		day++
		await(w.T, "the day to be judged", func() bool { done, all := w.judged(); return done == all })
	}
	compared := func(differs bool) float64 {
		return testutil.ToFloat64(guards.metrics.again.WithLabelValues("CA-05", "carrier-lateness@1", fmt.Sprint(differs)))
	}
	w.send(ticks(demoStart-event.Hour, 4)) // so that lanes have a time when they judge
	parcels(2000)
	forged := w.share()[:11]
	for _, r := range forged {
		var v judgement.Verdict
		if err := json.Unmarshal(r.Value, &v); err != nil {
			w.Fatal(err)
		}
		v.Values[0]++
		*r = kgo.Record{Topic: r.Topic, Partition: r.Partition, Key: r.Key, Value: judgement.Append(nil, &v)}
	}
	w.produce(forged)
	w.opens(control.G2)
	if off := compared(true); off != 11 {
		w.Errorf("%v judgements differ, 11 were changed", off)
	}
	before := compared(false)
	alike := func() bool { return compared(false)-before >= 100 }
	parcels(10_000)
	for range 20 { // of what was judged before a snapshot some are passed over
		if !alike() {
			parcels(1000)
		}
	}
	await(w.T, "a hundred judgements to come out alike", alike)
	w.closes(func() { parcels(2000) })
	if off := compared(true); off != 11 {
		w.Errorf("%v judgements differ, 11 were changed", off)
	}
	p.stop()
}

// share are the judgements that stand whose features are to be computed again.
func (w *watchtower) share() (list []*kgo.Record) {
	w.Helper()
	for _, r := range w.topic(w.cfg.Kafka.OwnPrefix + "verdicts") {
		var v judgement.Verdict
		if err := json.Unmarshal(r.Value, &v); err != nil {
			w.Fatal(err)
		}
		if v.Code == "CA-05" && binary.LittleEndian.Uint64(v.ID[8:])%againPart == 0 {
			list = append(list, r)
		}
	}
	return list
}

func policyOf(code string, version int, mode string) string {
	return fmt.Sprintf(`{"kind":"policy","version":%d,"author":"ada","approved_by":"bob","policy":{"code":%q,"mode":%q,"bundle":"carrier-lateness@1","threshold_bp":7000,"sample_bp":10000}}`,
		version, code, mode)
}

func (w *watchtower) apply(lines ...string) {
	w.Helper()
	w.andon("control", "apply", "--config", w.file(w.cfg), "--file", linesFile(w.T, lines...))
}

// guard runs the role until the test is over, and returns when it watches.
func (w *watchtower) guard() *guards {
	w.Helper()
	cfg := w.cfg
	cfg.Instance += "-guard"
	log := slog.New(slog.NewTextHandler(w.said, nil))
	models := scorer.New(cfg.Models.Dir, train.Sets, log, prometheus.NewRegistry())
	if err := models.Load(w.Context()); err != nil {
		w.Fatal(err)
	}
	w.Cleanup(models.Close)
	g := newGuards(cfg, models, log, prometheus.NewRegistry(), nil)
	g.rest = func(time.Duration) time.Duration { return 10 * time.Millisecond }
	ctx, stop := context.WithCancel(context.WithoutCancel(w.Context()))
	ended := make(chan error, 1)
	go func() { ended <- g.run(ctx) }()
	w.Cleanup(func() {
		stop()
		if err := <-ended; err != nil || w.Failed() {
			w.Errorf("the guard ended: %v\n%s", err, w.said.said())
		}
	})
	await(w.T, "the guard to watch", func() bool { return strings.Contains(w.said.said(), "guards watch") })
	return g
}

// judge writes made-up judgements, so long from each other, as a detector would.
func (w *watchtower) judge(n int, every event.Micros, spoil func(*judgement.Verdict)) {
	w.Helper()
	var records []*kgo.Record
	for range n {
		w.at += every
		subject, score := fmt.Sprint("T/", len(w.ids), "/", w.at), w.rng.Float64()
		v := judgement.Verdict{ID: judgement.NewID("T", "CA-03", subject, "gap", w.at), Tenant: "T", Code: "CA-03", Subject: subject, Episode: "gap",
			JudgedAt: w.at, DetectedAt: w.at, Rule: "CA-03/1", RuleSays: judgement.No, Mode: judgement.Live, Bundle: "carrier-lateness@1", Score: &score,
			ThresholdBP: 7000, DecidedBy: judgement.ByModel, Selection: judgement.Sampled, PropensityBP: judgement.Certain, Features: "carrier/1",
			Values: judgement.Values{w.rng.NormFloat64(), w.rng.Float64(), w.rng.ExpFloat64()}}
		if v.Raised = score >= 0.7; v.Raised {
			v.Selection = judgement.FromModel
			w.ids = append(w.ids, v.ID)
		}
		if spoil != nil {
			spoil(&v)
		}
		records = append(records, &kgo.Record{Topic: w.cfg.Kafka.OwnPrefix + "verdicts", Key: []byte(subject), Value: judgement.Append(nil, &v)})
	}
	w.produce(records)
}

// decide writes decisions about what was raised and not decided yet, of which each one in so many is a false alarm; all of them for 0.
func (w *watchtower) decide(n, oneIn int) {
	w.Helper()
	var records []*kgo.Record
	for i, id := range w.ids[:n] {
		d := decision.Decision{ID: decision.NewID("T", id, "test"), ItemID: id, ItemKind: decision.Verdict, Tenant: "T", Code: "CA-03", Subject: "s",
			Verdict: decision.Confirmed, Reviewer: "ada", DecidedAt: w.at, Source: decision.Triage, Selection: decision.FromML, PropensityBP: 10_000, IdempotencyKey: "test"}
		if oneIn == 0 || i%oneIn == 0 {
			d.Verdict = decision.FalseAlarm
		}
		records = append(records, &kgo.Record{Topic: w.cfg.Kafka.OwnPrefix + "decisions", Key: []byte(id.String()), Value: decision.Append(nil, &d)})
	}
	w.ids = w.ids[n:]
	w.produce(records)
}

func (w *watchtower) produce(records []*kgo.Record) {
	w.Helper()
	if err := w.kafka.ProduceSync(w.Context(), records...).FirstErr(); err != nil {
		w.Fatal(err)
	}
}

// next waits for the next record of the guard, and lets more happen until then.
func (w *watchtower) next(what string, more func()) control.Guard {
	w.Helper()
	of := func() (list []control.Guard) {
		for _, g := range w.guarded() {
			if g.Code == w.code {
				list = append(list, g)
			}
		}
		return list
	}
	list := of()
	for range 10 {
		if more == nil || len(list) > len(w.seen) {
			break
		}
		more()
		list = of()
	}
	await(w.T, what, func() bool { list = of(); return len(list) > len(w.seen) })
	w.seen = list[:len(w.seen)+1]
	return w.seen[len(w.seen)-1]
}

func (w *watchtower) opens(by control.Signal) {
	w.Helper()
	g := w.next("the guard to open by "+string(by), nil)
	reasons := map[control.Signal]string{control.G2: "guard_features", control.G3: "guard_drift", control.G4: "guard_drift", control.G5: "guard_labels"}
	if g.State != control.Open || g.Signal != by || g.Reason != reasons[by] || g.Statistic < g.Threshold || g.Threshold <= 0 || g.WindowTo < g.WindowFrom ||
		g.WindowFrom == 0 || g.HoldUntil != g.ChangedAt+15*event.Minute {
		w.Fatalf("%s: %+v", by, g)
	}
	w.Logf("%s: %.4f, at most %.4f, seen from %s to %s", g.Signal, g.Statistic, g.Threshold, g.WindowFrom, g.WindowTo)
}

// closes lets clean judgements follow until the guard is half open, then closed.
func (w *watchtower) closes(clean func()) {
	w.Helper()
	for _, state := range []control.State{control.HalfOpen, control.Closed} {
		if g := w.next("the guard to be "+string(state), clean); g.State != state {
			w.Fatalf("%s: %+v", state, g)
		}
	}
}

// manyOnTheRoad are parcels that are handed over on a day, one a second.
func manyOnTheRoad(day, n int) (records []history.Record) {
	begin := demoStart + event.Micros(day)*event.Day
	add := func(e event.Event) { records = append(records, history.New(event.Carrier, &e, e.Time)) }
	for i := range n {
		no, at := fmt.Sprint(day, "-", i), begin+event.Micros(i)*event.Second
		add(event.Event{ID: "m" + no, Type: event.ShipmentManifested, Time: at, Carrier: "C", TrackingNo: no, PromiseDeliverBy: begin + 4*event.Day})
		add(event.Event{ID: "a" + no, Type: event.CarrierScan, Time: at + event.Hour, Carrier: "C", TrackingNo: no, Status: event.Accepted})
	}
	return append(records, ticks(begin+6*event.Hour, 4)...)
}
