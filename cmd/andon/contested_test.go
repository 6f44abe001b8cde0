package main

import (
	"encoding/json"
	"fmt"
	"math"
	"path/filepath"
	"strings"
	"testing"

	"andon/detectors/feature"
	"andon/detectors/setting"
	"andon/pipeline/scorer/bundle"
	"andon/pipeline/scorer/bundle/bundletest"
	"andon/pipeline/scorer/logistic"
	"andon/replay/history"
	"andon/replay/train"
	"andon/schemas/event"
	judgement "andon/schemas/verdict"
)

// onTheRoad are parcels that are handed over on a day; by what is usual each second one will be late.
func onTheRoad(n int) (records []history.Record) {
	begin := demoStart + event.Micros(n)*event.Day
	add := func(e event.Event) { records = append(records, history.New(event.Carrier, &e, e.Time)) }
	for i := range 200 {
		no, at := fmt.Sprint(n, "-", i), begin+event.Micros(i)*event.Second
		add(event.Event{ID: "m" + no, Type: event.ShipmentManifested, Time: at, Carrier: "C", TrackingNo: no, PromiseDeliverBy: begin + event.Micros(1+3*(i%2))*event.Day})
		add(event.Event{ID: "a" + no, Type: event.CarrierScan, Time: at + event.Hour, Carrier: "C", TrackingNo: no, Status: event.Accepted})
	}
	return append(records, ticks(begin+2*event.Hour, 4)...)
}

// lateness packs a model that goes by the time that is left alone.
func lateness(t *testing.T, dir string) *bundle.Bundle {
	t.Helper()
	m := bundletest.Manifest("carrier-lateness", 1, feature.Of("carrier").ID())
	_, m.Features.Columns = train.Sets("carrier")
	model := &logistic.Model{}
	for _, c := range m.Features.Columns {
		term := logistic.Term{Name: c.Name, Scale: 86_400}
		if c.Name == "slack_s" {
			term.Mean, term.Weight = 2*86_400, -1
		}
		model.Terms = append(model.Terms, term)
	}
	var golden []bundle.Row
	for i := range 100 {
		row, out := make([]float64, len(m.Features.Columns)), make([]float64, 1)
		for j := range row {
			if row[j] = float64(i * 1000); m.Features.Columns[j].Missing == bundle.Keep && i%7 == 0 {
				row[j] = math.NaN()
			}
		}
		if err := model.Score(row, 1, out); err != nil {
			t.Fatal(err)
		}
		golden = append(golden, bundle.Row{Features: row, Score: out[0]})
	}
	file, err := json.Marshal(model)
	if err != nil {
		t.Fatal(err)
	}
	b, err := bundle.New(m, file, golden)
	if err != nil {
		t.Fatal(err)
	}
	bundletest.Pack(t, dir, b)
	return b
}

// A model is registered, watched in shadow, put in charge, distrusted and trusted again while events flow and the detector is killed and started: each
// judgement is made, by who was in charge, and the whole of it can be proved.
func TestAModelIsPutInCharge(t *testing.T) {
	l := newLine(t, setting.Settings{Clock: setting.Log, Reference: setting.Reference{Transit: []setting.Transit{{N: 900, Q50S: 172_800, Q80S: 216_000}}}})
	l.cfg.Models.Dir = t.TempDir()
	packed := lateness(t, l.cfg.Models.Dir)
	file := l.file(l.cfg)
	versions := map[string]int{}
	apply := func(kind, object, body string) {
		t.Helper()
		versions[object]++
		line := fmt.Sprintf(`{"kind":%q,"version":%d,"author":"ada","approved_by":"bob",%q:%s}`, kind, versions[object], kind, body)
		l.andon("control", "apply", "--config", file, "--file", linesFile(t, line))
	}
	policy := func(mode string) {
		apply("policy", "policy", fmt.Sprintf(`{"code":"CA-05","mode":%q,"bundle":"carrier-lateness@1","threshold_bp":5000,"sample_bp":10000}`, mode))
	}
	guard := func(state string) {
		apply("guard", "guard", fmt.Sprintf(`{"code":"CA-05","bundle":"carrier-lateness@1","state":%q,"signal":"G1","reason":"guard_golden",`+
			`"changed_at":"2026-03-02T08:15:00Z","statistic":1,"threshold":0,"trips":1}`, state))
	}
	apply("bundle", "bundle", fmt.Sprintf(`{"name":"carrier-lateness","version":1,"sha256":%q,"features":%q,"size_bytes":1}`, packed.Manifest.Model.SHA256, packed.Manifest.Features.Set))
	p := l.start(l.cfg)
	day := 0
	judge := func() {
		t.Helper()
		controls := l.topic(l.cfg.Kafka.OwnPrefix + "control")
		await(t, "all lanes to go by the latest record", func() bool { return p.sum("andon_control_offset") > float64(controls[len(controls)-1].Offset) })
		l.send(onTheRoad(day))
		day++
		await(t, "the day to be judged", func() bool { done, all := l.judged(); return done == all })
	}
	policy("shadow")
	judge()
	policy("live")
	judge()
	p.kill()
	guard("open")
	p = l.start(l.cfg)
	judge()
	guard("closed")
	judge()
	p.kill()
	p = l.start(l.cfg)
	policy("off")
	judge()
	p.stop()

	made := l.judgements()
	want := map[string]int{"0 rule shadow": 200, "1 model live": 200, "2 fallback live guard_golden": 200, "3 model live": 200, "4 rule off": 200}
	if fmt.Sprint(made) != fmt.Sprint(want) {
		t.Errorf("judged: %v\nwant:   %v", made, want)
	}
	if said := output(t, "dataset", "export", "--code", "CA-05", "--config", file, "--out", filepath.Join(t.TempDir(), "ca05.parquet")); !strings.Contains(said, ": 1,000 judgements with features of carrier/1, 0 labelled") {
		t.Errorf("the dataset of it: %s", said)
	}
	if r, said := verified(t, 0, l.cfg); len(r.Findings)+len(r.Unchecked) > 0 {
		t.Errorf("%+v %s", r, said)
	}
}

// judgements counts the verdicts that stand, by the day judged, who decided, the mode and why there was no model.
func (l *line) judgements() map[string]int {
	l.Helper()
	made, seen := map[string]int{}, map[judgement.ID]bool{}
	for _, r := range l.topic(l.cfg.Kafka.OwnPrefix + "verdicts") {
		var v judgement.Verdict
		if err := json.Unmarshal(r.Value, &v); err != nil || seen[v.ID] {
			l.Fatalf("%s: %v, there before: %t", r.Value, err, seen[v.ID])
		}
		if seen[v.ID] = true; v.Code == "CA-05" {
			if v.Mode != judgement.Off && v.Score == nil {
				l.Errorf("no score: %s", r.Value)
			}
			made[strings.TrimSpace(fmt.Sprint(int((v.JudgedAt-demoStart)/event.Day), " ", v.DecidedBy, " ", v.Mode, " ", v.Reason))]++
		}
	}
	return made
}
