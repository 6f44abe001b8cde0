package verdict

import (
	stdjson "encoding/json"
	"math"
	"reflect"
	"testing"
	"unicode/utf8"

	"andon/schemas/event"

	"github.com/segmentio/encoding/json"
)

func sample() Verdict {
	score := 0.1
	return Verdict{
		ID: NewID("acme", "CA-05", "dhl/1", "promise", 7), Tenant: "acme", Code: "CA-05", Subject: "dhl/1", Episode: "promise", Site: "AMS1",
		JudgedAt: event.MinTime + 1, DetectedAt: event.MinTime + 2, Rule: "CA-05/1", RuleSays: Abstains, RuleMissing: "transit quantiles",
		Mode: Canary, CanaryBP: 500, Bundle: "carrier-lateness@1", Model: "00c0ffee00c0ffee", Score: &score, Reason: "none", ThresholdBP: 7000,
		DecidedBy: ByModel, Raised: true, Selection: FromModel, PropensityBP: Certain, Features: "carrier/1",
		Values: Values{-1.5e-9, 0, 1e21, 1.0 / 3, 86400}, ExceptionID: NewID("x", "", "", "", 0),
	}
}

func small() Verdict {
	return Verdict{ID: NewID("", "", "", "", 1), JudgedAt: event.MinTime, DetectedAt: event.MinTime}
}

// What is appended is what the tags say, and is read back the fast way. If this fails, a member was added or moved: Append and written must follow.
func TestAppendIsWhatTheTagsSay(t *testing.T) {
	for _, v := range []Verdict{sample(), small()} {
		tagged, err := stdjson.Marshal(v)
		if err != nil {
			t.Fatal(err)
		}
		var got, want map[string]any
		value := Append(nil, &v)
		if stdjson.Unmarshal(value, &got) != nil || stdjson.Unmarshal(tagged, &want) != nil || !reflect.DeepEqual(got, want) {
			t.Errorf("appended %s\nthe tags say %s", value, tagged)
		}
		var fast, slow Verdict
		if !written(value, &fast) || !reflect.DeepEqual(fast, v) {
			t.Errorf("%s is read as %+v", value, fast)
		}
		if err := Decode(append([]byte(" "), value...), &slow); err != nil || !reflect.DeepEqual(slow, v) {
			t.Errorf("with a space before, it is read as %+v, %v", slow, err)
		}
	}
}

func TestAMissingValueIsNull(t *testing.T) {
	v := small()
	v.Values = Values{1, math.NaN(), math.Inf(1)}
	want := `"values":[1,null,null]}`
	value := Append(nil, &v)
	if tail := string(value[len(value)-len(want):]); tail != want {
		t.Fatalf("it ends with %s", tail)
	}
	for _, value := range [][]byte{value, append([]byte(" "), value...)} {
		var got Verdict
		if err := Decode(value, &got); err != nil || len(got.Values) != 3 || got.Values[0] != 1 || !math.IsNaN(got.Values[1]) || !math.IsNaN(got.Values[2]) {
			t.Errorf("%s is read as %v, %v", value, got.Values, err)
		}
	}
}

// FuzzDecode: no bytes make Decode panic; what the fast way takes the parser of all of JSON reads alike; what was read is written and read again.
func FuzzDecode(f *testing.F) {
	v := sample()
	f.Add(Append(nil, &v))
	for _, seed := range []string{"", "}", "{}", "[]", "null", `{"score":01}`, `{"score":1.}`, `{"score":-}`, `{"score":1e999}`, `{"values":[1,]}`, `{"values":[,1]}`,
		`{"values":[null,1e5,-0]}`, `{"values":[]}`, `{"values":null}`, `{"judged_at":"x"}`, `{"exception_id":"00"}`, `{"raised":true} x`, `{"tenant":"\ud800"}`} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, value []byte) {
		var v, fast, slow Verdict
		if written(value, &fast) && utf8.Valid(value) {
			// A verdict with missing values differs from itself, so what is written of both is compared.
			if rest, err := json.Parse(value, &slow, 0); err != nil || len(rest) > 0 || string(Append(nil, &fast)) != string(Append(nil, &slow)) {
				t.Fatalf("%s\nis read as    %+v\nthe parser has %+v, %v", value, fast, slow, err)
			}
		}
		if Decode(value, &v) != nil || v.JudgedAt == 0 || v.DetectedAt == 0 { // without its times it is none that Append writes
			return
		}
		var again Verdict
		once := Append(nil, &v)
		if err := Decode(once, &again); err != nil {
			t.Fatalf("%s\nis written as\n%s\nwhich is not read: %v", value, once, err)
		}
		if twice := Append(nil, &again); string(once) != string(twice) {
			t.Fatalf("%s\nis written as\n%s\nand then as\n%s", value, once, twice)
		}
	})
}
