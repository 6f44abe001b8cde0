package jsonschema_test

import (
	"encoding/json"
	"math"
	"strings"
	"testing"

	"andon/schemas/control"
	"andon/schemas/decision"
	"andon/schemas/event"
	"andon/schemas/exception"
	"andon/schemas/verdict"
)

// fallbacks are the reasons for having no score.
var fallbacks = []string{verdict.Timeout, verdict.BreakerOpen, verdict.ModelMissing, verdict.ModelStale, verdict.BadOutput, verdict.LowCoverage,
	verdict.GuardGolden, verdict.GuardFeatures, verdict.GuardDrift, verdict.GuardLabels, verdict.GuardSilent, verdict.LoadShed}

// judgements are verdicts with all members, and with as few as there may be.
func judgements() [][]byte {
	score := 0.25
	full := verdict.Verdict{
		ID: verdict.NewID("default", "CA-05", "dhl/1", "promise", event.MinTime), Tenant: "default", Code: "CA-05", Subject: "dhl/1", Episode: "promise", Site: "AMS1",
		JudgedAt: event.MinTime, DetectedAt: event.MinTime + 1, Rule: "CA-05/1", RuleSays: verdict.Abstains, RuleMissing: "transit", Mode: verdict.Canary,
		CanaryBP: 500, Bundle: "carrier-lateness@1", Model: "00c0ffee00c0ffee", Score: &score, ThresholdBP: 7000, DecidedBy: verdict.ByModel,
		Selection: verdict.Sampled, PropensityBP: 100, Features: "carrier/1", Values: verdict.Values{1, math.NaN(), 1e21},
		ExceptionID: exception.NewID("default", "CA-05", "dhl/1", "promise"),
	}
	small := verdict.Verdict{
		ID: full.ID, Tenant: "default", Code: "pick_short_risk", Subject: "F-1", JudgedAt: event.MinTime, DetectedAt: event.MinTime, Rule: "pick_short_risk/1",
		RuleSays: verdict.Raise, Mode: verdict.Off, DecidedBy: verdict.ByRule, Raised: true, Selection: verdict.FromRule, PropensityBP: verdict.Certain,
	}
	return [][]byte{verdict.Append(nil, &full), verdict.Append(nil, &small)}
}

// decisions likewise; Check takes what the schema does.
func decisions(t *testing.T) (texts [][]byte) {
	item := exception.NewID("default", "CA-05", "dhl/1", "promise")
	full := decision.Decision{
		ItemID: item, ItemKind: decision.Exception, Tenant: "default", Code: "CA-05", Subject: "dhl/1", Verdict: decision.FalseAlarm, Cause: "hub", Reviewer: "ada",
		DecidedAt: event.MinTime, Source: decision.Triage, Selection: decision.Random, PropensityBP: 200, RevisionSeen: 2, IdempotencyKey: "t-1", Note: "n",
	}
	small := decision.Decision{
		ItemID: item, ItemKind: decision.Verdict, Tenant: "default", Code: "pick_short_risk", Subject: "F-1", Verdict: decision.Unsure, Reviewer: "simulate",
		DecidedAt: event.MinTime, Source: decision.Simulate, Selection: decision.FromML, IdempotencyKey: "1",
	}
	for _, d := range []decision.Decision{full, small} {
		if d.Complete(); d.Check() != nil {
			t.Errorf("%+v: %v", d, d.Check())
		}
		texts = append(texts, decision.Append(nil, &d))
	}
	return texts
}

// controls are records of each kind, a policy with all members and one with as few as there may be; Check takes what the schema does.
func controls(t *testing.T) (texts [][]byte) {
	policy := control.Policy{Code: "CA-05", Mode: verdict.Canary, CanaryBP: 500, Bundle: "carrier-lateness@1", ThresholdBP: 7000, ClearBP: 5000,
		Floor: exception.Major, SampleBP: 100}
	bundle := control.Bundle{Name: "carrier-lateness", Version: 1, SHA256: strings.Repeat("0f", 32), Features: "carrier/1", SizeBytes: 1}
	guard := control.Guard{Code: "CA-05", Bundle: "carrier-lateness@1", State: control.Open, Signal: control.G3, Reason: "guard_drift", ChangedAt: event.MinTime,
		WindowFrom: event.MinTime, WindowTo: event.MinTime, Statistic: 0.2, Threshold: 0.1, HoldUntil: event.MinTime, ValidUntil: event.MinTime, Trips: 1}
	for _, r := range []control.Record{
		{Kind: control.KindPolicy, ApprovedBy: "bob", Note: "n", Policy: &policy},
		{Kind: control.KindPolicy, Policy: &control.Policy{Code: "pick_short_risk", Mode: verdict.Off}},
		{Kind: control.KindBundle, Bundle: &bundle},
		{Kind: control.KindGuard, Guard: &guard},
		{Kind: control.KindGuard, Guard: &control.Guard{Code: "CA-05", Bundle: "carrier-lateness@1", State: control.Closed, ChangedAt: event.MinTime}},
		{Kind: control.KindSettings, Settings: json.RawMessage("{}")},
	} {
		r.Version, r.Author = 1, "ada"
		if r.Complete(); r.Check() != nil {
			t.Errorf("%+v: %v", r, r.Check())
		}
		texts = append(texts, control.Append(nil, &r))
	}
	return texts
}
