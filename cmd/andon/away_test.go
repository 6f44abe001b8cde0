package main

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"andon/cmd/andon/config"
	"andon/detectors/setting"
	"andon/replay/history"
	"andon/schemas/event"
	"andon/schemas/exception"
	"andon/schemas/journal"

	"github.com/twmb/franz-go/pkg/kgo"
)

// awayParcels are what the detector knows of when it goes away; six hours later it is back.
const (
	awayParcels = 80
	awayHours   = 6
)

// whileAway are the records until the detector went, and those that came while it was away. Each parcel was manifested 23 hours before, so that its first
// scan is due an hour later, and promised for the hour the detector went, or, every second four, for three and a half hours later: two hours after
// either it is late. Of four, one is scanned and delivered while the detector is away, in time; one was scanned before and is delivered meanwhile,
// in time; one was scanned before, and nothing more is heard; of one nothing is heard at all. The last that comes is of other parcels, five hours later.
func whileAway(gone event.Micros) (before, meanwhile []history.Record) {
	add := func(to *[]history.Record, e event.Event) {
		e.Carrier = "C"
		*to = append(*to, history.New(event.Carrier, &e, e.Time))
	}
	scan := func(to *[]history.Record, no string, at event.Micros, status event.Status) {
		add(to, event.Event{ID: fmt.Sprint(status, no), Type: event.CarrierScan, Time: at, TrackingNo: no, Status: status})
	}
	for i := range awayParcels {
		no, late := fmt.Sprint(i), event.Micros(i)*event.Second
		promise := gone + event.Micros(i/4%2)*(3*event.Hour+event.Hour/2)
		add(&before, event.Event{ID: "m" + no, Type: event.ShipmentManifested, Time: gone - 23*event.Hour, TrackingNo: no, PromiseDeliverBy: promise})
		switch i % 4 {
		case 0:
			scan(&meanwhile, no, gone+event.Hour/2+late, event.Accepted)
			scan(&meanwhile, no, promise+event.Hour+late, event.Delivered)
		case 1:
			scan(&meanwhile, no, promise+event.Hour+late, event.Delivered)
			fallthrough
		case 2:
			scan(&before, no, gone-10*event.Hour+late, event.Accepted)
		}
		add(&meanwhile, event.Event{ID: "n" + no, Type: event.ShipmentManifested, Time: gone + 5*event.Hour + late, TrackingNo: "new" + no, PromiseDeliverBy: gone + 3*event.Day})
	}
	for _, list := range [][]history.Record{before, meanwhile} {
		slices.SortStableFunc(list, func(a, b history.Record) int { return int(a.At - b.At) })
	}
	return before, meanwhile
}

// missed are what whileAway leaves to be raised, each once, and when it became true.
func missed(gone event.Micros) (all []string) {
	for i := range awayParcels {
		promise := gone + event.Micros(i/4%2)*(3*event.Hour+event.Hour/2)
		if i%4 >= 2 {
			all = append(all, fmt.Sprint("CA-04 C/", i, " ", promise+2*event.Hour))
		}
		if i%4 == 3 {
			all = append(all, fmt.Sprint("CA-02 C/", i, " ", gone+event.Hour))
		}
	}
	slices.Sort(all)
	return all
}

// A detector on the wall clock is away for six hours while its log goes on. When it comes back it raises what really did not arrive, once, and nothing
// that the records it finds contradict. A clock cannot be turned back; so the first detector is kept from the end of its log, by a transaction that is
// open there, and goes where one that went six hours ago would stand: at the time of its last record.
func TestSixHoursAwayOnKafka(t *testing.T) {
	l := newLine(t, setting.Settings{Clock: setting.Log}) // its topics take a record's word for when it was known
	l.cfg.Settings.Clock = setting.Wall
	l.cfg.Roles = []string{config.RoleDetect}
	l.cfg.Beat.RecordsMax = 7 // the backlog is many beats
	now := event.At(time.Now())
	before, meanwhile := whileAway(now - awayHours*event.Hour)

	l.send(before)
	release := l.holdEnds(l.cfg.Kafka.InputPrefix + event.Carrier.String())
	p := l.start(l.cfg)
	await(t, "what stood there before to be judged", func() bool { done, _ := l.judged(); return done == int64(len(before)) })
	p.stop()
	if list := l.exceptions(); len(list) > 0 {
		t.Fatalf("raised before it went: %+v", list)
	}
	release()
	l.send(meanwhile)

	p = l.start(l.cfg)
	await(t, "the backlog to be judged", func() bool { done, all := l.judged(); return done == all })
	after := event.Event{ID: "after", Type: event.ShipmentManifested, Time: now, Carrier: "C", TrackingNo: "after", PromiseDeliverBy: now + event.Day}
	l.send([]history.Record{history.New(event.Carrier, &after, now)})
	want := missed(now - awayHours*event.Hour)
	await(t, "what is missing", func() bool { done, all := l.judged(); return done == all && len(l.exceptions()) >= len(want) })
	p.stop()

	var got []string
	for _, x := range l.exceptions() {
		got = append(got, fmt.Sprint(x.Code, " ", x.Subject, " ", x.OpenedAt))
		if x.State != exception.Open || x.Revision != 1 || x.DetectedAt < x.OpenedAt {
			t.Errorf("%s of %s is %s in revision %d, due %s and known %s", x.Code, x.Subject, x.State, x.Revision, x.OpenedAt, x.DetectedAt)
		}
	}
	if slices.Sort(got); !slices.Equal(got, want) {
		t.Errorf("raised\n%s\nmissing were\n%s", strings.Join(got, "\n"), strings.Join(want, "\n"))
	}
	l.checkBooks(int64(len(before) + len(meanwhile) + 1))
	l.checkNoHaste(now)
}

// holdEnds opens a transaction over the ends of a topic's partitions, which no reader of what is committed passes; release aborts it.
func (l *line) holdEnds(topic string) (release func()) {
	l.Helper()
	cl, err := reachKafka(l.Context(), l.cfg.Kafka, kgo.RecordPartitioner(kgo.ManualPartitioner()), kgo.TransactionalID(topic+".held"))
	if err != nil {
		l.Fatal(err)
	}
	l.Cleanup(cl.Close)
	if err := cl.BeginTransaction(); err != nil {
		l.Fatal(err)
	}
	for p := range l.cfg.Kafka.Partitions {
		if err := cl.ProduceSync(l.Context(), &kgo.Record{Topic: topic, Partition: int32(p), Value: []byte("never said")}).FirstErr(); err != nil {
			l.Fatal(err)
		}
	}
	return func() {
		if err := cl.EndTransaction(l.Context(), kgo.TryAbort); err != nil {
			l.Fatal(err)
		}
	}
}

// checkNoHaste checks that no lane of parcels took the wall clock, at now or later, before the last record that it had behind: in all its beats but those
// that end where the log ended then.
func (l *line) checkNoHaste(now event.Micros) {
	l.Helper()
	ends := map[string]int64{}
	for _, r := range l.topic(l.cfg.Kafka.InputPrefix + event.Carrier.String()) {
		if e := (event.Event{}); event.Decode(event.Carrier, r.Key, r.Value, &e) == nil && e.ID != "after" {
			ends[fmt.Sprint(event.Carrier, "/", r.Partition)] = r.Offset + 1
		}
	}
	behind := 0
	for _, r := range l.topic(l.cfg.Kafka.OwnPrefix + "journal") {
		var e journal.Entry
		if err := journal.Decode(r.Value, &e); err != nil {
			l.Fatal(err)
		}
		switch {
		case e.Input.To < ends[e.Lane] && e.End >= now:
			l.Errorf("lane %s, entry %d: it is %s at offset %d of %d", e.Lane, e.Seq, e.End, e.Input.To, ends[e.Lane])
		case e.Input.To < ends[e.Lane]:
			behind++
		}
	}
	if behind < 20 {
		l.Errorf("%d beats were behind the end of the log", behind)
	}
}
