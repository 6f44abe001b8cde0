package event

import (
	"math/rand/v2"
	"testing"
	"time"
)

// parseTime agrees with time.Parse on every instant of years 1 to 9999, in every form it takes.
func TestParseTimeIsTimeParse(t *testing.T) {
	seed := rand.Uint64()
	random := rand.New(rand.NewPCG(seed, 0))
	first, last := time.Date(1, 1, 1, 0, 0, 0, 0, time.UTC).Unix(), time.Date(9999, 12, 31, 23, 59, 59, 0, time.UTC).Unix()
	layouts := []string{"2006-01-02T15:04:05Z", "2006-01-02T15:04:05+00:00", "2006-01-02T15:04:05.999999999Z", "2006-01-02T15:04:05.000000Z"}
	for range 20_000 {
		at := time.Unix(first+random.Int64N(last-first), random.Int64N(int64(time.Second))).UTC()
		text := at.Format(layouts[random.IntN(len(layouts))])
		want, err := time.Parse(time.RFC3339Nano, text)
		if err != nil {
			t.Fatal(err)
		}
		if got, ok := parseTime(text); !ok || got != Micros(want.UnixMicro()) {
			t.Fatalf("%s: %d, %v, want %d (seed %d)", text, got, ok, want.UnixMicro(), seed)
		}
	}
}

// Of texts near a date, parseTime takes none that time.Parse refuses.
func TestParseTimeRefusesWhatTimeParseRefuses(t *testing.T) {
	seed := rand.Uint64()
	random := rand.New(rand.NewPCG(seed, 0))
	taken := 0
	for range 200_000 {
		text := []byte("2024-02-29T23:59:59.123456Z")
		if random.IntN(2) == 0 {
			text = []byte("2023-12-31T00:00:00+00:00")
		}
		for range 1 + random.IntN(2) {
			text[random.IntN(len(text))] = "0123456789-:.TZ+ "[random.IntN(17)]
		}
		got, ok := parseTime(string(text))
		if !ok {
			continue
		}
		taken++
		want, err := time.Parse(time.RFC3339Nano, string(text))
		if err != nil || got != Micros(want.UnixMicro()) {
			t.Fatalf("%s: taken as %s; time.Parse: %v, %v (seed %d)", text, got, want, err, seed)
		}
	}
	if taken < 1000 {
		t.Errorf("only %d texts were taken: the test has lost its aim", taken)
	}
}

func TestMicrosString(t *testing.T) {
	for m, want := range map[Micros]string{
		0:                    "",
		MinTime:              "1990-01-01T00:00:00Z",
		MinTime + 1:          "1990-01-01T00:00:00.000001Z",
		MinTime + Second/2:   "1990-01-01T00:00:00.5Z",
		MinTime + 366*Day:    "1991-01-02T00:00:00Z",
		At(time.Unix(0, 0)):  "",
		At(time.Time{}) + 20: "1970-01-01T00:00:00.00002Z",
	} {
		if got := m.String(); got != want {
			t.Errorf("%d: %s, want %s", m, got, want)
		}
	}
}
