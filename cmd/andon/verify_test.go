package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"andon/cmd/andon/config"
	"andon/detectors/setting"
	"andon/pipeline/audit"
	"andon/schemas/event"
	"andon/schemas/exception"
	"andon/schemas/journal"

	"github.com/twmb/franz-go/pkg/kgo"
)

// judgedDay is a small day that a detector judged and left. While it did, verify ran beside it.
func judgedDay(t *testing.T) *line {
	t.Helper()
	settings := setting.Default()
	settings.Clock = setting.Log
	l := newLine(t, settings)
	l.cfg.Roles, l.cfg.Beat.RecordsMax = []string{config.RoleDetect}, 300
	p := l.start(l.cfg)
	sending := command(t, "simulate", "--orders", "400", "--config", l.file(l.cfg))
	if err := sending.Start(); err != nil {
		t.Fatal(err)
	}
	await(t, "the first events", func() bool { done, _ := l.judged(); return p.over() || done > 0 })
	verified(t, exitOK, l.cfg)
	if err := sending.Wait(); err != nil {
		t.Fatal(err)
	}
	await(t, "the day to be judged", func() bool { done, all := l.judged(); return p.over() || done == all && p.idle() })
	for _, f := range event.Families { // each lane ends with an entry that wrote nothing
		for partition := range int32(l.cfg.Kafka.Partitions) {
			tick := &kgo.Record{Topic: l.cfg.Kafka.InputPrefix + f.String(), Partition: partition, Value: event.Append(nil, &event.Event{Type: event.ClockTick, Time: event.MinTime})}
			if err := l.kafka.ProduceSync(t.Context(), tick).FirstErr(); err != nil {
				t.Fatal(err)
			}
		}
	}
	await(t, "the last ticks", func() bool { done, all := l.judged(); return p.over() || done == all })
	p.stop()
	return l
}

// copied is the same inputs beside a copy of what came of them, spoiled. The copy lives in topics of its own.
func (l *line) copied(name string, spoil func(map[string][]*kgo.Record)) config.Config {
	l.Helper()
	c := l.cfg
	c.Kafka.OwnPrefix = l.cfg.Kafka.OwnPrefix + name + "."
	topics := map[string][]*kgo.Record{"side.asn": nil, "side.carrier": nil, "side.pickpack": nil, "verdicts": nil, "control": nil, "snapshots": nil}
	for _, topic := range []string{"exceptions", "verdicts", "costs", "journal"} {
		for _, r := range l.topic(l.cfg.Kafka.OwnPrefix + topic) {
			topics[topic] = append(topics[topic], &kgo.Record{Partition: r.Partition, Key: bytes.Clone(r.Key), Value: bytes.Clone(r.Value), Timestamp: r.Timestamp})
		}
	}
	spoil(topics)
	var all []*kgo.Record
	want := 0
	for topic, records := range topics {
		want++
		if _, err := l.admin.CreateTopic(l.Context(), int32(l.cfg.Kafka.Partitions), 1, nil, c.Kafka.OwnPrefix+topic); err != nil {
			l.Fatal(err)
		}
		for _, r := range records {
			r.Topic = c.Kafka.OwnPrefix + topic
			all = append(all, r)
		}
	}
	await(l.T, "the copy's topics", func() bool {
		found, err := l.admin.ListTopics(l.Context())
		own := found.Names()
		return err == nil && len(slices.DeleteFunc(own, func(name string) bool { return !strings.HasPrefix(name, c.Kafka.OwnPrefix) })) == want
	})
	if err := l.kafka.ProduceSync(l.Context(), all...).FirstErr(); err != nil {
		l.Fatal(err)
	}
	return c
}

// verified runs verify, which must end with the code, and returns what it found beside topics that are not the same.
func verified(t *testing.T, code int, cfg config.Config, args ...string) (audit.Report, string) {
	t.Helper()
	c := command(t, append([]string{"verify", "--json", "--config", writeConfig(t, cfg)}, args...)...)
	var said bytes.Buffer
	c.Stderr = &said
	out, _ := c.Output() // its exit code is looked at
	var r audit.Report
	if err := json.Unmarshal(out, &r); err != nil || c.ProcessState.ExitCode() != code {
		t.Fatalf("exit code %d, want %d: %v\n%s%s", c.ProcessState.ExitCode(), code, err, out, said.String())
	}
	r.Findings = slices.DeleteFunc(r.Findings, func(f audit.Finding) bool { return f.Kind == audit.TopicRecreated })
	return r, said.String()
}

// ofLane are the places of a lane's entries among the records of a journal.
func ofLane(journal []*kgo.Record, lane string) (at []int) {
	for i, r := range journal {
		if string(r.Key) == lane {
			at = append(at, i)
		}
	}
	return at
}

// rewrite changes the last k entries of a lane and makes the chain fit again.
func rewrite(t *testing.T, records []*kgo.Record, lane string, k int, change func(*journal.Entry)) {
	t.Helper()
	at := ofLane(records, lane)
	for i := len(at) - k; i < len(at); i++ {
		var e journal.Entry
		if err := journal.Decode(records[at[i]].Value, &e); err != nil {
			t.Fatal(err)
		}
		change(&e)
		e.Before = journal.HashOf(records[at[i-1]].Value)
		records[at[i]].Value = journal.Append(nil, &e)
	}
}

func TestVerifyAndExplain(t *testing.T) {
	l := judgedDay(t)
	file := l.file(l.cfg)
	report := output(t, "verify", "--config", file)
	heads := filepath.Join(t.TempDir(), "verified.txt")
	if err := os.WriteFile(heads, []byte(report), 0o600); err != nil {
		t.Fatal(err)
	}
	whole, _ := verified(t, exitOK, l.cfg, "--heads", heads)
	total := whole.Total()
	written := len(l.topic(l.cfg.Kafka.OwnPrefix+"exceptions")) + len(l.topic(l.cfg.Kafka.OwnPrefix+"verdicts")) + len(l.topic(l.cfg.Kafka.OwnPrefix+"costs"))
	if entries := len(l.topic(l.cfg.Kafka.OwnPrefix + "journal")); int(total.Checked) != entries || int(total.Compared) != written || written < 1000 || !strings.Contains(report, "All matches: ") {
		t.Errorf("%d entries and %d outputs stand: %+v\n%s", entries, written, total, report)
	}
	t.Run("spoiled", func(t *testing.T) { l.spoiledIsFound(t, heads) })
	t.Run("settings", func(t *testing.T) { l.otherSettings(t) })
	t.Run("range", func(t *testing.T) { l.rangeAlone(t, heads) })
	t.Run("explain", func(t *testing.T) { l.explained(t, file) })
}

// spoils are what is done to a copy, each to a lane of its own, and what must be found there.
var spoils = map[string]struct {
	spoil func(t *testing.T, lane string, all map[string][]*kgo.Record)
	kinds []audit.Kind
	says  string
	heads bool // without a head that was kept nothing is found
}{
	"pickpack/0": {spoil: func(_ *testing.T, lane string, all map[string][]*kgo.Record) { // an entry is dropped
		i := ofLane(all["journal"], lane)[3]
		all["journal"] = slices.Delete(all["journal"], i, i+1)
	}, kinds: []audit.Kind{audit.EntryMissing}, says: "entry 3 is missing"},
	"pickpack/1": {spoil: func(_ *testing.T, lane string, all map[string][]*kgo.Record) { // two are swapped
		at := ofLane(all["journal"], lane)
		one, two := all["journal"][at[3]], all["journal"][at[4]]
		one.Value, two.Value = two.Value, one.Value
	}, kinds: []audit.Kind{audit.EntryMoved}, says: "entry 3 stands at offset"},
	"pickpack/2": {spoil: func(_ *testing.T, lane string, all map[string][]*kgo.Record) { // a setting is changed
		r := all["journal"][ofLane(all["journal"], lane)[3]]
		r.Value = bytes.Replace(r.Value, []byte(`"settings":"`), []byte(`"settings":"0`), 1)
	}, kinds: []audit.Kind{audit.ChainBroken, audit.SettingsChanged}, says: "entry 3 says settings 0"},
	"pickpack/3": {spoil: func(t *testing.T, lane string, all map[string][]*kgo.Record) { // the end is rewritten with other settings
		rewrite(t, all["journal"], lane, 3, func(e *journal.Entry) { e.Settings = "0123456789abcdef" })
	}, kinds: []audit.Kind{audit.SettingsChanged}, says: "says settings 0123456789abcdef"},
	"carrier/1": {spoil: func(t *testing.T, lane string, all map[string][]*kgo.Record) { // the end is rewritten with other outputs
		rewrite(t, all["journal"], lane, 4, func(e *journal.Entry) {
			if e.Outputs != "" {
				e.Outputs = journal.HashOf([]byte("other outputs"))
			}
		})
	}, kinds: []audit.Kind{audit.OutputsDiffer}, says: "run again it comes to"},
	"carrier/2": {spoil: func(_ *testing.T, lane string, all map[string][]*kgo.Record) { // the end is cut off
		at := ofLane(all["journal"], lane)
		all["journal"] = slices.Delete(all["journal"], at[len(at)-1], at[len(at)-1]+1)
	}, kinds: []audit.Kind{audit.HeadRewritten}, says: "the head that was kept is entry", heads: true},
	"carrier/3": {spoil: func(t *testing.T, lane string, all map[string][]*kgo.Record) { // the end is rewritten so that all of it fits
		rewrite(t, all["journal"], lane, 1, func(e *journal.Entry) { e.Models = "another" })
	}, kinds: []audit.Kind{audit.HeadRewritten}, says: "the head that was kept has", heads: true},
}

// spoiledIsFound spoils a copy in seven lanes, and a byte of an exception in an eighth, and finds eight things wrong.
func (l *line) spoiledIsFound(t *testing.T, heads string) {
	byteAt := ""
	cfg := l.copied("spoiled", func(all map[string][]*kgo.Record) {
		for lane, s := range spoils {
			s.spoil(t, lane, all)
		}
		i := slices.IndexFunc(all["exceptions"], func(r *kgo.Record) bool { return bytes.Contains(r.Value, []byte(`"code":"IN-`)) })
		r := all["exceptions"][i]
		r.Value = bytes.Replace(r.Value, []byte(`"severity":"`), []byte(`"severity":"M`), 1)
		byteAt = fmt.Sprintf("asn/%d", r.Partition)
	})
	without, errors := verified(t, exitFailure, cfg)
	with, _ := verified(t, exitFailure, cfg, "--heads", heads)
	wantParts(t, errors, "mismatches found: ")
	for _, r := range with.Lanes {
		want := spoils[r.Lane]
		if r.Lane == byteAt {
			want.kinds, want.says = []audit.Kind{audit.RecordChanged}, "differs at severity"
		}
		if found, _ := findings(&without, r.Lane, ""); want.heads && len(found) > 0 {
			t.Errorf("%s does not fit in itself: %v", r.Lane, found)
		}
		ignored := audit.HeadRewritten // a head is of every end: whatever rewrites it is found by it too
		if want.heads {
			ignored = ""
		}
		found, text := findings(&with, r.Lane, ignored)
		if !slices.Equal(found, want.kinds) || !strings.Contains(text, want.says) {
			t.Errorf("%s: found %v, want %v\n%s", r.Lane, found, want.kinds, text)
		}
	}
	plain, _ := said(t, "verify", "--config", writeConfig(t, cfg), "--heads", heads)
	wantParts(t, plain, "MISMATCH  record changed", "MISMATCH  entry missing", "MISMATCH  head rewritten", "meaning", "offset ")
	t.Logf("%s", plain)
}

// findings are the kinds of what was found in a lane, each once, but for one, and all that they say.
func findings(r *audit.Report, lane string, but audit.Kind) (kinds []audit.Kind, text string) {
	for _, f := range r.Findings {
		if f.Lane == lane && f.Kind != but {
			kinds = append(kinds, f.Kind)
			text += f.Says + "\n"
		}
	}
	slices.Sort(kinds)
	return slices.Compact(kinds), text
}

// otherSettings verifies what was judged with the configuration of another time.
func (l *line) otherSettings(t *testing.T) {
	c := l.cfg
	c.Settings.Rules = map[string]map[string]int64{"CA-04": {"grace_s": 60}}
	r, said := verified(t, exitUnchecked, c)
	if len(r.Findings) > 0 || len(r.Unchecked) != 12 || r.Unchecked[0].Reason != audit.OtherSettings || r.Unchecked[0].Needs != l.cfg.Settings.Hash() {
		t.Errorf("%+v", r)
	}
	wantParts(t, said, l.cfg.Settings.Hash(), c.Settings.Hash(), "settings.rules.CA-04.grace_s, which was not set then")
}

func (l *line) rangeAlone(t *testing.T, heads string) {
	r, _ := verified(t, exitOK, l.cfg, "--lane", "carrier/2", "--from", "2025-03-04T00:00:00Z")
	all, _ := verified(t, exitOK, l.cfg, "--lane", "carrier/2")
	if len(r.Lanes) != 1 || r.Lanes[0].Entries == 0 || r.Lanes[0].Entries >= all.Lanes[0].Entries || r.Lanes[0].Compared >= all.Lanes[0].Compared {
		t.Errorf("%+v of %+v", r.Lanes, all.Lanes)
	}
	if r, _ := verified(t, exitOK, l.cfg, "--lane", "carrier/2", "--from", "0", "--to", "1"); r.Lanes[0].Entries != 2 { // the genesis entry and the first
		t.Errorf("%+v", r.Lanes)
	}
	later, text := verified(t, exitUnchecked, l.cfg, "--from", "2099-03-04T00:00:00Z")
	wantParts(t, text, "nothing was verified", "is at 2025-", "counts back from now")
	if total := later.Total(); total.Entries > 0 || total.Events == 0 {
		t.Errorf("%+v", later)
	}
	for _, wrong := range [][]string{{"--from", "100"}, {"--heads", heads, "--lane", "carrier/2"}, {"--heads", heads, "--from", "24h"}, {"--heads", heads, "--to", "24h"}, {"--lane", "carrier/9"}, {"--heads", l.file(l.cfg)}, {"--from", "yesterday"}} {
		args := append([]string{"verify", "--config", l.file(l.cfg)}, wrong...)
		if out, code := said(t, args...); code != exitUsage {
			t.Errorf("%v: exit code %d\n%s", wrong, code, out)
		}
	}
}

// explained tells an exception of each family, and what cannot be told.
func (l *line) explained(t *testing.T, file string) {
	ids := map[string][]string{}    // by code
	partition := map[string]int32{} // by id
	for _, r := range l.topic(l.cfg.Kafka.OwnPrefix + "exceptions") {
		var x exception.Exception
		if r.Value == nil {
			continue // forgotten
		}
		if err := exception.Decode(r.Value, &x); err != nil {
			t.Fatal(err)
		}
		if x.State == exception.Cleared && x.Revision == 2 || x.Code != "CA-04" {
			ids[x.Code] = append(ids[x.Code], x.ID.String())
			partition[x.ID.String()] = r.Partition
		}
	}
	for code, words := range map[string][]string{
		"IN-05": {"lane       asn/", "asn.despatched", "lines: ", "The rule"},
		"CA-04": {"lane       carrier/", "grace_s", "7,200", "shipment.manifested", "promise_deliver_by=2025", "carrier.scan", "status=DELIVERED", "2 cleared", "time passed, and no event came",
			"What stands of this exception came out again byte for byte"},
		"PI-01": {"lane       pickpack/", "order.released"},
	} {
		if len(ids[code]) == 0 {
			t.Errorf("the day has no %s to tell", code)
			continue
		}
		out := output(t, "explain", ids[code][0][:14], "--config", file)
		t.Logf("%s", out)
		wantParts(t, out, append(words, code, ids[code][0], "decided by rule "+code+"/", "hash", "digest")...)
	}
	var told account
	if err := json.Unmarshal([]byte(output(t, "explain", ids["CA-04"][0], "--json", "--config", file)), &told); err != nil || !told.Proof.Proved || len(told.Revisions) < 2 || len(told.Evidence) < 2 {
		t.Errorf("%v %+v %+v", err, told.Proof, told.Revisions)
	}
	spoiled := l.copied("explain", func(all map[string][]*kgo.Record) {
		for _, r := range all["exceptions"] {
			if string(r.Key) == ids["CA-04"][0] {
				r.Value = bytes.Replace(r.Value, []byte(`"severity":"m`), []byte(`"severity":"M`), 1)
			}
		}
		all["exceptions"] = slices.DeleteFunc(all["exceptions"], func(r *kgo.Record) bool { return string(r.Key) == ids["PI-01"][0] })
	})
	for name, c := range map[string]struct {
		cfg   config.Config
		args  []string
		code  int
		words []string
	}{
		"spoiled": {spoiled, []string{ids["CA-04"][0]}, exitFailure, []string{"NOT PROVED", "stands, and no beat that was run again wrote it so", "andon verify --lane carrier/"}},
		"gone": {spoiled, []string{ids["PI-01"][0], "--lane", fmt.Sprintf("pickpack/%d", partition[ids["PI-01"][0]])}, exitFailure, // for it is a copy
			[]string{"nowhere any more", "order.released", "Short pick"}},
		"unknown":     {l.cfg, []string{"0123456789abcdef"}, exitFailure, []string{"no exception 0123456789abcdef stands in", "ClickHouse", "--lane"}},
		"forgotten":   {l.cfg, []string{strings.Repeat("0", idLength), "--lane", "asn/0"}, exitFailure, []string{"never raises exception", "another lane"}},
		"no id":       {l.cfg, []string{"CA-04"}, exitUsage, []string{"is no exception_id", "32 hexadecimal digits"}},
		"other topic": {func() config.Config { c := l.cfg; c.Kafka.OwnPrefix = "none."; return c }(), []string{"0123"}, exitUnchecked, []string{"there is no topic", "kafka.own_prefix", "andon topics apply"}},
	} {
		out, code := said(t, append([]string{"explain", "--config", writeConfig(t, c.cfg)}, c.args...)...)
		if code != c.code {
			t.Errorf("%s: exit code %d, want %d", name, code, c.code)
		}
		wantParts(t, out, c.words...)
	}
}
