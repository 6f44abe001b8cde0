package clickhouse_test

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"maps"
	"math/rand/v2"
	"strings"
	"testing"
	"time"

	"andon/internal/enginetest"
	"andon/pipeline"
	"andon/pipeline/load"
	"andon/schemas/event"
	"andon/schemas/exception"
)

var (
	scans    = load.Partition{Topic: "fulfillment.carrier", Number: 3}
	picks    = load.Partition{Topic: "fulfillment.pickpack", Number: 1}
	changes  = load.Partition{Topic: "andon.exceptions", Number: 2}
	paid     = load.Partition{Topic: "andon.costs", Number: 4}
	families = map[string]event.Family{"fulfillment.asn": event.ASN, scans.Topic: event.Carrier, picks.Topic: event.PickPack}
)

const base = 1_767_225_600_000_000 // 2026-01-01T00:00:00Z, microseconds

// arrived is the broker's timestamp of the records: tables keep rows for a time from there.
var arrived = event.At(time.Now().Truncate(time.Hour))

// scan is record i of a carrier partition: all of one day.
func scan(i int) pipeline.Record { return scanOn(0, i) }

// monthly likewise, but with events of 7 months.
func monthly(i int) pipeline.Record { return scanOn(event.Micros(i%7)*31*event.Day, i) }

func scanOn(day event.Micros, i int) pipeline.Record {
	e := event.Event{
		ID: fmt.Sprintf("scan-%d", i), Type: event.CarrierScan, Time: base + day + event.Micros(i%86400)*event.Second,
		Carrier: "dhl", TrackingNo: fmt.Sprintf("JJD%09d", i/5), Status: event.InTransit, Facility: fmt.Sprintf("hub-%d", i%200),
	}
	return pipeline.Record{Offset: int64(2 * i), At: arrived, Key: []byte(e.Key(event.Carrier)), Value: event.Append(nil, &e)}
}

// change is record i of an exceptions partition: three revisions of each id.
func change(i int) pipeline.Record {
	expected := int64(i)
	x := exception.Exception{
		Revision: int32(i%3 + 1), Tenant: "default", Code: "IN-05", Subject: fmt.Sprintf("D-%d", i/6), Episode: fmt.Sprintf("1/%d", i/3),
		State: exception.Open, Severity: exception.Major, DecidedBy: exception.DecidedByRule, OpenedAt: base, DetectedAt: base,
		Unit: exception.Milli, Expected: &expected, Reasons: []string{fmt.Sprintf("%d received of %d", i, i+1)},
		Evidence: exception.Evidence{event.IDHash(fmt.Sprintf("scan-%d", i))}, Rule: "IN-05/1",
	}
	if x.Revision == 3 {
		x.State, x.ClearedAt = exception.Cleared, base+1
	}
	x.ID = exception.NewID(x.Tenant, x.Code, x.Subject, x.Episode)
	return pipeline.Record{Offset: int64(i), At: arrived, Key: []byte(x.ID.String()), Value: exception.Append(nil, &x)}
}

func records(make func(int) pipeline.Record, from, to int) []pipeline.Record {
	var list []pipeline.Record
	for i := from; i < to; i++ {
		list = append(list, make(i))
	}
	return list
}

func TestWhatIsNoEventIsCountedAndLeftOut(t *testing.T) {
	conn := connect(t, "default")
	db, name := migrated(t, conn)
	tick := event.Event{Type: event.ClockTick, Time: base}
	list := append(records(scan, 0, 10),
		pipeline.Record{Offset: 100, Value: event.Append(nil, &tick)},
		pipeline.Record{Offset: 101, Value: []byte("{")},
		pipeline.Record{Offset: 102})
	done, err := db.Events(families).Insert(t.Context(), "a", scans, list)
	if want := (load.Inserted{Rows: 10, Ticks: 1, Undecodable: 2}); err != nil || done != want {
		t.Errorf("Insert: %+v, %v, want %+v", done, err, want)
	}
	done, err = db.Events(families).Insert(t.Context(), "b", scans, list[10:])
	if want := (load.Inserted{Ticks: 1, Undecodable: 2}); err != nil || done != want {
		t.Errorf("a block without rows: %+v, %v, want %+v", done, err, want)
	}
	if n := one[uint64](t, conn, "SELECT count() FROM "+name+".events"); n != 10 {
		t.Errorf("%d rows, want 10", n)
	}
}

func TestABlockOfOneTokenIsThereOnce(t *testing.T) {
	const n = 40_000
	conn := connect(t, "default")
	db, name := migrated(t, conn)
	for _, test := range []struct {
		table         string
		into          load.Table
		from          load.Partition
		list          []pipeline.Record
		current       int
		currentColumn string
	}{
		{"events", db.Events(families), scans, records(scan, 0, n), n, "event_id"},
		{"exceptions", db.Exceptions(silent), changes, records(change, 0, n), (n + 2) / 3, "exception_id"},
		{"costs", db.Costs(silent), paid, records(price, 0, n), n / 2, "cost_id"},
	} {
		t.Run(test.table, func(t *testing.T) {
			table := name + "." + test.table
			exec(t, conn, "SYSTEM STOP MERGES "+table) // so that what was inserted stays to be counted
			for i, step := range []struct {
				token    string
				physical int
			}{{"a", n}, {"a", n}, {"b", 2 * n}} {
				start := time.Now()
				done, err := test.into.Insert(t.Context(), step.token, test.from, test.list)
				if err != nil || done.Rows != n {
					t.Fatalf("insert %d: %+v, %v", i+1, done, err)
				}
				t.Logf("insert %d, token %s: %v", i+1, step.token, time.Since(start))
				if is := one[uint64](t, conn, "SELECT count() FROM "+table); is != uint64(step.physical) {
					t.Errorf("after insert %d with token %s: %d rows, want %d", i+1, step.token, is, step.physical)
				}
			}
			if is := one[uint64](t, conn, "SELECT count() FROM "+table+" FINAL"); is != n {
				t.Errorf("%d rows with FINAL, want %d", is, n)
			}
			if is := one[uint64](t, conn, "SELECT count() FROM "+table+"_current"); is != uint64(test.current) {
				t.Errorf("%d current rows, want %d", is, test.current)
			}
			if is := one[uint64](t, conn, "SELECT uniqExact("+test.currentColumn+") FROM "+table+"_current"); is != uint64(test.current) {
				t.Errorf("%d ids are current, want %d", is, test.current)
			}
		})
	}
	if n := one[uint64](t, conn, fmt.Sprintf("SELECT count() FROM %[1]s.exceptions_current WHERE state = 'open'", name)); n != 1 {
		t.Errorf("%d exceptions are open, want only the last, whose third revision is not there", n)
	}
	joined := one[uint64](t, conn, fmt.Sprintf("SELECT count() FROM %[1]s.exceptions AS x ARRAY JOIN evidence AS e "+
		"INNER JOIN %[1]s.events_current AS v ON v.event_hash = e WHERE x.subject = 'D-7'", name))
	if joined != 12 { // 6 records, each there twice
		t.Errorf("the evidence joins %d events, want 12", joined)
	}
}

func TestAnEventIdWithOtherContentReplaces(t *testing.T) {
	conn := connect(t, "default")
	db, name := migrated(t, conn)
	make := func(offset int64, at event.Micros, facility string) pipeline.Record {
		e := event.Event{ID: "e", Type: event.CarrierScan, Time: base, Carrier: "dhl", TrackingNo: "1", Status: event.InTransit, Facility: facility}
		return pipeline.Record{Offset: offset, At: at, Key: []byte("dhl/1"), Value: event.Append(nil, &e)}
	}
	list := []pipeline.Record{make(1, arrived, "first"), make(2, arrived+2, "last"), make(3, arrived+1, "between"), make(4, arrived, "first")}
	if _, err := db.Events(families).Insert(t.Context(), "a", scans, list); err != nil {
		t.Fatal(err)
	}
	if n := one[uint64](t, conn, "SELECT count() FROM "+name+".events FINAL"); n != 4 {
		t.Errorf("%d rows for 4 records", n)
	}
	if is := one[string](t, conn, "SELECT groupArray(facility)[1] || toString(count()) FROM "+name+".events_current"); is != "last1" {
		t.Errorf("current is %s, want the record of the latest time alone", is)
	}
}

// The rule of the loader, without a log: whatever an insert answers, the same block goes again under the same token until one is confirmed, and
// once more under another when its rows are not there all the same.
func TestKilledServerLosesAndDoublesNothing(t *testing.T) {
	conn := connect(t, "default")
	db, name := migrated(t, conn)
	server := enginetest.ClickHouse(t)
	const blocks, size = 40, 500
	table, random, failed, hidden := db.Events(families), rand.New(rand.NewPCG(1, 2)), 0, 0
	for b := range blocks {
		list := records(monthly, b*size, (b+1)*size)
		dead := make(chan struct{})
		if b%8 == 4 {
			delay := time.Duration(random.Int64N(int64(15 * time.Millisecond)))
			time.AfterFunc(delay, func() { server.Kill(); close(dead) })
		} else {
			close(dead)
		}
		_, err := table.Insert(t.Context(), fmt.Sprint("block-", b), scans, list)
		<-dead
		if !server.Running() {
			if err := server.Restart(t.Context()); err != nil {
				t.Fatal(err)
			}
		}
		for deadline := time.Now().Add(time.Minute); err != nil || b%8 == 4; { // a killed one is sent again even if it was confirmed
			failed++
			_, err = table.Insert(t.Context(), fmt.Sprint("block-", b), scans, list)
			there, failure := table.Offsets(t.Context(), scans, list[0].Offset, list[size-1].Offset+1)
			if err == nil && failure == nil && len(there) < size {
				hidden++
				_, err = table.Insert(t.Context(), fmt.Sprint("block-", b, "-again"), scans, list)
			}
			if err = errors.Join(err, failure); err == nil {
				break
			}
			if time.Now().After(deadline) {
				t.Fatalf("block %d: %v", b, err)
			}
		}
	}
	t.Logf("%d inserts sent again, %d blocks hidden behind their token", failed, hidden)
	if failed < blocks/8 {
		t.Errorf("only %d inserts were sent again: the test did not hit the server", failed)
	}
	for _, query := range []string{"SELECT count() FROM %s.events FINAL", "SELECT count() FROM %s.events_current"} {
		if n := one[uint64](t, conn, fmt.Sprintf(query, name)); n != blocks*size {
			t.Errorf("%s: %d rows, want %d", query, n, blocks*size)
		}
	}
}

func TestOffsetsAreThoseOfTheRange(t *testing.T) {
	conn := connect(t, "default")
	db, name := migrated(t, conn)
	exec(t, conn, "SYSTEM STOP MERGES "+name+".events")
	table := db.Events(families)
	list := records(monthly, 0, 20) // offsets 0, 2, ... 38
	elsewhere := load.Partition{Topic: scans.Topic, Number: scans.Number + 1}
	for token, into := range map[string]load.Partition{"a": scans, "b": scans, "c": elsewhere} { // a and b: each row twice
		if _, err := table.Insert(t.Context(), token, into, list); err != nil {
			t.Fatal(err)
		}
	}
	for _, test := range []struct {
		from, to int64
		want     string
	}{{10, 20, "[10 12 14 16 18]"}, {9, 13, "[10 12]"}, {40, 99, "[]"}} {
		if is, err := table.Offsets(t.Context(), scans, test.from, test.to); err != nil || fmt.Sprint(is) != test.want {
			t.Errorf("offsets from %d to %d: %v, %v, want %s", test.from, test.to, is, err, test.want)
		}
	}
	ranges := []load.Closed{{Partition: scans, From: 9, To: 21}, {Partition: elsewhere, From: 30, To: 99}, {Partition: picks, To: 9}}
	is, err := table.Count(t.Context(), ranges)
	if want := map[load.Partition]int{scans: 6, elsewhere: 5}; err != nil || !maps.Equal(is, want) {
		t.Errorf("Count: %v, %v, want %v", is, err, want)
	}
}

// A block travels in pieces. Who dies between them leaves nothing, and the token still free for the whole block.
func TestHalfABlockIsNoRow(t *testing.T) {
	const n = 50_000
	conn := connect(t, "default")
	db, name := migrated(t, conn)
	exec(t, conn, "SYSTEM STOP MERGES "+name+".exceptions")
	list := records(change, 0, n)
	list[n*3/4].Value = []byte("{")
	ctx, die := context.WithCancel(t.Context())
	dying := slog.New(slog.NewTextHandler(writer(func() { die() }), nil)) // told of the bad record, long after the first piece was sent
	if _, err := db.Exceptions(dying).Insert(ctx, "a", changes, list); !errors.Is(err, context.Canceled) {
		t.Errorf("the insert that dies: %v", err)
	}
	if rows := one[uint64](t, conn, "SELECT count() FROM "+name+".exceptions"); rows != 0 {
		t.Errorf("half a block left %d rows", rows)
	}
	if done, err := db.Exceptions(silent).Insert(t.Context(), "a", changes, list); err != nil || done.Rows != n-1 {
		t.Fatalf("the whole block under the same token: %+v, %v", done, err)
	}
	rows := one[uint64](t, conn, "SELECT count() FROM "+name+".exceptions")
	parts := one[uint64](t, conn, "SELECT count() FROM system.parts WHERE database = '"+name+"' AND table = 'exceptions'")
	if rows != n-1 || parts != 1 {
		t.Errorf("%d rows in %d parts, want %d in one", rows, parts, n-1)
	}
}

// writer does something whenever it is written to.
type writer func()

func (w writer) Write(b []byte) (int, error) { w(); return len(b), nil }

func TestAnInsertThatCannotBeSaysWhy(t *testing.T) {
	conn := connect(t, "default")
	db, name := migrated(t, conn)
	exec(t, conn, "DROP TABLE "+name+".events")
	_, err := db.Events(families).Insert(t.Context(), "a", scans, records(scan, 0, 1))
	if err == nil || !strings.Contains(err.Error(), "insert into events") {
		t.Errorf("Insert into a missing table: %v", err)
	}
	ended, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := db.Exceptions(silent).Insert(ended, "a", changes, records(change, 0, 1)); err == nil {
		t.Error("Insert with an ended context succeeded")
	}
}
