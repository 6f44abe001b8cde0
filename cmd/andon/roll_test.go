package main

import (
	"fmt"
	"os"
	"slices"
	"strings"
	"testing"

	"andon/cmd/andon/config"
	"andon/detectors/rule"
	"andon/detectors/setting"
	"andon/replay"
	"andon/replay/history"
	"andon/schemas/beat"
	"andon/schemas/event"
	"andon/schemas/exception"
	"andon/schemas/journal"
)

// newer in the environment makes the test binary the next build: its CA-04 has another version and waits ten hours longer.
const newer = "ANDON_TEST_NEWER"

func init() {
	if os.Getenv(newer) == "" {
		return
	}
	late := rule.ByCode("CA-04")
	judge := late.Judge
	late.Version++
	late.Judge = func(c *rule.Context, out *rule.Verdicts) {
		patient := *c
		patient.Values = []int64{c.Values[0] + 10*3600}
		judge(&patient, out)
	}
}

// Parcels of a day: each third is delivered in time, one five hours late, one not at all.
const dayParcels = 900

// day are the events of a day, and the ticks that end it.
func day(n int, partitions int32) (records []history.Record) {
	begin := demoStart + event.Micros(n)*event.Day
	for i := range dayParcels {
		no := fmt.Sprint(n, "-", i)
		at := begin + event.Micros(i)*event.Second
		e := event.Event{ID: "m" + no, Type: event.ShipmentManifested, Time: at, Carrier: "C", TrackingNo: no, PromiseDeliverBy: begin + event.Day/2}
		records = append(records, history.New(event.Carrier, &e, at))
	}
	for late := range 2 {
		for i := late; i < dayParcels; i += 3 {
			no := fmt.Sprint(n, "-", i)
			at := begin + event.Day/2 + event.Micros(late*5-1)*event.Hour + event.Micros(i)*event.Second
			e := event.Event{ID: "d" + no, Type: event.CarrierScan, Time: at, Carrier: "C", TrackingNo: no, Status: event.Delivered}
			records = append(records, history.New(event.Carrier, &e, at))
		}
	}
	return append(records, ticks(begin+event.Day, partitions)...)
}

// longAfter are the ticks after which no timer is armed.
func longAfter(partitions int32) []history.Record { return ticks(demoStart+60*event.Day, partitions) }

// days are the events of the first n days, and the ticks long after.
func days(n int, partitions int32) (records []history.Record) {
	for i := range n {
		records = append(records, day(i, partitions)...)
	}
	return append(records, longAfter(partitions)...)
}

// Two processes in one group: one is rolled to a build of other rules, the other killed and brought back as that build, then both are rolled back,
// while records come in. What stands in the end is what the last build alone says, and every revision that is of the rules says so.
func TestRollingToOtherRulesAndBack(t *testing.T) {
	l := newLine(t, setting.Settings{Clock: setting.Log})
	l.cfg.Beat.RecordsMax = 200 // so that there is something to interrupt
	second := l.cfg
	second.Instance = l.cfg.Instance + "-two"
	second.Roles = []string{config.RoleDetect}
	var one, two *process
	step := func(n int, roll func()) {
		t.Helper()
		l.send(day(n, 4))
		await(t, "the day to begin", func() bool { done, all := l.judged(); return done > all-int64(len(day(n, 4))) })
		roll()
		await(t, "lanes on both", func() bool { return one.lanes() > 0 && two.lanes() > 0 && one.ready() && two.ready() })
	}
	next := func() { t.Setenv(newer, "yes") }
	former := func() { t.Setenv(newer, "") }

	former()
	one, two = l.start(l.cfg), l.start(second)
	step(0, func() {})
	step(1, func() { two.stop(); next(); two = l.start(second) })
	step(2, func() { one.kill(); one = l.start(l.cfg) })
	step(3, func() { two.stop(); former(); two = l.start(second) })
	step(4, func() { one.stop(); one = l.start(l.cfg) })

	l.send(longAfter(4))
	await(t, "all to be judged", func() bool { done, all := l.judged(); return done == all && one.idle() && two.idle() })
	revisions := l.exceptions()
	await(t, "the exceptions in ClickHouse", func() bool { return l.number("SELECT count() FROM %s.exceptions FINAL") == len(revisions) })
	one.stop()
	two.stop()

	marked := checkRevisions(t, revisions)
	if marked == 0 {
		t.Error("no revision is marked as a change of logic")
	}
	l.checkBooks(int64(len(days(5, 4))))
	got, want := unmarked(final(revisions)), unmarked(inMemory(t, l.cfg.Settings, days(5, replay.Partitions)))
	if !slices.Equal(got, want) || len(want) == 0 {
		t.Errorf("in the end stand %d exceptions, as the last build alone says %d\n%s", len(got), len(want), firstDifference(got, want))
	}
	t.Logf("%d revisions, %d of them marked, of %d exceptions that stand", len(revisions), marked, len(want))
}

// checkRevisions checks that revisions follow one another without gaps, and that none was retracted or raised again but by other logic: nothing in
// the events does either. It returns how many are marked so.
func checkRevisions(t *testing.T, revisions []exception.Exception) (marked int) {
	t.Helper()
	last := map[exception.ID]exception.Exception{}
	for _, x := range revisions {
		was := last[x.ID]
		if x.Revision != was.Revision+1 {
			t.Errorf("%s of %s: revision %d after %d", x.Code, x.Subject, x.Revision, was.Revision)
		}
		turned := x.State == exception.Retracted || was.State == exception.Retracted
		if turned && !x.LogicChange {
			t.Errorf("%s of %s: revision %d is %s after %s and not marked as a change of logic", x.Code, x.Subject, x.Revision, x.State, was.State)
		}
		if x.LogicChange {
			marked++
		}
		last[x.ID] = x
	}
	return marked
}

// checkBooks checks that the journal has no gap and accounts for as many records.
func (l *line) checkBooks(records int64) {
	l.Helper()
	next := map[string]int64{}
	var sum beat.Counts
	for _, r := range l.topic(l.cfg.Kafka.OwnPrefix + "journal") {
		var e journal.Entry
		if err := journal.Decode(r.Value, &e); err != nil {
			l.Fatal(err)
		}
		if e.Seq != next[e.Lane] {
			l.Errorf("lane %s: entry %d where %d is due", e.Lane, e.Seq, next[e.Lane])
		}
		next[e.Lane] = e.Seq + 1
		sum.Add(e.Counts)
	}
	if sum.Read+sum.Ticks != records || !sum.Balanced() {
		l.Errorf("%d records were sent, the journal counts %+v", records, sum)
	}
}

// unmarked is standing without the mark of other logic, and without the version of the rule, which is no news by itself.
func unmarked(list []exception.Exception) []string {
	list = slices.Clone(list)
	for i := range list {
		list[i].LogicChange, list[i].Rule = false, ""
	}
	return standing(list)
}

func firstDifference(got, want []string) string {
	for i := range min(len(got), len(want)) {
		if got[i] != want[i] {
			return fmt.Sprintf("first at %d:\n%s\n%s", i, got[i], want[i])
		}
	}
	return strings.Join(append(got, want...)[min(len(got), len(want)):][:1], "")
}
