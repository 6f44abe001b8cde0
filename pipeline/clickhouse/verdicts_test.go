package clickhouse_test

import (
	"fmt"
	"math"
	"strings"
	"testing"

	"andon/pipeline"
	"andon/pipeline/load"
	"andon/schemas/control"
	"andon/schemas/decision"
	"andon/schemas/event"
	"andon/schemas/exception"
	"andon/schemas/verdict"
)

var (
	judged  = load.Partition{Topic: "andon.verdicts", Number: 3}
	decided = load.Partition{Topic: "andon.decisions", Number: 0}
	ordered = load.Partition{Topic: "andon.control", Number: 0}
)

func TestEveryFieldOfAVerdictArrives(t *testing.T) {
	conn := connect(t, "default")
	db, name := migrated(t, conn)
	score := 1.0 / 3
	v := verdict.Verdict{
		Tenant: "acme", Code: "CA-05", Subject: "dhl/1", Episode: "promise", Site: "AMS1", JudgedAt: base + 1, DetectedAt: base + 2, Rule: "CA-05/1",
		RuleSays: verdict.Abstains, RuleMissing: "transit", Mode: verdict.Canary, CanaryBP: 500, Bundle: "carrier-lateness@1", Model: "00c0ffee00c0ffee",
		Score: &score, Reason: "timeout", ThresholdBP: 7000, DecidedBy: verdict.ByFallback, Raised: true, Selection: verdict.Sampled, PropensityBP: 100,
		Features: "carrier/1", Values: verdict.Values{0.1, math.NaN(), -1e21, math.Copysign(0, -1)}, ExceptionID: exception.NewID("acme", "CA-05", "dhl/1", "promise"),
	}
	v.ID = verdict.NewID(v.Tenant, v.Code, v.Subject, v.Episode, v.JudgedAt)
	good := pipeline.Record{Offset: 42, At: arrived + 7000, Value: verdict.Append(nil, &v)}
	v.ID[0]++
	alien := pipeline.Record{Offset: 43, Value: verdict.Append(nil, &v)}
	v.ID[0]--
	done, err := db.Verdicts(silent).Insert(t.Context(), "a", judged, []pipeline.Record{good, alien, {Offset: 44, Value: []byte("{")}, {Offset: 45}})
	if want := (load.Inserted{Rows: 1, Undecodable: 3}); err != nil || done != want {
		t.Fatalf("Insert: %+v, %v, want %+v", done, err, want)
	}
	want := map[string]string{
		"tenant": "acme", "code": "CA-05", "subject": "dhl/1", "episode": "promise", "judged_at": "2026-01-01 00:00:00.000001", "verdict_id": v.ID.String(),
		"site": "AMS1", "detected_at": "2026-01-01 00:00:00.000002", "rule": "CA-05/1", "rule_says": "abstains", "rule_missing": "transit", "mode": "canary",
		"canary_bp": "500", "bundle": "carrier-lateness@1", "model": "00c0ffee00c0ffee", "score": "0.3333333333333333", "reason": "timeout",
		"threshold_bp": "7000", "decided_by": "fallback", "raised": "true", "selection": "sample", "propensity_bp": "100", "features": "carrier/1",
		"values": "[0.1,NULL,-1e21,-0]", "exception_id": v.ExceptionID.String(), "topic": judged.Topic, "partition": "3", "offset": "42",
		"record_time": stamp(arrived + 7000), "load_time": "",
	}
	agree(t, db, "verdicts", judged, good)
	expect(t, name, "verdicts", want)
	expect(t, name, "verdicts_current", want)
}

func TestEveryFieldOfADecisionArrives(t *testing.T) {
	conn := connect(t, "default")
	db, name := migrated(t, conn)
	d := decision.Decision{
		ItemID: exception.NewID("acme", "CA-05", "dhl/1", "promise"), ItemKind: decision.Exception, Tenant: "acme", Code: "CA-05", Subject: "dhl/1",
		Verdict: decision.FalseAlarm, Cause: "hub", Reviewer: "ada", DecidedAt: base + 1, Source: decision.Triage, Selection: decision.Random, PropensityBP: 200,
		RevisionSeen: 2, IdempotencyKey: "t-17", Note: "it's late",
	}
	d.Complete()
	good := pipeline.Record{Offset: 42, At: arrived + 7000, Value: decision.Append(nil, &d)}
	later := d
	later.ID, later.IdempotencyKey, later.Verdict = decision.ID{}, "t-18", decision.Confirmed
	later.Complete()
	d.ID[0]++
	alien := pipeline.Record{Offset: 43, Value: decision.Append(nil, &d)}
	d.ID[0]--
	done, err := db.Decisions(silent).Insert(t.Context(), "a", decided, []pipeline.Record{good, alien, {Offset: 44, Value: []byte("{")}, {Offset: 45}})
	if want := (load.Inserted{Rows: 1, Undecodable: 3}); err != nil || done != want {
		t.Fatalf("Insert: %+v, %v, want %+v", done, err, want)
	}
	want := map[string]string{
		"tenant": "acme", "item_id": d.ItemID.String(), "decision_id": d.ID.String(), "item_kind": "exception", "code": "CA-05", "subject": "dhl/1",
		"verdict": "false_alarm", "cause": "hub", "reviewer": "ada", "decided_at": "2026-01-01 00:00:00.000001", "source": "triage", "selection": "random",
		"propensity_bp": "200", "revision_seen": "2", "idempotency_key": "t-17", "note": "it's late", "topic": decided.Topic, "partition": "0",
		"offset": "42", "record_time": stamp(arrived + 7000), "load_time": "",
	}
	agree(t, db, "decisions", decided, good)
	expect(t, name, "decisions", want)
	expect(t, name, "decisions_current", want)

	record := pipeline.Record{Offset: 50, At: arrived + 7000, Value: decision.Append(nil, &later)}
	if done, err := db.Decisions(silent).Insert(t.Context(), "b", decided, []pipeline.Record{record}); err != nil || done.Rows != 1 {
		t.Fatal(done, err)
	}
	if is := one[string](t, conn, "SELECT toString(verdict) FROM "+name+".decisions_current"); is != "confirmed" {
		t.Errorf("the item's latest decision is %s", is)
	}
}

func TestEveryFieldOfAGuardArrives(t *testing.T) {
	conn := connect(t, "default")
	db, name := migrated(t, conn)
	r := control.Record{Version: 7, Kind: control.KindGuard, Author: "guard", ApprovedBy: "bob", Note: "n", Guard: &control.Guard{
		Code: "CA-05", Bundle: "carrier-lateness@1", State: control.Open, Signal: control.G2, Reason: "guard_features", ChangedAt: base + 1, WindowFrom: base + 2,
		WindowTo: base + 3, Statistic: 0.0137, Threshold: 0.01, HoldUntil: base + 4, ValidUntil: base + 5, Trips: 2,
	}}
	r.Complete()
	policy := control.Record{Version: 1, Kind: control.KindPolicy, Author: "ada", Policy: &control.Policy{Code: "CA-05", Mode: verdict.Off}}
	policy.Complete()
	good := pipeline.Record{Offset: 42, At: arrived + 7000, Value: control.Append(nil, &r)}
	other := pipeline.Record{Offset: 43, Value: control.Append(nil, &policy)}
	done, err := db.Health(silent).Insert(t.Context(), "a", ordered, []pipeline.Record{good, other, {Offset: 44, Value: []byte("{}")}, {Offset: 45}})
	if want := (load.Inserted{Rows: 1, Others: 1, Undecodable: 2}); err != nil || done != want {
		t.Fatalf("Insert: %+v, %v, want %+v", done, err, want)
	}
	agree(t, db, "model_health", ordered, good)
	expect(t, name, "model_health", map[string]string{
		"code": "CA-05", "bundle": "carrier-lateness@1", "version": "7", "state": "open", "signal": "G2", "reason": "guard_features",
		"changed_at": "2026-01-01 00:00:00.000001", "window_from": "2026-01-01 00:00:00.000002", "window_to": "2026-01-01 00:00:00.000003",
		"statistic": "0.0137", "threshold": "0.01", "hold_until": "2026-01-01 00:00:00.000004", "valid_until": "2026-01-01 00:00:00.000005", "trips": "2", "author": "guard", "approved_by": "bob",
		"note": "n", "topic": ordered.Topic, "partition": "0", "offset": "42", "record_time": stamp(arrived + 7000), "load_time": "",
	})
}

// The roll-up counts a judgement once, as it was judged last, and a drawn one for as many as it stands for. Sums of tenths would not be exact: the
// propensities here make them so.
func TestFallbackRateStandsForAllJudgements(t *testing.T) {
	conn := connect(t, "default")
	db, name := migrated(t, conn)
	var list []pipeline.Record
	add := func(subject string, at event.Micros, by verdict.Decider, reason string, propensityBP int32, raised bool) {
		v := verdict.Verdict{
			ID: verdict.NewID("acme", "CA-05", subject, "p", at), Tenant: "acme", Code: "CA-05", Subject: subject, Episode: "p", JudgedAt: at, DetectedAt: at,
			Rule: "CA-05/1", RuleSays: verdict.No, Mode: verdict.Live, Bundle: "m@1", DecidedBy: by, Reason: reason, Selection: verdict.Sampled,
			PropensityBP: propensityBP, Raised: raised,
		}
		list = append(list, pipeline.Record{Offset: int64(len(list)), At: arrived, Value: verdict.Append(nil, &v)})
	}
	hour := base / event.Hour * event.Hour
	add("a", hour, verdict.ByFallback, "timeout", 10_000, true) // judged anew below: does not count
	add("b", hour+1, verdict.ByFallback, "timeout", 1000, false)
	add("c", hour+event.Hour-1, verdict.ByFallback, "guard_drift", 10_000, true)
	add("a", hour, verdict.ByModel, "", 10_000, true)
	add("d", hour+2, verdict.ByModel, "", 500, false)
	add("e", hour+event.Hour, verdict.ByModel, "", 10_000, true)
	for block, rows := range [][]pipeline.Record{list[:3], list[3:], list[:3]} {
		if done, err := db.Verdicts(silent).Insert(t.Context(), fmt.Sprint(block), judged, rows); err != nil || done.Rows != 3 {
			t.Fatal(done, err)
		}
	}
	exec(t, conn, "SYSTEM REFRESH VIEW "+name+".fallback_rate_hourly_refresh")
	exec(t, conn, "SYSTEM WAIT VIEW "+name+".fallback_rate_hourly_refresh")
	const columns = "code, bundle, mode, toString(hour), recorded, judged, by_rule, by_model, by_fallback, round(ifNull(fallback_rate, -1), 4), unscored, toString(reasons), raised"
	is := one[[]string](t, conn, "SELECT arraySort(groupArray(concatWithSeparator('|', "+columns+"))) FROM "+name+".fallback_rate_hourly")
	want := []string{
		"CA-05|m@1|live|2026-01-01 00:00:00|4|32|0|21|11|0.3438|11|{'guard_drift':1,'timeout':10}|2",
		"CA-05|m@1|live|2026-01-01 01:00:00|1|1|0|1|0|0|0|{}|1",
	}
	if strings.Join(is, "\n") != strings.Join(want, "\n") {
		t.Errorf("the roll-up says\n%s, want\n%s", strings.Join(is, "\n"), strings.Join(want, "\n"))
	}
}
