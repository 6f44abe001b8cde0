package main

import (
	"os"
	"testing"
	"time"

	"andon/cmd/andon-bench/figure"
	"andon/internal/enginetest"
)

func TestMain(m *testing.M) {
	if os.Getenv(asBench) != "" {
		main() // the test binary is the program: it starts itself as broker and producer
		return
	}
	enginetest.Main(m)
}

// Each measurement runs, small, and leaves figures that say what they must.
func TestMeasurementsRun(t *testing.T) {
	enginetest.Needed(t)
	dir := t.TempDir()
	for _, test := range []struct {
		figure string
		args   []string
		values map[string][]string // case -> values above zero
	}{
		{"growth", []string{"--parcels", "300,600", "--events", "1800"},
			map[string][]string{"300": {"time_us", "ratio", "parcel_heap_bytes"}, "600": {"time_us", "ratio"}}},
		{"line", []string{"--broker", "kfake", "--orders", "2000", "--fill", "20000", "--measured", "20000", "--whole", "10000"},
			map[string][]string{kfake + figure.Ceiling: {"events_per_s"}, kfake + figure.Detect: {"events_per_s", "ceiling_percent", "parcel_facts_bytes"},
				kfake + figure.Whole: {"events_per_s", "rows"}}},
		{"restore", []string{"--orders", "2000", "--events", "30000"},
			map[string][]string{kfake + withSnapshots: {"events_per_s", "restore_s", "first_beat_s", "entities"}, kfake + withoutSnapshots: {"restore_s", "redone"}}},
		{"restore", []string{"--parcels", "5000"},
			map[string][]string{kfake + ", 5,000 parcels" + withSnapshots: {"events_per_s", "restore_s", "first_beat_s", "restore_peak_mb"}}},
		{"load", []string{"--orders", "1000", "--events", "20000", "--others", "2000"},
			map[string][]string{"events": {"rows_per_s"}, "exceptions": {"rows_per_s", "row_disk_bytes"}, "verdicts": {"rows_per_s"}, "costs": {"rows_per_s"},
				"decisions": {"rows_per_s"}, "all together": {"rows_per_s", "verdicts_rows", "decisions_rows"}}},
		{"latency", []string{"--broker", "kfake", "--rate", "2000", "--seconds", "2", "--warm", "1"},
			map[string][]string{kfake + figure.Detect: {"exception_p99_ms"}, kfake + figure.Whole: {"exception_p99_ms", "row_p99_ms", "event_row_p99_ms"}}},
	} {
		t.Run(test.figure, func(t *testing.T) {
			if err := run(t.Context(), append([]string{test.figure, "--out", dir}, test.args...)); err != nil {
				t.Fatal(err)
			}
			rows, err := figure.Latest(dir, test.figure)
			if err != nil {
				t.Fatal(err)
			}
			for name, values := range test.values {
				r := find(rows, name)
				for _, v := range values {
					if r.Values[v] <= 0 {
						t.Errorf("%s: %s is %v", name, v, r.Values[v])
					}
				}
				if r.Commit == "" || r.Machine.Cores == 0 || r.Seed != 1 || !r.End.After(r.Start) {
					t.Errorf("%s does not say how it was measured: %+v", name, r)
				}
			}
		})
	}
}

func find(rows []figure.Row, name string) (r figure.Row) {
	for _, r := range rows {
		if r.Case == name {
			return r
		}
	}
	return r
}

// A line that rises is told from one that does not, whatever the first half was like.
func TestMemoryMustBeFlat(t *testing.T) {
	var flat, rising series
	for i := range 100 {
		after := time.Duration(i) * time.Minute / 4
		flat = append(flat, sample{after: after, andon: 1000 + float64(min(i, 40))*50 + float64(i%2)})
		rising = append(rising, sample{after: after, andon: 1000 + float64(i)*20})
	}
	values := map[string]float64{}
	if flat.put(values); values["andon_rss_growth_percent"] > 1 || values["andon_rss_10_percent_mb"] > 1500 || values["andon_rss_100_percent_mb"] < 3000 {
		t.Error("flat:", values)
	}
	if rising.put(values); values["andon_rss_growth_percent"] < flatPercent || values["andon_rss_slope_mb_per_min"] < 79 || values["andon_rss_slope_mb_per_min"] > 81 {
		t.Error("rising:", values)
	}
}
