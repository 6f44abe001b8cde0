package main

import (
	"strings"
	"testing"

	"andon/cmd/andon/config"
	"andon/detectors/setting"
	"andon/schemas/exception"
)

// Settings are changed while the line runs: what stands open is judged anew and says so, the detector is killed and comes back with the configuration it
// always had, what follows is judged by the new settings, and all of it can be proved and explained.
func TestSettingsAreChangedOnTheLine(t *testing.T) {
	settings := setting.Default()
	settings.Clock = setting.Log
	l := newLine(t, settings)
	l.cfg.Roles = []string{config.RoleDetect}
	file := l.file(l.cfg)
	apply := func(record string) []string {
		return []string{"control", "apply", "--config", file, "--file", linesFile(t, record)}
	}
	l.says(1, apply(`{"kind":"settings","version":1,"author":"ada","settings":{"clock":"wall"}}`), `settings.clock: "wall"`, "leave it out")
	l.says(1, apply(`{"kind":"settings","version":1,"author":"ada","settings":{"rules":{"CA-04":{"grave_s":36000}}}}`), `there is no setting "grave_s"`)

	p := l.start(l.cfg)
	judge := func(n int) {
		t.Helper()
		l.send(day(n, int32(l.cfg.Kafka.Partitions)))
		await(t, "the day to be judged", func() bool { done, all := l.judged(); return p.over() || done == all })
	}
	judge(0)
	l.says(0, apply(`{"kind":"settings","version":1,"author":"ada","note":"rain","settings":{"rules":{"CA-04":{"grace_s":36000}}}}`), "settings version 1", "1 records written")
	anew := func() (n int) {
		for _, x := range l.exceptions() {
			if x.LogicChange && x.Code == "CA-04" && x.State == exception.Retracted {
				n++
			}
		}
		return n
	}
	await(t, "what was late by two hours of grace to be withdrawn", func() bool { return p.over() || anew() == 2*dayParcels/3 })
	p.kill()
	p = l.start(l.cfg)
	judge(1)
	p.stop()

	var open string
	for _, x := range l.exceptions() {
		if x.Code != "CA-04" || !strings.HasPrefix(x.Subject, "C/1-") {
			continue
		}
		if x.State != exception.Open {
			t.Fatalf("five hours late, within ten: %+v", x)
		}
		open = x.ID.String()
	}
	if r, said := verified(t, exitOK, l.cfg); len(r.Findings)+len(r.Unchecked) > 0 {
		t.Errorf("%+v %+v %s", r.Findings, r.Unchecked, said)
	}
	l.says(0, []string{"explain", open, "--config", file}, "36,000", "(set)", "came out again byte for byte")
	l.says(0, []string{"control", "show", "--config", file}, "settings", "rain")
}
