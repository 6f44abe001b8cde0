package exception

import (
	"reflect"
	"testing"
	"unicode/utf8"

	"github.com/segmentio/encoding/json"
)

// FuzzDecode: no bytes make Decode panic; what the fast way takes the parser of all of JSON reads alike; what was read is written and read again.
func FuzzDecode(f *testing.F) {
	x := sample()
	f.Add(Append(nil, &x))
	for _, seed := range []string{"", "}", "{}", "[]", "null", `{"revision":1e3}`, `{"evidence":["0000000000000001",]}`, `{"evidence":null,"reasons":null}`,
		`{"opened_at":"1969-12-31T00:00:00Z"}`, `{"exception_id":"00"}`, `{"reasons":["\ud800"]}`, `{"tenant":"a"} x`} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, value []byte) {
		var x, fast, slow Exception
		if written(value, &fast) && utf8.Valid(value) {
			if rest, err := json.Parse(value, &slow, 0); err != nil || len(rest) > 0 || !reflect.DeepEqual(fast, slow) {
				t.Fatalf("%s\nis read as    %+v\nthe parser has %+v, %v", value, fast, slow, err)
			}
		}
		if Decode(value, &x) != nil || x.OpenedAt == 0 || x.DetectedAt == 0 || x.Deadline == 0 || x.ActBy == 0 { // without its times it is none that Append writes
			return
		}
		var again, third Exception
		once := Append(nil, &x)
		if err := Decode(once, &again); err != nil {
			t.Fatalf("%s\nis written as\n%s\nwhich is not read: %v", value, once, err)
		}
		if twice := Append(nil, &again); Decode(twice, &third) != nil || !reflect.DeepEqual(again, third) || string(once) != string(twice) {
			t.Fatalf("%s\nis written as\n%s\nand then as\n%s", value, once, twice)
		}
	})
}
