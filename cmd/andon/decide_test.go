package main

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"andon/detectors/setting"
	"andon/schemas/decision"
	"andon/schemas/event"
	"andon/schemas/exception"
	judgement "andon/schemas/verdict"

	"github.com/twmb/franz-go/pkg/kgo"
)

// linesFile writes a file of lines.
func linesFile(t *testing.T, lines ...string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "lines.ndjson")
	if err := os.WriteFile(path, []byte(strings.Join(lines, "\n")+"\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

// says runs andon, which must end with a code and say each of some things.
func (l *line) says(code int, args []string, want ...string) {
	l.Helper()
	c := command(l.T, args...)
	out, _ := c.CombinedOutput()
	if c.ProcessState.ExitCode() != code {
		l.Errorf("andon %s: exit code %d, want %d\n%s", strings.Join(args, " "), c.ProcessState.ExitCode(), code, out)
	}
	for _, w := range want {
		if !strings.Contains(string(out), w) {
			l.Errorf("andon %s does not say %q:\n%s", strings.Join(args, " "), w, out)
		}
	}
}

func decided(item exception.ID, key, outcome string) string {
	return fmt.Sprintf(`{"item_id":"%s","item_kind":"exception","tenant":"default","code":"CA-05","subject":"dhl/1","verdict":"%s","reviewer":"ada",`+
		`"decided_at":"2026-03-02T08:15:00Z","source":"triage","selection":"rule","idempotency_key":"%s"}`, item, outcome, key)
}

// Decisions, policies, guards and verdicts go the whole way: checked, written once, shown, loaded, compared.
func TestDecisionsAndControl(t *testing.T) {
	l := newLine(t, setting.Settings{Clock: setting.Log})
	file := l.file(l.cfg)
	a, b := exception.NewID("default", "CA-05", "dhl/1", "p"), exception.NewID("default", "CA-05", "dhl/2", "p")
	decide := func(lines ...string) []string {
		return []string{"decide", "--config", file, "--file", linesFile(t, lines...)}
	}
	first, second := decided(a, "t-1", "confirmed"), decided(b, "t-2", "false_alarm")
	l.says(0, decide(first, "", second), "2 decisions written to "+l.cfg.Kafka.OwnPrefix+"decisions, 0 were there already")
	l.says(0, decide(first, second, decided(a, "t-3", "unsure")), "1 decisions written", "2 were there already")
	l.says(1, decide(decided(a, "t-4", "confirmed"), first, first, decided(a, "t-5", "maybe"), `{"item":1}`),
		`:3: idempotency_key "t-1" is that of line 2`, `:4: verdict is "maybe": one of confirmed`, `:5: unknown field "item"`, "nothing is written")
	l.says(1, decide(decided(a, "t-6", "confirmed"), decided(a, "t-2", "confirmed")), `:2: idempotency_key "t-2" stands at offset 1 for another content`)
	if n := len(l.topic(l.cfg.Kafka.OwnPrefix + "decisions")); n != 3 {
		t.Errorf("%d decisions stand, want 3", n)
	}

	l.controls(file)

	v := judgement.Verdict{
		ID: judgement.NewID("default", "CA-05", "dhl/1", "p", event.MinTime), Tenant: "default", Code: "CA-05", Subject: "dhl/1", Episode: "p",
		JudgedAt: event.MinTime, DetectedAt: event.MinTime, Rule: "CA-05/1", RuleSays: judgement.Raise, Mode: judgement.Off, DecidedBy: judgement.ByRule,
		Raised: true, Selection: judgement.FromRule, PropensityBP: judgement.Certain,
	}
	record := &kgo.Record{Topic: l.cfg.Kafka.OwnPrefix + "verdicts", Partition: 3, Key: []byte(v.Subject), Value: judgement.Append(nil, &v)}
	if err := l.kafka.ProduceSync(t.Context(), record).FirstErr(); err != nil {
		t.Fatal(err)
	}
	p := l.start(l.cfg)
	const counts = "SELECT (SELECT count() FROM %[1]s.decisions FINAL), (SELECT count() FROM %[1]s.model_health FINAL), (SELECT count() FROM %[1]s.verdicts_current)"
	await(t, "the rows", func() bool {
		var decisions, transitions, verdicts uint64
		err := l.rows.QueryRow(t.Context(), fmt.Sprintf(counts, l.cfg.ClickHouse.Database)).Scan(&decisions, &transitions, &verdicts)
		return err == nil && decisions == 3 && transitions == 1 && verdicts == 1
	})
	p.stop()
	l.says(0, []string{"reconcile", "--config", file, "--table", "verdicts,decisions,model_health"}, "own.decisions", "own.control", "own.verdicts")
	var d decision.Decision
	if err := decision.Decode(l.topic(l.cfg.Kafka.OwnPrefix + "decisions")[0].Value, &d); err != nil || d.Check() != nil || d.ItemID != a {
		t.Errorf("%+v, %v, %v", d, err, d.Check())
	}
}

// controls writes control records and one transition of a guard.
func (l *line) controls(file string) {
	l.Helper()
	apply := func(lines ...string) []string {
		return []string{"control", "apply", "--config", file, "--file", linesFile(l.T, lines...)}
	}
	show := []string{"control", "show", "--config", file}
	l.says(0, show, "nothing is controlled yet")
	bundle := fmt.Sprintf(`{"kind":"bundle","version":1,"author":"ada","bundle":{"name":"lateness","version":1,"sha256":"%s","features":"carrier/1","size_bytes":412345}}`,
		strings.Repeat("0f", 32))
	policy := func(version int, approved, mode, rest string) string {
		return fmt.Sprintf(`{"kind":"policy","version":%d,"author":"ada","approved_by":"%s","policy":{"code":"CA-05","mode":"%s","threshold_bp":7000,"bundle":"lateness@1"%s}}`,
			version, approved, mode, rest)
	}
	shadow := policy(1, "", "shadow", "")
	l.says(1, apply(shadow), ":1: policy.bundle lateness@1 is not registered")
	l.says(1, apply(strings.Replace(shadow, "CA-05", "CA-02", 1)), `:1: policy.code is "CA-02": a model may be asked about CA-03, CA-05`)
	l.says(0, apply(bundle, shadow), "bundle/lateness version 1: lateness@1, features carrier/1", "policy/CA-05 version 1: shadow: lateness@1 raises from 70 %",
		"2 records written", "0 were there already")
	l.says(0, apply(bundle, shadow), "0 records written", "2 were there already")
	l.says(1, apply(policy(1, "", "canary", `,"canary_bp":500`)), ":1: policy/CA-05 has a version 1 that says something else", "write this one as version 2")
	l.says(1, apply(policy(3, "", "shadow", "")), ":1: version is 3, the next of policy/CA-05 is 2")
	l.says(1, apply(policy(2, "ada", "live", "")), `:1: approved_by is "ada", the author: mode live needs someone else`)
	l.says(1, apply(strings.Replace(shadow, "CA-05", "PI-05", 1)), "lateness@1 is fed carrier/1, a model of PI-05 is fed pickpack")
	l.says(1, apply(`{"kind":"settings","version":1,"author":"ada","settings":{"clock":"sun"}}`), ":1: settings.clock: \"sun\": a lane keeps the clock it began with")
	guard := `{"kind":"guard","version":1,"author":"guard","guard":{"code":"CA-05","bundle":"lateness@1","state":"open","signal":"G1","reason":"guard_golden",` +
		`"changed_at":"2026-03-02T08:15:00Z","statistic":1,"threshold":0,"trips":1}}`
	l.says(0, apply(policy(2, "bob", "live", `,"floor":"major"`), guard), "2 records written")
	l.says(0, show, "policy/CA-05 ", "live: lateness@1 raises from 70 %, may silence up to major", "open: guard_golden, G1 saw 1 against 0")
	l.says(0, append(show, "--json", "--object", "policy/CA-05"), `"approved_by": "bob"`, `"version": 2`)
	l.says(2, append(show, "--object", "policy/CA-99"), "there is no policy/CA-99")
	for _, r := range l.topic(l.cfg.Kafka.OwnPrefix + "control") {
		if len(r.Key) == 0 || r.Partition != 0 {
			l.Errorf("a record of key %q on partition %d", r.Key, r.Partition)
		}
	}
}
