package rule

import (
	"strconv"

	"andon/schemas/event"
)

// qty writes thousandths as a decimal without trailing zeros.
func qty(milli int64) string {
	s := strconv.FormatInt(milli/1000, 10)
	if rest := milli % 1000; rest != 0 {
		frac := strconv.FormatInt(1000+rest, 10)[1:]
		for frac[len(frac)-1] == '0' {
			frac = frac[:len(frac)-1]
		}
		s += "." + frac
	}
	return s
}

// span writes a span in its two largest units.
func span(d event.Micros) string {
	if d < 0 {
		d = -d
	}
	units := [...]struct {
		size event.Micros
		name string
	}{{event.Day, "d"}, {event.Hour, "h"}, {event.Minute, "min"}, {event.Second, "s"}}
	for i, u := range units {
		if d < u.size {
			continue
		}
		s := strconv.FormatInt(int64(d/u.size), 10) + " " + u.name
		if i+1 < len(units) {
			if rest := d % u.size / units[i+1].size; rest > 0 {
				s += " " + strconv.FormatInt(int64(rest), 10) + " " + units[i+1].name
			}
		}
		return s
	}
	return "0 s"
}

// seconds is a span in whole seconds, rounded down.
func seconds(d event.Micros) int64 { return int64(d / event.Second) }
