package main

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"slices"
	"strings"
	"testing"

	"andon/detectors/rule"
	"andon/detectors/setting"
	"andon/pipeline/kafka"
	"andon/pipeline/mem"
	"andon/replay"
	"andon/replay/history"
	"andon/schemas/deadletter"
	"andon/schemas/event"
	"andon/schemas/exception"

	"github.com/twmb/franz-go/pkg/kgo"
)

// flawed in the environment makes the test binary a build whose CA-04 panics on parcels that were delivered.
const flawed = "ANDON_TEST_FLAWED"

func init() {
	if os.Getenv(flawed) == "" {
		return
	}
	late := rule.ByCode("CA-04")
	judge := late.Judge
	late.Judge = func(c *rule.Context, out *rule.Verdicts) {
		for _, f := range c.Facts {
			if f.Status == event.Delivered {
				panic("this build cannot judge a delivery")
			}
		}
		judge(c, out)
	}
}

// parcelCount parcels are manifested and delivered; every third after its promise.
const parcelCount = 40

// parcels are their events, each known when it happened.
func parcels() (records []history.Record) {
	for i := range parcelCount {
		at := demoStart + event.Micros(i)*event.Second
		e := event.Event{ID: fmt.Sprint("m", i), Type: event.ShipmentManifested, Time: at, Carrier: "C", TrackingNo: fmt.Sprint(i), PromiseDeliverBy: demoStart + event.Day}
		records = append(records, history.New(event.Carrier, &e, at))
	}
	for i := range parcelCount {
		at := demoStart + event.Hour + event.Micros(i)*event.Second
		if i%3 == 0 {
			at += 2 * event.Day
		}
		e := event.Event{ID: fmt.Sprint("d", i), Type: event.CarrierScan, Time: at, Carrier: "C", TrackingNo: fmt.Sprint(i), Status: event.Delivered}
		records = append(records, history.New(event.Carrier, &e, at))
	}
	return records
}

// ticks move all lanes to an instant.
func ticks(at event.Micros, partitions int32) (records []history.Record) {
	for _, f := range event.Families {
		for p := range partitions {
			e := event.Event{Type: event.ClockTick, Time: at}
			records = append(records, history.Record{Family: f, Partition: p, Value: event.Append(nil, &e), At: at})
		}
	}
	return records
}

// send writes records to the input topics.
func (l *line) send(list []history.Record) {
	l.Helper()
	var records []*kgo.Record
	for i := range list {
		r := &list[i]
		records = append(records, &kgo.Record{Topic: l.cfg.Kafka.InputPrefix + r.Family.String(), Partition: r.On(4), Key: keyBytes(r.Key), Value: r.Value,
			Timestamp: r.At.UTC()})
	}
	if err := l.kafka.ProduceSync(l.Context(), records...).FirstErr(); err != nil {
		l.Fatal(err)
	}
}

// letters are what stands in the topic of dead letters: put aside, and marked as sent again.
func (l *line) letters() (aside, marks []deadletter.Letter) {
	l.Helper()
	for _, r := range l.topic(l.cfg.Kafka.OwnPrefix + "deadletter") {
		var letter deadletter.Letter
		if err := deadletter.Decode(r.Value, &letter); err != nil {
			l.Fatal(err)
		}
		if letter.Redriven {
			marks = append(marks, letter)
		} else {
			aside = append(aside, letter)
		}
	}
	return aside, marks
}

// sideRecords is how many records stand committed in the carriers' side topic.
func (l *line) sideRecords() int { return len(l.topic(l.cfg.Kafka.OwnPrefix + "side.carrier")) }

// redrive runs the command and wants its output to say all of says.
func (l *line) redrive(says []string, args ...string) {
	l.Helper()
	out := output(l.T, append([]string{"deadletter", "redrive", "--config", l.file(l.cfg)}, args...)...)
	l.Logf("redrive %s\n%s", strings.Join(args, " "), out)
	for _, words := range says {
		if !strings.Contains(out, words) {
			l.Errorf("redrive %v does not say %q", args, words)
		}
	}
}

// inMemory judges records as if they had come right at first.
func inMemory(t *testing.T, s setting.Settings, records []history.Record) []exception.Exception {
	t.Helper()
	memory := replay.NewLine(s)
	memory.Append(slices.Values(records))
	if err := memory.Run(t.Context(), mem.Options{}); err != nil {
		t.Fatal(err)
	}
	return memory.Final()
}

// A build puts every delivery aside. It is mended; half of the deliveries are sent again in time and half after their absence was judged, once
// and twice, over a restart and a redrive that dies half-way. In the end what stands is what would have come of them at first.
func TestRedrive(t *testing.T) {
	l := newLine(t, setting.Settings{Clock: setting.Log})
	topic := l.inputTopics()[event.Carrier]
	bad := []*kgo.Record{
		{Topic: topic, Key: []byte("C/0"), Value: []byte(strings.Repeat("x", deadletter.MaxRawBytes+1))},
		{Topic: topic, Key: []byte("C/1"), Value: parcels()[0].Value},
	}
	l.send(parcels())
	t.Setenv(flawed, "yes")
	p := l.start(l.cfg)
	t.Setenv(flawed, "")
	if err := l.kafka.ProduceSync(t.Context(), bad...).FirstErr(); err != nil {
		t.Fatal(err)
	}
	await(t, "the letters", func() bool { return p.sum("andon_dead_letters_total") == parcelCount+2 })
	p.stop()

	// Mended. Half of it goes in before time passes; the process is killed behind it.
	p = l.start(l.cfg)
	first := []string{topic + "/0/0-1000", topic + "/1/0-1000"}
	l.redrive([]string{"would send ", "rule_panic"}, append(first, "--reason", "rule_panic", "--dry-run")...)
	if n := l.sideRecords(); n != 0 {
		t.Fatalf("a dry run wrote %d records", n)
	}
	l.dieHalfWay(topic)
	l.redrive([]string{"judged: 0 came back"}, append(first, "--reason", "rule_panic")...)
	half := l.sideRecords()
	if half == 0 || half == parcelCount {
		t.Fatalf("%d of %d sent again", half, parcelCount)
	}
	l.redrive([]string{"nothing was sent", fmt.Sprintf("left alone: %d sent before", half)}, append(first, "--reason", "rule_panic")...)
	p.kill()
	p = l.start(l.cfg)

	// Time passes: parcels whose delivery nobody could read are late. Then the rest goes in.
	l.send(ticks(demoStart+30*event.Day, 4))
	phantoms := 0
	for _, x := range final(l.settle(p)) {
		if x.Code == "CA-04" && !x.State.Ended() {
			phantoms++
		}
	}
	if phantoms != parcelCount-half {
		t.Errorf("%d parcels are late without their delivery, want %d", phantoms, parcelCount-half)
	}
	l.redrive([]string{"judged: 0 came back", fmt.Sprintf("left alone: %d sent before", half)}, "--reason", "rule_panic")
	if n := l.sideRecords(); n != parcelCount {
		t.Fatalf("%d records sent again, want %d", n, parcelCount)
	}
	got, want := standing(final(l.settle(p))), standing(inMemory(t, l.cfg.Settings, append(parcels(), ticks(demoStart+30*event.Day, replay.Partitions)...)))
	if !slices.Equal(got, want) || len(want) == 0 {
		t.Errorf("in the end stands\n%s\nhad they come at first\n%s", strings.Join(got, "\n"), strings.Join(want, "\n"))
	}
	l.comesBack(p, topic)
	l.duplicates(p)
	p.stop()
}

// dieHalfWay leaves a redrive that wrote a record and its mark, and never ended.
func (l *line) dieHalfWay(topic string) {
	l.Helper()
	aside, _ := l.letters()
	own := kafkaConfig(l.cfg)
	client, err := reachKafka(l.Context(), l.cfg.Kafka, kgo.RecordPartitioner(kgo.ManualPartitioner()), kgo.TransactionalID(own.Group("redrive")))
	if err != nil {
		l.Fatal(err)
	}
	defer client.Close()
	mark := aside[0].Marker(1)
	if err := client.BeginTransaction(); err != nil {
		l.Fatal(err)
	}
	err = client.ProduceSync(l.Context(), &kgo.Record{Topic: own.Side(event.Carrier), Partition: aside[0].Partition, Key: aside[0].Key, Value: aside[0].Raw},
		&kgo.Record{Topic: own.DeadLetter(), Partition: aside[0].Partition, Key: fmt.Appendf(nil, "%s/%d/%d", topic, mark.Partition, mark.Offset),
			Value: deadletter.Append(nil, &mark)}).FirstErr()
	if err != nil {
		l.Fatal(err)
	}
}

// comesBack redrives twice what nobody can judge: it comes back as the same letter, and the list shows one story.
func (l *line) comesBack(p *process, topic string) {
	l.Helper()
	for n := 1; n <= 2; n++ {
		l.redrive([]string{
			"judged: 1 came back, 0 did not", "1 of them (wrong_key) this build cannot read either",
			"cannot be sent: 1\n  " + topic + "/0/", "only the first 65,536 of its 262,145 bytes are kept",
		})
		aside, marks := l.letters()
		last, mark := aside[len(aside)-1], marks[len(marks)-1]
		if i := slices.IndexFunc(aside, func(x deadletter.Letter) bool { return x.Redrives == n }); i < 0 || mark.Redrives > n {
			l.Fatalf("after %d: %+v, mark %+v", n, last, mark)
		} else if x := aside[i]; x.Topic != topic || x.Reason != event.WrongKey || string(x.Key) != "C/1" || string(x.Raw) != string(parcels()[0].Value) {
			l.Errorf("it came back as %+v", x)
		}
	}
	out := output(l.T, "deadletter", "list", "--config", l.file(l.cfg), "--waiting")
	if l.Logf("%s", out); !strings.Contains(out, "2 times, came back") || !strings.Contains(out, "2 in all") {
		l.Errorf("the list says\n%s", out)
	}
	l.accounted(p)
}

// duplicates sends what was judged once more, and a letter of an event that only a later build can read, which nobody has written yet.
func (l *line) duplicates(p *process) {
	l.Helper()
	fresh := event.Event{ID: "fresh", Type: event.CarrierScan, Time: demoStart + event.Hour, Carrier: "C", TrackingNo: "0", Status: event.InTransit}
	own := kafkaConfig(l.cfg)
	letter := deadletter.Letter{Topic: own.Input(event.Carrier), Partition: 0, Offset: 1 << 20, At: fresh.Time, Reason: event.WrongSchema}
	letter.Keep([]byte("C/0"), event.Append(nil, &fresh))
	err := l.kafka.ProduceSync(l.Context(), &kgo.Record{Topic: own.DeadLetter(), Key: []byte(own.Input(event.Carrier) + "/0/1048576"), Value: deadletter.Append(nil, &letter)}).FirstErr()
	if err != nil {
		l.Fatal(err)
	}
	before := p.sum("andon_events_duplicate_total")
	l.redrive([]string{"judged: 0 came back, 40 did not"}, "--again", "--reason", "rule_panic")
	await(l.T, "the duplicates", func() bool { return p.sum("andon_events_duplicate_total") == before+parcelCount })
	l.redrive([]string{"judged: 0 came back, 1 did not"}, "--event-id", "fresh")
	l.accounted(p)
	await(l.T, "the events in ClickHouse", func() bool { // manifests, deliveries, these twice again, and the fresh one
		return l.number("SELECT count() FROM %s.events FINAL") == 4*parcelCount+1 && l.number("SELECT count() FROM %s.events_current") == 2*parcelCount+1
	})
	if n := l.number("SELECT count() FROM %s.events_current WHERE event_id = 'fresh' AND topic LIKE '%%side.carrier' AND record_time = event_time"); n != 1 {
		l.Errorf("%d rows of the event that was only sent again, at the time it first arrived", n)
	}
}

// accounted checks that every event read went somewhere.
func (l *line) accounted(p *process) {
	l.Helper()
	read, gone := p.sum("andon_events_read_total"), 0.0
	for _, where := range []string{"done", "duplicate", "dead_lettered", "parked", "too_late"} {
		gone += p.sum("andon_events_" + where + "_total")
	}
	if read != gone || read == 0 {
		l.Errorf("%v events read, %v accounted for", read, gone)
	}
}

// Of two redrives the later one goes on; the former writes nothing more.
func TestRedriveIsOneAtATime(t *testing.T) {
	l := newLine(t, setting.Settings{Clock: setting.Log})
	join := func() *kafka.Redriver {
		r, err := kafka.NewRedriver(t.Context(), kafkaConfig(l.cfg), slog.New(slog.DiscardHandler))
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(r.Close)
		return r
	}
	letter := deadletter.Letter{Topic: l.inputTopics()[event.Carrier], Reason: event.RulePanic}
	letter.Keep([]byte("C/0"), parcels()[0].Value)
	list := []kafka.Redrive{{Letter: kafka.Letter{Letter: letter, Name: letter.Topic + "/0/0"}, Attempt: 1}}
	former := join()
	later := join()
	if err := former.Send(t.Context(), list); !errors.Is(err, kafka.ErrRedriving) {
		t.Errorf("the former says %v", err)
	}
	if err := later.Send(t.Context(), list); err != nil {
		t.Fatal(err)
	}
	await(t, "the record that was sent", func() bool { return l.sideRecords() > 0 })
	if n := l.sideRecords(); n != 1 {
		t.Errorf("%d records sent, want 1", n)
	}
	if judged, err := later.Judged(context.WithoutCancel(t.Context())); judged || err != nil {
		t.Errorf("judged without a detector: %t, %v", judged, err)
	}
}
