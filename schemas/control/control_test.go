package control

import (
	"math"
	"reflect"
	"strings"
	"testing"

	"andon/schemas/event"
	"andon/schemas/exception"
	"andon/schemas/verdict"

	"github.com/segmentio/encoding/json"
)

func policy() Record {
	return Record{
		Object: "policy/CA-05", Version: 3, Kind: KindPolicy, Author: "ada", ApprovedBy: "bob", Note: "after two weeks of shadow",
		Policy: &Policy{Code: "CA-05", Mode: verdict.Live, Bundle: "carrier-lateness@1", ThresholdBP: 7000, ClearBP: 5000, Floor: exception.Major, SampleBP: 100},
	}
}

func bundle() Record {
	return Record{Object: "bundle/carrier-lateness", Version: 1, Kind: KindBundle, Author: "ada",
		Bundle: &Bundle{Name: "carrier-lateness", Version: 1, SHA256: strings.Repeat("0f", 32), Features: "carrier/1", SizeBytes: 123_456}}
}

func guard() Record {
	return Record{Object: "guard/CA-05/carrier-lateness@1", Version: 7, Kind: KindGuard, Author: "guard", Guard: &Guard{
		Code: "CA-05", Bundle: "carrier-lateness@1", State: Open, Signal: G2, Reason: "guard_features", ChangedAt: event.MinTime + 3, WindowFrom: event.MinTime + 1,
		WindowTo: event.MinTime + 2, Statistic: 0.0137, Threshold: 0.01, HoldUntil: event.MinTime + 9, ValidUntil: event.MinTime + 9, Trips: 2,
	}}
}

func settings() Record {
	return Record{Object: "settings", Version: 1, Kind: KindSettings, Author: "ada", Settings: json.RawMessage(`{"clock":"log"}`)}
}

func TestWhatIsWrittenIsRead(t *testing.T) {
	for key, r := range map[string]Record{
		"policy/CA-05/3": policy(), "bundle/carrier-lateness/1": bundle(), "guard/CA-05/carrier-lateness@1/7": guard(), "settings/1": settings(),
	} {
		var got Record
		if err := Decode(Append(nil, &r), &got); err != nil || !reflect.DeepEqual(got, r) || got.Key() != key {
			t.Errorf("%s is read as %+v, %v", Append(nil, &r), got, err)
		}
		got.Object = ""
		if got.Complete(); got.Object != r.Object || got.Check() != nil {
			t.Errorf("%s: object %q, %v", key, got.Object, got.Check())
		}
	}
}

func TestCheckNamesFieldAndFix(t *testing.T) {
	for _, c := range []struct {
		of    func() Record
		says  string
		spoil func(*Record)
	}{
		{policy, "kind is missing: one of policy, bundle", func(r *Record) { r.Kind = "" }},
		{policy, "bundle is missing: a record of kind bundle has it", func(r *Record) { r.Kind = KindBundle }},
		{policy, "guard does not belong into a record of kind policy", func(r *Record) { r.Guard = guard().Guard }},
		{policy, "author is missing", func(r *Record) { r.Author = "" }},
		{policy, `object is "policy/CA-03", what the record says is about "policy/CA-05": leave it out`, func(r *Record) { r.Object = "policy/CA-03" }},
		{policy, "version is 0: 1, then one more", func(r *Record) { r.Version = 0 }},
		{policy, `policy.code is "CA 05": a contested code`, func(r *Record) { r.Policy.Code, r.Object = "CA 05", "policy/CA 05" }},
		{policy, `policy.mode is "on": one of off, shadow, canary, live`, func(r *Record) { r.Policy.Mode = "on" }},
		{policy, "policy.bundle: \"\" is no name@version", func(r *Record) { r.Policy.Bundle = "" }},
		{policy, `policy.floor is "low": one of minor, major, critical`, func(r *Record) { r.Policy.Floor = "low" }},
		{policy, "policy.canary_bp is 0: the share of entities", func(r *Record) { r.Policy.Mode = verdict.Canary }},
		{policy, "policy.canary_bp is 5 with mode live: leave it out", func(r *Record) { r.Policy.CanaryBP = 5 }},
		{policy, "policy.threshold_bp is missing", func(r *Record) { r.Policy.ThresholdBP = 0 }},
		{policy, "policy.threshold_bp is 10001: basis points", func(r *Record) { r.Policy.ThresholdBP = 10_001 }},
		{policy, "policy.clear_bp 8000 is over policy.threshold_bp 7000", func(r *Record) { r.Policy.ClearBP = 8000 }},
		{policy, "approved_by is missing: mode live needs", func(r *Record) { r.ApprovedBy = "" }},
		{policy, `approved_by is "Ada ", the author: mode live needs someone else`, func(r *Record) { r.ApprovedBy = "Ada " }},
		{bundle, `bundle.name is "a/b"`, func(r *Record) { r.Bundle.Name, r.Object = "a/b", "bundle/a/b" }},
		{bundle, "bundle.version is 2, version 1: they are the same", func(r *Record) { r.Bundle.Version = 2 }},
		{bundle, `bundle.sha256 is "00": the model file's SHA-256`, func(r *Record) { r.Bundle.SHA256 = "00" }},
		{bundle, "bundle.features is missing", func(r *Record) { r.Bundle.Features = "" }},
		{bundle, "bundle.size_bytes is 0", func(r *Record) { r.Bundle.SizeBytes = 0 }},
		{guard, `guard.state is "ajar": one of closed, open, half_open`, func(r *Record) { r.Guard.State = "ajar" }},
		{guard, `guard.bundle: "x@01" is no name@version`, func(r *Record) { r.Guard.Bundle, r.Object = "x@01", "guard/CA-05/x@01" }},
		{guard, `guard.signal is "G7": one of G0, G1`, func(r *Record) { r.Guard.Signal = "G7" }},
		{guard, "guard.reason is missing: one of guard_golden", func(r *Record) { r.Guard.Reason = "" }},
		{guard, "guard.statistic is NaN", func(r *Record) { r.Guard.Statistic = math.NaN() }},
		{guard, "guard.changed_at is missing", func(r *Record) { r.Guard.ChangedAt = 0 }},
		{guard, "guard.window_to is before guard.window_from", func(r *Record) { r.Guard.WindowTo = 0 }},
		{guard, "guard.trips is -1", func(r *Record) { r.Guard.Trips = -1 }},
		{settings, "settings is no object", func(r *Record) { r.Settings = json.RawMessage("3") }},
		{settings, "settings is missing", func(r *Record) { r.Settings = nil }},
	} {
		r := c.of()
		c.spoil(&r)
		if err := r.Check(); err == nil || !strings.HasPrefix(err.Error(), c.says) || strings.Contains(err.Error(), "\n") {
			t.Errorf("want %q, got %v", c.says, err)
		}
	}
}

// FuzzDecode: no bytes make Decode or Check panic; what was read and is right is written and read again.
func FuzzDecode(f *testing.F) {
	for _, r := range []Record{policy(), bundle(), guard(), settings()} {
		f.Add(Append(nil, &r))
	}
	for _, seed := range []string{"", "{}", "[]", "null", `{"kind":"settings","settings":null}`, `{"kind":"settings","settings": 1}`, `{"policy":null}`,
		`{"guard":{"statistic":1e999}}`, `{"version":1e3}`, "{} x"} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, value []byte) {
		var r, again Record
		if Decode(value, &r) != nil || r.Check() != nil {
			return
		}
		once := Append(nil, &r)
		if err := Decode(once, &again); err != nil || again.Check() != nil {
			t.Fatalf("%s\nis written as\n%s\nwhich is not read: %v, %v", value, once, err, again.Check())
		}
		if twice := Append(nil, &again); string(once) != string(twice) {
			t.Fatalf("%s\nis written as\n%s\nand then as\n%s", value, once, twice)
		}
	})
}
