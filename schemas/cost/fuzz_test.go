package cost

import (
	"reflect"
	"testing"
	"unicode/utf8"

	"github.com/segmentio/encoding/json"
)

// FuzzDecode: no bytes make Decode panic; what the fast way takes the parser of all of JSON reads alike; what was read is written and read again.
func FuzzDecode(f *testing.F) {
	amount := int64(-1)
	f.Add(Append(nil, &Cost{
		ID: NewID("acme", PickLabour, "F1", "2"), Tenant: "acme", Component: PickLabour, Subject: "F1", Part: "2", IncurredAt: 1_740_787_200_000_001, Basis: Assumed,
		WorkUS: 9, QtyMilli: 3000, AmountMicro: &amount, Currency: "KWD", Rates: "r1", Withdrawn: true,
	}))
	for _, seed := range []string{"", "}", "{}", "[]", "null", `{"work_us":1e3}`, `{"amount_micro":null}`, `{"incurred_at":"x"}`, `{"cost_id":"00"}`, `{"tenant":"\ud800"}`, "{} x"} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, value []byte) {
		var c, fast, slow Cost
		if written(value, &fast) && utf8.Valid(value) {
			if rest, err := json.Parse(value, &slow, 0); err != nil || len(rest) > 0 || !reflect.DeepEqual(fast, slow) {
				t.Fatalf("%s\nis read as    %+v\nthe parser has %+v, %v", value, fast, slow, err)
			}
		}
		if Decode(value, &c) != nil || c.IncurredAt == 0 { // without its times it is none that Append writes
			return
		}
		var again, third Cost
		once := Append(nil, &c)
		if err := Decode(once, &again); err != nil {
			t.Fatalf("%s\nis written as\n%s\nwhich is not read: %v", value, once, err)
		}
		if twice := Append(nil, &again); Decode(twice, &third) != nil || !reflect.DeepEqual(again, third) || string(once) != string(twice) {
			t.Fatalf("%s\nis written as\n%s\nand then as\n%s", value, once, twice)
		}
	})
}
