package setting

import (
	"encoding/json"
	"strings"
	"testing"

	"andon/schemas/event"
)

func tables(t *testing.T, r Reference) *Tables {
	t.Helper()
	tables, err := r.Tables()
	if err != nil {
		t.Fatal(err)
	}
	return tables
}

// The most specific entry counts; what is not named falls back.
func TestMostSpecificEntryCounts(t *testing.T) {
	look := tables(t, Reference{
		Services: []Service{{"ACME", "NEXT", Express}},
		Gaps: []Gap{
			{Q90S: 1, Q99S: 1, N: 1}, {Status: "ACCEPTED", Q90S: 2, Q99S: 2, N: 1}, {Carrier: "ACME", Status: "ACCEPTED", Q90S: 3, Q99S: 3, N: 1},
			{Carrier: "ACME", Service: "NEXT", Status: "ACCEPTED", Q90S: 4, Q99S: 4, N: 1}, {Carrier: "ACME", Q90S: 5, Q99S: 5, N: 1},
		},
		Transit: []Transit{{Carrier: "BLUE", Service: "SLOW", Status: "ACCEPTED", Q80S: 1, N: 1}},
	})
	for _, c := range []struct {
		carrier, service string
		status           event.Status
		want             int64
	}{
		{"ACME", "NEXT", event.Accepted, 4}, {"ACME", "OTHER", event.Accepted, 3}, {"ACME", "", event.Accepted, 3}, {"BLUE", "SLOW", event.Accepted, 2},
		{"RED", "NEXT", event.Accepted, 2}, {"ACME", "NEXT", event.Lost, 5}, {"RED", "", event.Lost, 1},
	} {
		if got, ok := look.Lane(c.carrier, c.service).Gap(c.status); !ok || got.Q99S != c.want {
			t.Errorf("%s %s %s: %d, want %d", c.carrier, c.service, c.status, got.Q99S, c.want)
		}
	}
	if look.Lane("ACME", "NEXT").Class != Express || look.Lane("ACME", "").Class != Ground || look.Lane("RED", "NEXT").Class != Ground {
		t.Error("the class of a service is its own; any other is ground")
	}
	if _, ok := look.Lane("BLUE", "").Transit(event.Accepted); ok {
		t.Error("what holds for a service holds for no other")
	}
}

// An entry of a day and hours counts before those of any time, however specific these are; of several that hold the most specific counts.
func TestTransitGoesByDayAndHour(t *testing.T) {
	at := func(carrier, service string, day, from, until, q int64) Transit {
		return Transit{Carrier: carrier, Service: service, Status: "ACCEPTED", Day: day, FromH: from, UntilH: until, N: 1, Q50S: q, Q80S: q}
	}
	look := tables(t, Reference{Transit: []Transit{
		at("ACME", "NEXT", 0, 0, 0, 1), at("ACME", "NEXT", 2, 12, 16, 2), at("ACME", "NEXT", 2, 4, 8, 3), at("ACME", "", 2, 0, 24, 4), at("", "", 3, 0, 1, 5), at("", "", 0, 0, 0, 6),
	}})
	for _, c := range []struct {
		carrier         string
		day, hour, want int64
	}{
		{"ACME", 2, 12, 2}, {"ACME", 2, 15, 2}, {"ACME", 2, 16, 4}, {"ACME", 2, 4, 3}, {"ACME", 2, 3, 4}, {"ACME", 2, 8, 4}, {"ACME", 1, 12, 1}, {"ACME", 3, 0, 5},
		{"ACME", 3, 1, 1}, {"ACME", 0, 12, 1}, {"ACME", -2, 23, 1}, {"BLUE", 2, 12, 6}, {"BLUE", 3, 0, 5},
	} {
		if got, ok := look.Lane(c.carrier, "NEXT").TransitAt(event.Accepted, c.day, c.hour); !ok || got.Q80S != c.want {
			t.Errorf("%s on day %d at %d: %d, want %d", c.carrier, c.day, c.hour, got.Q80S, c.want)
		}
	}
	if _, ok := look.Lane("ACME", "NEXT").TransitAt(event.Lost, 2, 12); ok {
		t.Error("nothing is known of what is lost")
	}
}

func TestDurationsGoByQuantity(t *testing.T) {
	look := tables(t, Reference{Durations: []Duration{
		{Site: "A", N: 1, MedianMS: 3, MADLnMicro: 1}, {Site: "A", QtyMaxMilli: 5000, N: 1, MedianMS: 2, MADLnMicro: 1}, {Site: "A", QtyMaxMilli: 1000, N: 1, MedianMS: 1, MADLnMicro: 1},
		{QtyMaxMilli: 1000, N: 1, MedianMS: 4, MADLnMicro: 1},
	}})
	for _, c := range []struct {
		site string
		qty  int64
		want int64
	}{{"A", 1000, 1}, {"A", 1001, 2}, {"A", 9000, 3}, {"B", 1000, 4}, {"B", 2000, 0}} {
		if got, _ := look.Duration(c.site, c.qty); got.MedianMS != c.want {
			t.Errorf("%d at %s: %d, want %d", c.qty, c.site, got.MedianMS, c.want)
		}
	}
}

func TestShortRatesAndWeights(t *testing.T) {
	look := tables(t, Reference{
		ASNShorts:  []ASNShort{{Supplier: "S", Item: "A", N: 1, ShortBP: 1}, {Supplier: "S", N: 1, ShortBP: 2}, {Item: "A", N: 1, ShortBP: 3}},
		PickShorts: []PickShort{{Site: "S", N: 1, ShortBP: 4}, {Item: "A", N: 1, ShortBP: 5}, {N: 1, ShortBP: 6}},
		Weights:    []Weight{{Item: "A", N: 1, WeightG: 7}},
		Cartons:    []Carton{{Site: "S", N: 1, WeightG: 8}, {N: 1, WeightG: 9}},
	})
	asn := func(supplier, item string) int64 { e, _ := look.ASNShort(supplier, item); return e.ShortBP }
	pick := func(site, item string) int64 { e, _ := look.PickShort(site, item); return e.ShortBP }
	carton := func(site string) int64 { e, _ := look.Carton(site); return e.WeightG }
	got := []int64{asn("S", "A"), asn("S", "B"), asn("T", "A"), asn("T", "B"), pick("S", "A"), pick("S", "B"), pick("T", "B"), carton("S"), carton("T")}
	for i, want := range []int64{1, 2, 3, 0, 5, 4, 6, 8, 9} {
		if got[i] != want {
			t.Errorf("look-up %d: %d, want %d", i, got[i], want)
		}
	}
	if _, ok := look.Weight("B"); ok {
		t.Error("nobody weighed B")
	}
}

// What makes no sense is refused with the name of the setting.
func TestBadReferencesAreRefused(t *testing.T) {
	for want, r := range map[string]Reference{
		`settings.reference.services[0].carrier and service: both are needed`:                                       {Services: []Service{{Class: Express}}},
		`settings.reference.services[0].class: "fast" is none of express, ground, economy`:                          {Services: []Service{{"A", "B", "fast"}}},
		`settings.reference.gaps[0].n: 0 is not between 1 and 1000000000000000`:                                     {Gaps: []Gap{{Q90S: 1, Q99S: 1}}},
		`settings.reference.gaps[0].q99_s: 1 is under q90_s, which is 2`:                                            {Gaps: []Gap{{N: 1, Q90S: 2, Q99S: 1}}},
		`settings.reference.gaps[1]: there is an entry of the same names before it`:                                 {Gaps: []Gap{{N: 1, Q90S: 1, Q99S: 1}, {N: 2, Q90S: 2, Q99S: 2}}},
		`settings.reference.gaps[0].carrier: needed beside service "NEXT"`:                                          {Gaps: []Gap{{Service: "NEXT", N: 1, Q90S: 1, Q99S: 1}}},
		`settings.reference.transit[0].status: there is no carrier status "GONE"`:                                   {Transit: []Transit{{Status: "GONE", N: 1}}},
		`settings.reference.transit[0].day and until_h: both are needed, or neither and no from_h`:                  {Transit: []Transit{{Day: 1, N: 1}}},
		`settings.reference.transit[0].until_h: 3 is not after from_h, which is 4`:                                  {Transit: []Transit{{Day: 1, FromH: 4, UntilH: 3, N: 1}}},
		`settings.reference.transit: carrier "C", service "", status "", day 1: hours 10 to 12 and 0 to 24 overlap`: {Transit: []Transit{{Carrier: "C", Day: 1, UntilH: 12, FromH: 10, N: 1}, {Carrier: "C", Day: 1, UntilH: 24, N: 1}}},
		`settings.reference.durations[0].mad_ln_micro: 0 is not between 1 and 100000000`:                            {Durations: []Duration{{N: 1, MedianMS: 1}}},
		`settings.reference.weights[0].item: needed`:                                                                {Weights: []Weight{{N: 1, WeightG: 1}}},
		`settings.reference.cartons[0].weight_g: -1 is not between 0 and 10000000`:                                  {Cartons: []Carton{{N: 1, WeightG: -1}}},
		`settings.reference.asn_shorts[0].short_bp: 10001 is not between 0 and 10000`:                               {ASNShorts: []ASNShort{{N: 1, ShortBP: 10_001}}},
		`settings.reference.pick_shorts[1]: there is an entry of the same names before it`:                          {PickShorts: []PickShort{{N: 1}, {N: 1}}},
	} {
		if _, err := r.Tables(); err == nil || err.Error() != want {
			t.Errorf("%v, want %s", err, want)
		}
	}
}

// Settings that say nothing of what is usual are named as before there was anything to say.
func TestNoReferenceIsNotWritten(t *testing.T) {
	b, err := json.Marshal(Default())
	if err != nil || strings.Contains(string(b), "reference") {
		t.Errorf("%s, %v", b, err)
	}
}
