package event

// parseTime reads 2006-01-02T15:04:05[.f{1,9}](Z|+00:00) without allocating; digits past microseconds are dropped.
func parseTime(s string) (Micros, bool) {
	if len(s) < 20 || s[4] != '-' || s[7] != '-' || s[10] != 'T' || s[13] != ':' || s[16] != ':' {
		return 0, false
	}
	year, month, day := pair(s, 0)*100+pair(s, 2), pair(s, 5), pair(s, 8)
	hour, minute, second := pair(s, 11), pair(s, 14), pair(s, 17)
	if year > 9999 || month < 1 || month > 12 || day < 1 || day > 28 && day > daysIn(year, month) || hour > 23 || minute > 59 || second > 59 {
		return 0, false
	}
	micros, zone, ok := fraction(s[19:])
	if !ok || zone != "Z" && zone != "+00:00" {
		return 0, false
	}
	days := daysFromCivil(year, month, day)
	return Micros(((days*24+hour)*60+minute)*60+second)*Second + micros, true
}

// pair is the number that two digits write, and more than any part of a time where they are none.
func pair(s string, i int) int64 {
	tens, units := s[i]-'0', s[i+1]-'0'
	if tens > 9 || units > 9 {
		return 10_000
	}
	return int64(tens)*10 + int64(units)
}

// fraction reads the fraction of a second that s may begin with, and returns what comes after it.
func fraction(s string) (micros Micros, rest string, ok bool) {
	if s[0] != '.' {
		return 0, s, true
	}
	i, scale := 1, Second
	for ; i < len(s) && isDigit(s[i]); i++ {
		scale /= 10
		micros += Micros(s[i]-'0') * scale
	}
	return micros, s[i:], i > 1 && i <= 10
}

func daysIn(year, month int64) int64 {
	switch month {
	case 4, 6, 9, 11:
		return 30
	case 2:
		if year%4 == 0 && (year%100 != 0 || year%400 == 0) {
			return 29
		}
		return 28
	}
	return 31
}

// daysFromCivil counts days from 1970-01-01 in the proleptic Gregorian calendar: years are taken to begin in March, so that the leap day ends one.
func daysFromCivil(year, month, day int64) int64 {
	if month <= 2 {
		year--
		month += 12
	}
	yearDays := 365*year + year/4 - year/100 + year/400
	return yearDays + (153*(month-3)+2)/5 + day - 1 - 719468
}
