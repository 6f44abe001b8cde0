package clickhouse_test

import (
	"context"
	"fmt"
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
	families = map[string]event.Family{"fulfillment.asn": event.ASN, scans.Topic: event.Carrier, picks.Topic: event.PickPack}
)

const base = 1_767_225_600_000_000 // 2026-01-01T00:00:00Z, microseconds

// scan is record i of a carrier partition: all of one day.
func scan(i int) pipeline.Record { return scanOn(0, i) }

// monthly likewise, but with events of 7 months.
func monthly(i int) pipeline.Record { return scanOn(event.Micros(i%7)*31*event.Day, i) }

func scanOn(day event.Micros, i int) pipeline.Record {
	e := event.Event{
		ID: fmt.Sprintf("scan-%d", i), Type: event.CarrierScan, Time: base + day + event.Micros(i%86400)*event.Second,
		Carrier: "dhl", TrackingNo: fmt.Sprintf("JJD%09d", i/5), Status: event.InTransit, Facility: fmt.Sprintf("hub-%d", i%200),
	}
	return pipeline.Record{Offset: int64(2 * i), At: base, Key: []byte(e.Key(event.Carrier)), Value: event.Append(nil, &e)}
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
	return pipeline.Record{Offset: int64(i), At: base, Key: []byte(x.ID.String()), Value: exception.Append(nil, &x)}
}

func records(make func(int) pipeline.Record, from, to int) []pipeline.Record {
	var list []pipeline.Record
	for i := from; i < to; i++ {
		list = append(list, make(i))
	}
	return list
}

func TestEveryFieldOfAnEventArrives(t *testing.T) {
	conn := connect(t, "default")
	db, name := migrated(t, conn)
	const value = `{"event_id":"e1","type":"pick.confirmed","tenant":"acme","source":"wms","site":"AMS1","event_time":"2026-03-01T10:00:00.123456Z",
		"retracts_event_id":"e0","despatch_id":"d1","po_id":"po1","carrier":"dhl","tracking_no":"t1","fulfilment_id":"f1","order_id":"o1","revision":4,
		"purpose":"replace","lines":[{"line":"1","sku":"s1","gtin":"g1","lot":"l1","qty_milli":1500,"uom":"KGM","unit_cost_minor":0,"currency":"EUR"},
		{"line":"2","sku":"s2","qty_milli":2000}],"receipt_id":"r1","line":"9","sku":"s9","gtin":"g9","lot":"l9","uom":"EA","qty_milli":7000,
		"rejected_qty_milli":1000,"condition":"damaged","line_closed":true,"task_id":"k1","reason":"oos","status":"DELIVERED","facility":"hub","service_code":"std",
		"promise_deliver_by":"2026-03-02T00:00:00Z","ship_by":"2026-03-01T18:00:00Z","eta":"2026-03-02T09:30:00Z","carton_id":"c1","weight_g":1234}`
	record := pipeline.Record{Offset: 42, At: base + 7000, Key: []byte("f1"), Value: []byte(value)}
	var e event.Event
	if err := event.Decode(event.PickPack, record.Key, record.Value, &e); err != nil {
		t.Fatal(err)
	}
	done, err := db.Events(families).Insert(t.Context(), "a", picks, []pipeline.Record{record})
	if err != nil || done.Rows != 1 {
		t.Fatalf("Insert: %+v, %v", done, err)
	}
	expect(t, name, "events", map[string]string{
		"tenant": "acme", "family": "pickpack", "subject": "f1", "event_id": "e1", "event_hash": fmt.Sprint(event.IDHash("e1")),
		"type": "pick.confirmed", "event_time": "2026-03-01 10:00:00.123456", "source": "wms", "site": "AMS1", "retracts_event_id": "e0",
		"despatch_id": "d1", "po_id": "po1", "carrier": "dhl", "tracking_no": "t1", "fulfilment_id": "f1", "order_id": "o1", "revision": "4",
		"purpose": "replace", "lines.line": "['1','2']", "lines.sku": "['s1','s2']", "lines.gtin": "['g1','']", "lines.lot": "['l1','']",
		"lines.qty_milli": "[1500,2000]", "lines.uom": "['KGM','']", "lines.unit_cost_minor": "[0,NULL]", "lines.currency": "['EUR','']",
		"receipt_id": "r1", "line": "9", "sku": "s9", "gtin": "g9", "lot": "l9", "uom": "EA", "qty_milli": "7000", "rejected_qty_milli": "1000",
		"condition": "damaged", "line_closed": "true", "task_id": "k1", "reason": "oos", "status": "DELIVERED", "facility": "hub",
		"service_code": "std", "promise_deliver_by": "2026-03-02 00:00:00.000000", "ship_by": "2026-03-01 18:00:00.000000",
		"eta": "2026-03-02 09:30:00.000000", "carton_id": "c1", "weight_g": "1234", "content_hash": fmt.Sprint(e.Content),
		"topic": picks.Topic, "partition": "1", "offset": "42", "record_time": "2026-01-01 00:00:00.007000", "load_time": "",
	})
}

func TestEveryFieldOfAnExceptionArrives(t *testing.T) {
	conn := connect(t, "default")
	db, name := migrated(t, conn)
	expected, delta := int64(10_000), int64(3_000)
	x := exception.Exception{
		Revision: 2, Tenant: "acme", Code: "IN-05", Subject: "D1", Episode: "1/2", State: exception.Cleared, Change: exception.WasCleared, Severity: exception.Critical,
		DecidedBy: exception.DecidedByRule, Site: "AMS1", Item: "g1", Line: "2", OpenedAt: base, ClearedAt: base + 1, DetectedAt: base + 2,
		LateData: true, Unit: exception.Milli, Expected: &expected, Delta: &delta, Reasons: []string{"7 received of 10", "it's late"},
		Evidence: exception.Evidence{1, 1 << 63}, Rule: "IN-05/1",
	}
	x.ID = exception.NewID(x.Tenant, x.Code, x.Subject, x.Episode)
	good := pipeline.Record{Offset: 42, At: base + 7000, Value: exception.Append(nil, &x)}
	x.ID[0]++
	alien := pipeline.Record{Offset: 43, Value: exception.Append(nil, &x)}
	broken, tombstone := pipeline.Record{Offset: 44, Value: []byte("{")}, pipeline.Record{Offset: 45}
	x.ID[0]--
	done, err := db.Exceptions(silent).Insert(t.Context(), "a", changes, []pipeline.Record{good, alien, broken, tombstone})
	if want := (load.Inserted{Rows: 1, Undecodable: 2, Tombstones: 1}); err != nil || done != want {
		t.Fatalf("Insert: %+v, %v, want %+v", done, err, want)
	}
	want := map[string]string{
		"tenant": "acme", "code": "IN-05", "subject": "D1", "episode": "1/2", "exception_id": x.ID.String(), "revision": "2", "state": "cleared", "change": "cleared",
		"severity": "critical", "decided_by": "rule", "rule": "IN-05/1", "site": "AMS1", "item": "g1", "line": "2",
		"opened_at": "2026-01-01 00:00:00.000000", "cleared_at": "2026-01-01 00:00:00.000001", "detected_at": "2026-01-01 00:00:00.000002",
		"late_data": "true", "unit": "milli", "expected": "10000", "observed": "NULL", "delta": "3000",
		"reasons": `['7 received of 10','it\'s late']`, "evidence": "[1,9223372036854775808]", "topic": changes.Topic, "partition": "2",
		"offset": "42", "record_time": "2026-01-01 00:00:00.007000", "load_time": "",
	}
	expect(t, name, "exceptions", want)
	expect(t, name, "exceptions_current", want)
}

// expect compares the only row of a table with want, column by column: none may be missing, none but load_time empty.
func expect(t *testing.T, database, table string, want map[string]string) {
	t.Helper()
	conn := connect(t, "default")
	columns := one[[]string](t, conn, fmt.Sprintf("SELECT groupArray(name) FROM system.columns WHERE database = '%s' AND table = '%s'", database, table))
	if len(columns) != len(want) {
		t.Errorf("%s has the columns %v, tested are %d", table, columns, len(want))
	}
	for _, column := range columns {
		text := one[string](t, conn, fmt.Sprintf("SELECT ifNull(toString(`%s`), 'NULL') FROM %s.%s", column, database, table))
		switch is, tested := want[column]; {
		case !tested:
			t.Errorf("%s.%s is not tested", table, column)
		case column == "load_time":
			at, err := time.Parse("2006-01-02 15:04:05.000000", text)
			if err != nil || time.Since(at).Abs() > time.Minute {
				t.Errorf("load_time is %q, want now", text)
			}
		case text != is:
			t.Errorf("%s.%s is %q, want %q", table, column, text, is)
		}
	}
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
	const n = 100_000
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
	list := []pipeline.Record{make(1, base, "first"), make(2, base+2, "last"), make(3, base+1, "between"), make(4, base, "first")}
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

// The rule of the loader, without a log: whatever an insert answers, the same block goes again under the same token until one is confirmed.
func TestKilledServerLosesAndDoublesNothing(t *testing.T) {
	conn := connect(t, "default")
	db, name := migrated(t, conn)
	server := enginetest.ClickHouse(t)
	const blocks, size = 40, 500
	table, random, failed := db.Events(families), rand.New(rand.NewPCG(1, 2)), 0
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
			if _, err = table.Insert(t.Context(), fmt.Sprint("block-", b), scans, list); err == nil {
				break
			}
			if time.Now().After(deadline) {
				t.Fatalf("block %d: %v", b, err)
			}
		}
	}
	if failed < blocks/8 {
		t.Errorf("only %d inserts were sent again: the test did not hit the server", failed)
	}
	for _, query := range []string{"SELECT count() FROM %s.events FINAL", "SELECT count() FROM %s.events_current"} {
		if n := one[uint64](t, conn, fmt.Sprintf(query, name)); n != blocks*size {
			t.Errorf("%s: %d rows, want %d", query, n, blocks*size)
		}
	}
}

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
