package clickhouse_test

import (
	"fmt"
	"slices"
	"testing"
	"time"

	"andon/pipeline"
	"andon/pipeline/clickhouse"
	"andon/pipeline/load"
	"andon/schemas/cost"
	"andon/schemas/event"
	"andon/schemas/exception"
)

func TestEveryFieldOfAnEventArrives(t *testing.T) {
	conn := connect(t, "default")
	db, name := migrated(t, conn)
	const value = `{"event_id":"e1","type":"pick.confirmed","tenant":"acme","source":"wms","site":"AMS1","event_time":"2026-03-01T10:00:00.123456Z",
		"retracts_event_id":"e0","despatch_id":"d1","po_id":"po1","carrier":"dhl","tracking_no":"t1","fulfilment_id":"f1","order_id":"o1","revision":4,
		"purpose":"replace","lines":[{"line":"1","sku":"s1","gtin":"g1","lot":"l1","qty_milli":1500,"uom":"KGM","unit_cost_minor":0,"currency":"EUR"},
		{"line":"2","sku":"s2","qty_milli":2000}],"receipt_id":"r1","line":"9","sku":"s9","gtin":"g9","lot":"l9","uom":"EA","qty_milli":7000,
		"rejected_qty_milli":1000,"condition":"damaged","line_closed":true,"task_id":"k1","reason":"oos","status":"DELIVERED","facility":"hub","service_code":"std",
		"promise_deliver_by":"2026-03-02T00:00:00Z","ship_by":"2026-03-01T18:00:00Z","eta":"2026-03-02T09:30:00Z","carton_id":"c1","weight_g":1234,
		"freight_minor":0,"declared_value_minor":99,"currency":"KWD"}`
	record := pipeline.Record{Offset: 42, At: arrived + 7000, Key: []byte("f1"), Value: []byte(value)}
	var e event.Event
	if err := event.Decode(event.PickPack, record.Key, record.Value, &e); err != nil {
		t.Fatal(err)
	}
	done, err := db.Events(families).Insert(t.Context(), "a", picks, []pipeline.Record{record})
	if err != nil || done.Rows != 1 {
		t.Fatalf("Insert: %+v, %v", done, err)
	}
	agree(t, db, "events", picks, record)
	expect(t, name, "events", map[string]string{
		"tenant": "acme", "family": "pickpack", "subject": "f1", "event_id": "e1", "event_hash": fmt.Sprint(event.IDHash("e1")),
		"type": "pick.confirmed", "event_time": "2026-03-01 10:00:00.123456", "source": "wms", "site": "AMS1", "retracts_event_id": "e0",
		"despatch_id": "d1", "po_id": "po1", "carrier": "dhl", "tracking_no": "t1", "fulfilment_id": "f1", "order_id": "o1", "revision": "4",
		"purpose": "replace", "lines.line": "['1','2']", "lines.sku": "['s1','s2']", "lines.gtin": "['g1','']", "lines.lot": "['l1','']",
		"lines.qty_milli": "[1500,2000]", "lines.uom": "['KGM','']", "lines.unit_cost_minor": "[0,NULL]", "lines.currency": "['EUR','']",
		"receipt_id": "r1", "line": "9", "sku": "s9", "gtin": "g9", "lot": "l9", "uom": "EA", "qty_milli": "7000", "rejected_qty_milli": "1000",
		"condition": "damaged", "line_closed": "true", "task_id": "k1", "reason": "oos", "status": "DELIVERED", "facility": "hub",
		"service_code": "std", "promise_deliver_by": "2026-03-02 00:00:00.000000", "ship_by": "2026-03-01 18:00:00.000000",
		"eta": "2026-03-02 09:30:00.000000", "carton_id": "c1", "weight_g": "1234",
		"freight_minor": "0", "declared_value_minor": "99", "currency": "KWD", "content_hash": fmt.Sprint(e.Content),
		"topic": picks.Topic, "partition": "1", "offset": "42", "record_time": stamp(arrived + 7000), "load_time": "",
	})
}

func TestEveryFieldOfAnExceptionArrives(t *testing.T) {
	conn := connect(t, "default")
	db, name := migrated(t, conn)
	expected, delta, risk := int64(10_000), int64(3_000), int64(700)
	x := exception.Exception{
		Revision: 2, Tenant: "acme", Code: "IN-05", Subject: "D1", Episode: "1/2", State: exception.Cleared, Change: exception.WasCleared, Severity: exception.Critical,
		DecidedBy: exception.DecidedByModel, Fallback: "timeout", Model: "shorts@2", Site: "AMS1", Item: "g1", Line: "2", OpenedAt: base, ClearedAt: base + 1, DetectedAt: base + 2,
		LateData: true, LogicChange: true, Unit: exception.Milli, Expected: &expected, Delta: &delta, Reasons: []string{"7 received of 10", "it's late"},
		Evidence: exception.Evidence{1, 1 << 63}, Rule: "IN-05/1", CostAtRiskMinor: &risk, Currency: "EUR", ProbabilityBP: 9000, AvoidableBP: 8000,
		UrgencyBP: 5000, Priority: exception.P3, Deadline: base + 3, ActBy: base + 4,
	}
	x.ID = exception.NewID(x.Tenant, x.Code, x.Subject, x.Episode)
	good := pipeline.Record{Offset: 42, At: arrived + 7000, Value: exception.Append(nil, &x)}
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
		"severity": "critical", "decided_by": "model", "fallback": "timeout", "model": "shorts@2", "rule": "IN-05/1", "site": "AMS1", "item": "g1", "line": "2",
		"opened_at": "2026-01-01 00:00:00.000000", "cleared_at": "2026-01-01 00:00:00.000001", "detected_at": "2026-01-01 00:00:00.000002",
		"late_data": "true", "logic_change": "true", "unit": "milli", "expected": "10000", "observed": "NULL", "delta": "3000",
		"cost_at_risk_minor": "700", "currency": "EUR", "probability_bp": "9000", "avoidable_bp": "8000", "urgency_bp": "5000", "priority_score": "NULL",
		"priority": "P3", "deadline": "2026-01-01 00:00:00.000003", "act_by": "2026-01-01 00:00:00.000004",
		"reasons": `['7 received of 10','it\'s late']`, "evidence": "[1,9223372036854775808]", "topic": changes.Topic, "partition": "2",
		"offset": "42", "record_time": stamp(arrived + 7000), "load_time": "",
	}
	agree(t, db, "exceptions", changes, good)
	expect(t, name, "exceptions", want)
	expect(t, name, "exceptions_current", want)
}

func TestEveryFieldOfACostArrives(t *testing.T) {
	conn := connect(t, "default")
	db, name := migrated(t, conn)
	amount := int64(0)
	c := cost.Cost{
		Tenant: "acme", Component: cost.PickLabour, Subject: "F1", Part: "2", OrderID: "O1", Site: "AMS1", Carrier: "dhl", Item: "g1", IncurredAt: base + 1,
		Basis: cost.Assumed, WorkUS: 90_000_000, QtyMilli: 3000, AmountMicro: &amount, Currency: "KWD", Rates: "r1",
	}
	c.ID = cost.NewID(c.Tenant, c.Component, c.Subject, c.Part)
	good := pipeline.Record{Offset: 42, At: arrived + 7000, Value: cost.Append(nil, &c)}
	c.ID[0]++
	alien := pipeline.Record{Offset: 43, Value: cost.Append(nil, &c)}
	c.ID[0]--
	broken, empty := pipeline.Record{Offset: 44, Value: []byte("{")}, pipeline.Record{Offset: 45}
	done, err := db.Costs(silent).Insert(t.Context(), "a", paid, []pipeline.Record{good, alien, broken, empty})
	if want := (load.Inserted{Rows: 1, Undecodable: 3}); err != nil || done != want {
		t.Fatalf("Insert: %+v, %v, want %+v", done, err, want)
	}
	want := map[string]string{
		"tenant": "acme", "component": "pick_labour", "subject": "F1", "part": "2", "cost_id": c.ID.String(), "order_id": "O1", "site": "AMS1",
		"carrier": "dhl", "item": "g1", "incurred_at": "2026-01-01 00:00:00.000001", "basis": "assumed", "work_us": "90000000", "qty_milli": "3000",
		"amount_micro": "0", "currency": "KWD", "rates": "r1", "withdrawn": "false", "topic": paid.Topic, "partition": "4", "offset": "42",
		"record_time": stamp(arrived + 7000), "load_time": "",
	}
	agree(t, db, "costs", paid, good)
	expect(t, name, "costs", want)
	expect(t, name, "costs_current", want)
}

// agree compares the only row of a table with its record as andon reconcile does: every column has the same text on both sides.
func agree(t *testing.T, db *clickhouse.DB, table string, from load.Partition, record pipeline.Record) {
	t.Helper()
	l := db.Ledgers(families)[table]
	is, err := l.Rows(t.Context(), from, record.Offset, record.Offset+1)
	if want := l.Expect(from, []pipeline.Record{record}); err != nil || !slices.Equal(is, want) {
		t.Errorf("the row of %s is %+v, %v, of its record %+v", table, is, err, want)
	}
}

// stamp is an instant as ClickHouse shows it.
func stamp(m event.Micros) string { return m.UTC().Format("2006-01-02 15:04:05.000000") }

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
