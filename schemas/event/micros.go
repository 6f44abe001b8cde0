package event

import (
	"math"
	"time"
)

// Micros is an instant: microseconds since 1970-01-01T00:00:00Z, UTC. Zero means absent.
type Micros int64

// Bounds of a believable instant; anything outside is an impossible date (a sentinel such as 1970-01-01 is outside).
const (
	MinTime Micros = 631152000000000  // 1990-01-01T00:00:00Z
	MaxTime Micros = 4102444800000000 // 2100-01-01T00:00:00Z
)

const invalidTime Micros = math.MinInt64

// Second, Minute, Hour and Day are spans in microseconds.
const (
	Second Micros = 1_000_000
	Minute        = 60 * Second
	Hour          = 60 * Minute
	Day           = 24 * Hour
)

// At converts a time; the zero time gives 0.
func At(t time.Time) Micros {
	if t.IsZero() {
		return 0
	}
	return Micros(t.UnixMicro())
}

// UTC is the instant as a time in UTC.
func (m Micros) UTC() time.Time { return time.UnixMicro(int64(m)).UTC() }

// String is the instant in RFC 3339 UTC with the fraction only where there is one; empty when absent.
func (m Micros) String() string {
	if m == 0 {
		return ""
	}
	return m.UTC().Format("2006-01-02T15:04:05.999999Z")
}

// MarshalJSON writes RFC 3339 UTC.
func (m Micros) MarshalJSON() ([]byte, error) {
	return append(append([]byte{'"'}, m.String()...), '"'), nil
}

// UnmarshalJSON reads RFC 3339 in UTC ("Z" or "+00:00"), at most microseconds. What is no such instant, or lies outside MinTime and MaxTime,
// is kept as an invalid value for Decode to reject as an impossible date.
func (m *Micros) UnmarshalJSON(b []byte) error {
	s, err := text(b)
	if err != nil || s == nil {
		*m = 0
		return err
	}
	*m = invalidTime
	if v, ok := parseTime(s); ok && v >= MinTime && v < MaxTime {
		*m = v
	}
	return nil
}

// ParseTime reads an instant as the wire writes it; an impossible one is a *Reject.
func ParseTime(s string) (Micros, error) {
	if v, ok := parseTime([]byte(s)); ok && v >= MinTime && v < MaxTime {
		return v, nil
	}
	return 0, &Reject{ImpossibleDate, s}
}

// parseTime reads 2006-01-02T15:04:05[.f{1,9}](Z|+00:00) without allocating; digits past microseconds are dropped.
func parseTime(b []byte) (Micros, bool) {
	if len(b) < 20 || b[4] != '-' || b[7] != '-' || b[10] != 'T' || b[13] != ':' || b[16] != ':' {
		return 0, false
	}
	year, ok1 := digits(b[0:4])
	month, ok2 := digits(b[5:7])
	day, ok3 := digits(b[8:10])
	hour, ok4 := digits(b[11:13])
	minute, ok5 := digits(b[14:16])
	second, ok6 := digits(b[17:19])
	if !ok1 || !ok2 || !ok3 || !ok4 || !ok5 || !ok6 || month < 1 || month > 12 || day < 1 || day > daysIn(year, month) ||
		hour > 23 || minute > 59 || second > 59 {
		return 0, false
	}
	micros, rest, ok := fraction(b[19:])
	if !ok || (string(rest) != "Z" && string(rest) != "+00:00") {
		return 0, false
	}
	days := daysFromCivil(year, month, day)
	return Micros(((days*24+hour)*60+minute)*60+second)*Second + Micros(micros), true
}

func digits(b []byte) (n int64, ok bool) {
	for _, c := range b {
		if c < '0' || c > '9' {
			return 0, false
		}
		n = n*10 + int64(c-'0')
	}
	return n, true
}

func fraction(b []byte) (micros int64, rest []byte, ok bool) {
	if len(b) == 0 || b[0] != '.' {
		return 0, b, true
	}
	i, scale := 1, int64(100_000)
	for ; i < len(b) && b[i] >= '0' && b[i] <= '9'; i++ {
		micros += int64(b[i]-'0') * scale
		scale /= 10
	}
	return micros, b[i:], i > 1 && i <= 10
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
