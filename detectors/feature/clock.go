package feature

import "andon/schemas/event"

// hourOfWeek is the hour of the week in UTC: 0 is the one that begins on Monday at midnight, 167 the last of Sunday.
func hourOfWeek(at event.Micros) int64 {
	const thursday = 3 * 24 // 1970 began on one
	return (int64(at/event.Hour) + thursday) % (7 * 24)
}

// weekendDays is on how many Saturdays and Sundays, in UTC, some of the time from one instant to a later one falls.
func weekendDays(from, to event.Micros) (days int64) {
	if to < from {
		return 0
	}
	first, last := int64(from/event.Day), int64(to/event.Day)
	weeks := (last - first + 1) / 7
	for day := first + 7*weeks; day <= last; day++ {
		if weekday := (day + 3) % 7; weekday >= 5 {
			days++
		}
	}
	return days + 2*weeks
}
