package main

import (
	"fmt"
	"strings"
	"testing"

	"andon/cmd/andon/config"
	"andon/detectors/setting"
	"andon/schemas/control"
)

// A guard that cannot replay golden rows opens: nobody can say whether the model is what it was. The rules decide until a person has said otherwise,
// and a guard that starts anew goes by what was written.
func TestAGuardThatHearsNothingOpens(t *testing.T) {
	l := newLine(t, setting.Settings{Clock: setting.Log, Reference: setting.Reference{Transit: []setting.Transit{{N: 900, Q50S: 172_800, Q80S: 216_000}}}})
	l.cfg.Roles, l.cfg.Models.Dir = []string{config.RoleDetect, config.RoleLoad}, t.TempDir()
	packed, file := lateness(t, l.cfg.Models.Dir), l.file(l.cfg)
	apply := func(lines ...string) {
		t.Helper()
		l.andon("control", "apply", "--config", file, "--file", linesFile(t, lines...))
	}
	apply(fmt.Sprintf(`{"kind":"bundle","version":1,"author":"ada","bundle":{"name":"carrier-lateness","version":1,"sha256":%q,"features":%q,"size_bytes":1}}`,
		packed.Manifest.Model.SHA256, packed.Manifest.Features.Set),
		`{"kind":"policy","version":1,"author":"ada","approved_by":"bob","policy":{"code":"CA-05","mode":"live","bundle":"carrier-lateness@1","threshold_bp":5000,"sample_bp":10000}}`)
	watch := l.cfg
	watch.Instance, watch.Roles, watch.Models.Dir = l.cfg.Instance+"-guard", []string{config.RoleGuard}, t.TempDir()
	p, g := l.start(l.cfg), l.start(watch)
	watches := func() bool { return strings.Contains(g.said(), "guards watch") }
	await(t, "the guard to watch", watches) // what was judged before counts as past
	day := 0
	judge := func() {
		t.Helper()
		l.send(onTheRoad(day))
		day++
		await(t, "the day to be judged", func() bool { done, all := l.judged(); return done == all })
	}
	for range 3 { // lanes know of a day's time with its last record
		judge()
	}
	await(t, "the guard to open", func() bool { return len(l.guarded()) == 1 })
	if first := l.guarded()[0]; first.State != control.Open || first.Signal != control.G1 || first.Reason != "guard_golden" || first.Statistic < first.Threshold {
		t.Errorf("%+v", first)
	}
	g.kill()
	lateness(t, watch.Models.Dir)
	g = l.start(watch)
	await(t, "the next guard to watch", watches)
	judge()
	apply(`{"kind":"guard","version":2,"author":"ada","guard":{"code":"CA-05","bundle":"carrier-lateness@1","state":"closed","changed_at":"2026-03-02T08:15:00Z","statistic":0,"threshold":0,"trips":1}}`)
	judge()
	g.stop()
	p.stop()
	if list := l.guarded(); len(list) != 2 {
		t.Errorf("%+v", list)
	}
	made := l.judgements()
	for _, by := range []string{"0 model live", "3 fallback live guard_golden", "4 model live"} {
		if made[by] != 200 {
			t.Errorf("%d judged %s: %v", made[by], by, made)
		}
	}
}

// guarded are the records of guards that stand.
func (l *line) guarded() (list []control.Guard) {
	l.Helper()
	for _, r := range l.topic(l.cfg.Kafka.OwnPrefix + "control") {
		var c control.Record
		if err := control.Decode(r.Value, &c); err != nil || c.Check() != nil {
			l.Fatalf("%s: %v, %v", r.Value, err, c.Check())
		}
		if c.Guard != nil {
			list = append(list, *c.Guard)
		}
	}
	return list
}
