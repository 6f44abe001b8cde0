package exception

import (
	"reflect"
	"testing"
	"unicode/utf8"

	"github.com/segmentio/encoding/json"
)

func sample() Exception {
	n := int64(-5)
	return Exception{
		ID: NewID("acme", "IN-05", "D1", "1/2"), Revision: 2, Tenant: "acme", Code: "IN-05", Subject: "D1", Episode: "1/2", State: Cleared, Change: WasCleared,
		Severity: Major, DecidedBy: DecidedByRule, Site: "AMS1", Item: "g1", Line: "2", OpenedAt: 1_740_787_200_000_001, ClearedAt: 1_740_787_200_000_002,
		DetectedAt: 1_740_787_200_000_003, LateData: true, Unit: Milli, Expected: &n, Observed: &n, Delta: &n, CostAtRiskMinor: &n, Currency: "EUR",
		ProbabilityBP: 9000, AvoidableBP: 8000, UrgencyBP: 5000, PriorityScore: &n, Priority: P3, Deadline: 1_740_787_200_000_004, ActBy: 1_740_787_200_000_005,
		Reasons: []string{"7 received of 10", "\u00fcber"}, Evidence: Evidence{1, 1 << 63}, Rule: "IN-05/1",
	}
}

// If this fails, a member was added or moved: written must follow, or every record takes the slow way.
func TestWhatIsWrittenIsReadTheFastWay(t *testing.T) {
	x := sample()
	small := Exception{ID: x.ID, OpenedAt: x.OpenedAt, DetectedAt: x.OpenedAt, Deadline: x.OpenedAt, ActBy: x.OpenedAt, Reasons: []string{}, Evidence: Evidence{}}
	for _, x := range []Exception{x, small} {
		var got Exception
		if value := Append(nil, &x); !written(value, &got) || !reflect.DeepEqual(got, x) {
			t.Errorf("%s is read as %+v", value, got)
		}
	}
}

// Whatever becomes of a record, the fast way reads it as the parser of all of JSON does, or leaves it to it.
func TestTheFastWayReadsWhatTheParserReads(t *testing.T) {
	x := sample()
	text := string(Append(nil, &x))
	fast := 0
	for at := range text {
		for _, cut := range []int{0, 1, 2, 3} {
			for _, other := range []string{"", "0", "-", `"`, "\\", ",", "]", "}", " ", "null", "e1", "\n", "x"} {
				value := text[:at] + other + text[min(at+cut, len(text)):]
				var got, want Exception
				if !utf8.ValidString(value) || !written([]byte(value), &got) {
					continue
				}
				fast++
				rest, err := json.Parse([]byte(value), &want, 0)
				if err != nil || len(rest) > 0 || !reflect.DeepEqual(got, want) {
					t.Fatalf("%s\nis read as    %+v\nthe parser has %+v, %v", value, got, want, err)
				}
			}
		}
	}
	if fast < 1000 {
		t.Errorf("only %d records took the fast way", fast)
	}
}
