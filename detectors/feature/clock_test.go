package feature

import (
	"testing"
	"time"

	"andon/schemas/event"

	"pgregory.net/rapid"
)

// The calendar of the standard library knows better.
func TestHoursAndWeekends(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		from := rapid.Int64Range(int64(event.MinTime), int64(event.MaxTime)-1).Draw(t, "from")
		to := min(from+rapid.Int64Range(-int64(event.Day), int64(40*event.Day)).Draw(t, "span"), int64(event.MaxTime))
		at := event.Micros(from).UTC()
		if want := (int(at.Weekday())+6)%7*24 + at.Hour(); hourOfWeek(event.Micros(from)) != int64(want) {
			t.Fatalf("%s is hour %d of its week, want %d", at, hourOfWeek(event.Micros(from)), want)
		}
		var want int64
		if to >= from {
			last := event.Micros(to).UTC().Truncate(24 * time.Hour)
			for day := at.Truncate(24 * time.Hour); !day.After(last); day = day.AddDate(0, 0, 1) {
				want += one(day.Weekday() == time.Saturday || day.Weekday() == time.Sunday)
			}
		}
		if got := weekendDays(event.Micros(from), event.Micros(to)); got != want {
			t.Fatalf("%d days of weekends from %s to %s, want %d", got, at, event.Micros(to).UTC(), want)
		}
	})
}
