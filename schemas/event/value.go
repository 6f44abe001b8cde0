package event

import (
	"math"
	"strconv"
	"strings"
	"unsafe"
)

// value reads the value of a member of the struct at base, white space before it allowed. Null leaves the field as it is: a null member is an
// absent one. Of a member given twice the last value counts.
func (r *reader) value(i int, m *member, base unsafe.Pointer) int {
	c, i := r.next(i)
	switch to := m.in(base); m.kind {
	case unknown:
		return r.skip(i)
	case text:
		if c == '"' {
			*(*string)(to), i = r.string(i)
			return i
		}
	case instant:
		if c == '"' {
			return r.instant(i, (*Micros)(to))
		}
	case integer:
		if c == '-' || isDigit(c) {
			return r.integer(i, m, (*int64)(to), math.MinInt64, math.MaxInt64)
		}
	case integer32:
		if c == '-' || isDigit(c) {
			return r.integer32(i, m, (*int32)(to))
		}
	case boolean:
		if c == 't' || c == 'f' {
			*(*bool)(to) = c == 't'
			return r.literal(i, strconv.FormatBool(c == 't'))
		}
	case typeName:
		if c == '"' {
			return r.choice(i, typeNames, uint8(Unknown), (*uint8)(to))
		}
	case statusName:
		if c == '"' {
			return r.choice(i, statusNames, uint8(Unmapped), (*uint8)(to))
		}
	case purposeName:
		if c == '"' {
			return r.choice(i, purposeNames, unknownName, (*uint8)(to))
		}
	case conditionName:
		if c == '"' {
			return r.choice(i, conditionNames, unknownName, (*uint8)(to))
		}
	case lineList:
		if c == '[' {
			return r.lines(i, m, (*[]Line)(to))
		}
	}
	return r.other(i, m)
}

// choice reads a name of a list; any other name gives other.
func (r *reader) choice(i int, of *names, other uint8, to *uint8) int {
	s, i := r.string(i)
	found, ok := of.find(s)
	if !ok {
		found = other
	}
	*to = found
	return i
}

// instant reads a time. What is none is kept as invalidTime: an impossible date is another reason than a wrong type.
func (r *reader) instant(i int, to *Micros) int {
	s, i := r.string(i)
	*to = invalidTime
	if at, ok := parseTime(s); ok && at >= MinTime && at < MaxTime {
		*to = at
	}
	return i
}

func (r *reader) integer32(i int, m *member, to *int32) int {
	n := int64(*to)
	i = r.integer(i, m, &n, math.MinInt32, math.MaxInt32)
	*to = int32(n)
	return i
}

// integer reads a number without fraction or exponent between two bounds.
func (r *reader) integer(i int, m *member, to *int64, least, most int64) int {
	end := r.number(i)
	if end < 0 {
		return end
	}
	n, ok := whole(r.text[i:end])
	if !ok || n < least || n > most {
		r.mistyped(m, i, end)
		return end
	}
	*to = n
	return end
}

// whole is the value of a number that the grammar allows; false when it has a fraction or an exponent or is too large.
func whole(number string) (n int64, ok bool) {
	digits := strings.TrimPrefix(number, "-")
	if len(digits) > 18 {
		n, err := strconv.ParseInt(number, 10, 64)
		return n, err == nil
	}
	for i := range len(digits) {
		if !isDigit(digits[i]) {
			return 0, false
		}
		n = n*10 + int64(digits[i]-'0')
	}
	if len(digits) < len(number) {
		n = -n
	}
	return n, true
}

// lines reads a document's lines into the memory of to. A null line is a blank one.
func (r *reader) lines(i int, m *member, to *[]Line) int {
	*to = blank(*to)
	return r.array(i, func(i int) int {
		*to = append(*to, Line{})
		c, i := r.next(i)
		if c != '{' {
			return r.other(i, m)
		}
		return r.object(i, lineMembers, unsafe.Pointer(&(*to)[len(*to)-1]))
	})
}

// other passes a value of another type than the member's. Only null may stand for any type.
func (r *reader) other(i int, m *member) int {
	end := r.skip(i)
	if end >= 0 && r.text[i:end] != "null" {
		r.mistyped(m, i, end)
	}
	return end
}

// mistyped notes that the member's value is not of its type. The first note stands; the record is read to its end, for if it is not well-formed
// that is the better reason.
func (r *reader) mistyped(m *member, i, end int) {
	if r.wrong == nil {
		r.wrong = &Reject{WrongSchema, m.name + ": want " + m.kind.wanted() + ", found " + excerpt(r.text[i:end])}
	}
}
