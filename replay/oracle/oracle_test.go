package oracle_test

import (
	"flag"
	"fmt"
	"maps"
	"os"
	"slices"
	"strings"
	"testing"

	"andon/detectors/rule"
	"andon/detectors/setting"
	"andon/replay/oracle"
	"andon/schemas/event"
	"andon/schemas/exception"

	"pgregory.net/rapid"
)

// checks is how many histories each property draws, of each family; -rapid.checks=N asks for another number.
const checks = "500"

func TestMain(m *testing.M) {
	if err := flag.Set("rapid.checks", checks); err != nil { // before the command line is read, which wins
		panic(err)
	}
	os.Exit(m.Run())
}

// The core finds what the oracle finds, whatever came when.
func TestCoreIsTheOracle(t *testing.T) {
	for _, family := range event.Families {
		t.Run(family.String(), func(t *testing.T) {
			rapid.Check(t, func(t *rapid.T) {
				h := histories(t, family)
				same(t, h, "oracle", oracle.Find(h.family, h.records, h.settings, h.usual, h.end), "core", core(t, h, plain))
			})
		})
	}
}

// So it does on a live line, where the brokers' timestamps make the time pass.
func TestCoreIsTheOracleByTheWallClock(t *testing.T) {
	for _, family := range event.Families {
		t.Run(family.String(), func(t *testing.T) {
			rapid.Check(t, func(t *rapid.T) {
				h := histories(t, family)
				for _, r := range h.records {
					h.end = max(h.end, r.At)
				}
				live := way{1, func() int { return rapid.IntRange(1, 8).Draw(t, "beat") }, plain.undo, setting.Wall}
				same(t, h, "oracle", oracle.Find(h.family, h.records, h.settings, h.usual, h.end), "core", core(t, h, live))
			})
		})
	}
}

// Every code is among what the properties are about, in each state that it can end in: else they would say nothing of it.
func TestHistoriesTellOfEveryCode(t *testing.T) {
	told := map[string]int{}
	for _, family := range event.Families {
		some := rapid.Custom(func(t *rapid.T) *history { return histories(t, family) })
		for seed := range 1000 {
			h := some.Example(seed)
			for _, x := range oracle.Find(h.family, h.records, h.settings, h.usual, h.end) {
				told[x.Code+" "+string(x.State)]++
			}
		}
	}
	for _, r := range rule.All {
		if n := told[r.Code+" open"]; n < 10 {
			t.Errorf("%s is open %d times in 1000 histories: write it into the oracle, and draw what it is about", r.Code, n)
		}
	}
	for _, code := range []string{"IN-01", "IN-05", "CA-02", "CA-04", "CA-13", "PI-01", "PI-06", "PA-01"} {
		if n := told[code+" cleared"]; n < 10 {
			t.Errorf("%s is cleared %d times in 1000 histories", code, n)
		}
	}
}

// same fails with the differences and the history.
func same[X comparable](t *rapid.T, h *history, a string, want []X, b string, got []X) {
	if slices.Equal(want, got) {
		return
	}
	var text strings.Builder
	only := func(name string, list, others []X) {
		for _, x := range list {
			if !slices.Contains(others, x) {
				fmt.Fprintf(&text, "%s: %s\n", name, describe(x))
			}
		}
	}
	only(a, want, got)
	only(b, got, want)
	t.Fatalf("%s%v", text.String(), h)
}

func describe(x any) string {
	if x, ok := x.(oracle.Exception); ok {
		return fmt.Sprintf("%s %s/%s [%s] %s opened %v cleared %v: expected %d observed %d delta %d", x.Code, x.Tenant, x.Subject, x.Episode, x.State,
			x.OpenedAt, x.ClearedAt, x.Expected, x.Observed, x.Delta)
	}
	return fmt.Sprint(x)
}

// relations are ways in which a history can be another and the same must come of it.
var relations = map[string]func(d draw, h *history) (*history, way){
	"cut": func(d draw, h *history) (*history, way) {
		return h, way{1, func() int { return 1 + d.number("beat", 8) }, plain.undo, setting.Log}
	},
	"undone": func(d draw, h *history) (*history, way) {
		return h, way{1, func() int { return 1 + d.number("beat", 4) }, func() bool { return d.rarely("undo", 2) }, setting.Log}
	},
	"rearranged": func(d draw, h *history) (*history, way) {
		other := *h
		other.arrive(d, d.lateness(), h.end)
		return &other, plain
	},
	"doubled": func(d draw, h *history) (*history, way) {
		other := *h
		other.records = slices.Clone(h.records)
		for _, r := range h.records {
			if d.rarely("double", 2) {
				other.records = append(other.records, r)
			}
		}
		other.arrive(d, d.lateness(), h.end)
		return &other, plain
	},
	"on 3 partitions": func(_ draw, h *history) (*history, way) { return h, way{3, plain.cut, plain.undo, setting.Log} },
	"on 8 partitions": func(_ draw, h *history) (*history, way) { return h, way{8, plain.cut, plain.undo, setting.Log} },
}

// The same comes of the same facts, to the last byte of the records, however they came and wherever they were cut.
func TestHowItCameDoesNotMatter(t *testing.T) {
	for _, family := range event.Families {
		t.Run(family.String(), func(t *testing.T) {
			rapid.Check(t, func(t *rapid.T) {
				h := histories(t, family)
				name := rapid.SampledFrom(slices.Sorted(maps.Keys(relations))).Draw(t, "relation")
				other, way := relations[name](draw{t}, h)
				same(t, h, "in order", written(t, h, plain, ""), name, written(t, other, way, ""))
			})
		})
	}
}

// What happens a span later is found a span later; where it matters what time of the day it is, whole days later.
func TestTimesShift(t *testing.T) {
	for _, family := range event.Families {
		t.Run(family.String(), func(t *testing.T) {
			rapid.Check(t, func(t *rapid.T) {
				h := histories(t, family)
				by := event.Micros(rapid.Int64Range(-int64(5000*event.Day), int64(5000*event.Day)).Draw(t, "by"))
				if len(h.usual.Timed) > 0 {
					by -= by % event.Day
				}
				want := core(t, h, plain)
				for i := range want {
					want[i] = shifted(t, want[i], by)
				}
				same(t, h, "shifted before", want, "shifted after", core(t, h.shifted(by), plain))
			})
		})
	}
}

// shifted is an exception a span later: so are the instants that its episode names.
func shifted(t *rapid.T, x oracle.Exception, by event.Micros) oracle.Exception {
	parts := strings.Split(x.Episode, ";")
	for i, part := range parts {
		name, value, _ := strings.Cut(part, "=")
		if name == "due" || name == "journey" {
			at, err := event.ParseTime(value)
			if err != nil {
				t.Fatal(err)
			}
			parts[i] = name + "=" + (at + by).String()
		}
	}
	x.Episode = strings.Join(parts, ";")
	x.ID = exception.NewID(x.Tenant, x.Code, x.Subject, x.Episode)
	x.OpenedAt += by
	if x.ClearedAt != 0 {
		x.ClearedAt += by
	}
	return x
}

// Nothing that happens to one subject changes what is found of another.
func TestStrangersDoNotMatter(t *testing.T) {
	for _, family := range event.Families {
		t.Run(family.String(), func(t *testing.T) {
			rapid.Check(t, func(t *rapid.T) {
				h := histories(t, family)
				crowd := h.with(draw{t}, "stranger")
				name := "stranger"
				if family == event.Carrier {
					name = "ACME/" + name
				}
				same(t, crowd, "alone", written(t, h, plain, ""), "in company", written(t, crowd, plain, name))
			})
		})
	}
}
