package decision

import (
	"reflect"
	"strings"
	"testing"

	"andon/schemas/event"
	"andon/schemas/identity"
)

func sample() Decision {
	item := identity.New("acme", "CA-05", "dhl/1", "promise")
	return Decision{
		ID: NewID("acme", item, "t-17"), ItemID: item, ItemKind: Exception, Tenant: "acme", Code: "CA-05", Subject: "dhl/1",
		Verdict: Confirmed, Cause: "hub closed", Reviewer: "ada", DecidedAt: event.MinTime + 1, Source: Triage, Selection: Random,
		PropensityBP: 200, RevisionSeen: 3, IdempotencyKey: "t-17", Note: "called",
	}
}

func TestWhatIsWrittenIsRead(t *testing.T) {
	for _, d := range []Decision{sample(), {DecidedAt: event.MinTime}} {
		var got Decision
		if err := Decode(Append(nil, &d), &got); err != nil || !reflect.DeepEqual(got, d) {
			t.Errorf("%+v is read as %+v, %v", d, got, err)
		}
	}
}

func TestCheckNamesFieldAndFix(t *testing.T) {
	d := sample()
	if err := d.Check(); err != nil {
		t.Fatal(err)
	}
	for says, spoil := range map[string]func(*Decision){
		"tenant is missing: that of the item":                       func(d *Decision) { d.Tenant = "" },
		"subject is missing":                                        func(d *Decision) { d.Subject = "" },
		"reviewer is missing: who decided":                          func(d *Decision) { d.Reviewer = "" },
		"idempotency_key is missing: a name of its own":             func(d *Decision) { d.IdempotencyKey = "" },
		"note has 4097 bytes: at most 4096":                         func(d *Decision) { d.Note = strings.Repeat("x", 4097) },
		"item_id is missing: the exception_id or verdict_id":        func(d *Decision) { d.ItemID = identity.ID{} },
		"decided_at is missing":                                     func(d *Decision) { d.DecidedAt = 0 },
		"propensity_bp is 0":                                        func(d *Decision) { d.PropensityBP = 0 },
		"propensity_bp is 200 with selection ml: only a random":     func(d *Decision) { d.Selection = FromML },
		"revision_seen is 3: the revision":                          func(d *Decision) { d.ItemKind = Verdict },
		`item_kind is "order": one of exception, verdict`:           func(d *Decision) { d.ItemKind = "order" },
		"verdict is missing: one of confirmed, false_alarm, unsure": func(d *Decision) { d.Verdict = "" },
		`source is "x": one of triage, carrier_outcome, auto`:       func(d *Decision) { d.Source = "x" },
		"decision_id is ":                                           func(d *Decision) { d.ID[0]++ },
	} {
		d := sample()
		spoil(&d)
		if err := d.Check(); err == nil || !strings.HasPrefix(err.Error(), says) || strings.Contains(err.Error(), "\n") {
			t.Errorf("want %q, got %v", says, err)
		}
	}
}

// FuzzDecode: no bytes make Decode or Check panic; what was read is written and read again.
func FuzzDecode(f *testing.F) {
	d := sample()
	f.Add(Append(nil, &d))
	for _, seed := range []string{"", "{}", "[]", "null", `{"decided_at":"x"}`, `{"item_id":"00"}`, `{"propensity_bp":1e9}`, `{"note":"\ud800"}`, "{} x"} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, value []byte) {
		var d, again Decision
		if Decode(value, &d) != nil {
			return
		}
		_ = d.Check()
		if d.DecidedAt == 0 { // without its time it is none that Append writes
			return
		}
		once := Append(nil, &d)
		if err := Decode(once, &again); err != nil {
			t.Fatalf("%s\nis written as\n%s\nwhich is not read: %v", value, once, err)
		}
		if twice := Append(nil, &again); string(once) != string(twice) {
			t.Fatalf("%s\nis written as\n%s\nand then as\n%s", value, once, twice)
		}
	})
}
