package event

import (
	"math"
	"strconv"
	"strings"
)

// value reads a member's value into the field it belongs to, white space before it allowed. Null leaves the field as it is: a null member is an
// absent one. Of a member given twice the last value counts.
func (r *reader) value(i int, field any) int {
	switch to := field.(type) {
	case *string:
		return r.str(i, to)
	case *Micros:
		return r.time(i, to)
	case *int64:
		return r.integer(i, to, math.MinInt64, math.MaxInt64)
	case *int32:
		return r.int32(i, to)
	case *bool:
		return r.bool(i, to)
	case *Type:
		return r.choice(i, typeNames, uint8(Unknown), (*uint8)(to))
	case *Status:
		return r.choice(i, statusNames, uint8(Unmapped), (*uint8)(to))
	case *Purpose:
		return r.choice(i, purposeNames, unknownName, (*uint8)(to))
	case *Condition:
		return r.choice(i, conditionNames, unknownName, (*uint8)(to))
	case *[]Line:
		return r.lines(i, to)
	}
	return r.skip(i)
}

func (r *reader) str(i int, to *string) int {
	c, i := r.next(i)
	if c != '"' {
		return r.other(i, "a string")
	}
	*to, i = r.string(i)
	return i
}

// choice reads a name of a list; any other name gives unknown.
func (r *reader) choice(i int, of *names, unknown uint8, to *uint8) int {
	c, i := r.next(i)
	if c != '"' {
		return r.other(i, "a string")
	}
	s, i := r.string(i)
	found, ok := of.find(s)
	if !ok {
		found = unknown
	}
	*to = found
	return i
}

// time reads an instant. What is none is kept as invalidTime: an impossible date is another reason than a wrong type.
func (r *reader) time(i int, to *Micros) int {
	c, i := r.next(i)
	if c != '"' {
		return r.other(i, "a string")
	}
	s, i := r.string(i)
	*to = invalidTime
	if at, ok := parseTime(s); ok && at >= MinTime && at < MaxTime {
		*to = at
	}
	return i
}

func (r *reader) bool(i int, to *bool) int {
	switch c, i := r.next(i); c {
	case 't':
		*to = true
		return r.literal(i, "true")
	case 'f':
		*to = false
		return r.literal(i, "false")
	default:
		return r.other(i, "true or false")
	}
}

func (r *reader) int32(i int, to *int32) int {
	n := int64(*to)
	i = r.integer(i, &n, math.MinInt32, math.MaxInt32)
	*to = int32(n)
	return i
}

// integer reads a number without fraction or exponent between two bounds.
func (r *reader) integer(i int, to *int64, least, most int64) int {
	const want = "an integer"
	c, i := r.next(i)
	if c != '-' && !isDigit(c) {
		return r.other(i, want)
	}
	end := r.number(i)
	if end < 0 {
		return end
	}
	n, ok := integer(r.text[i:end])
	if !ok || n < least || n > most {
		r.mistyped(want, r.text[i:end])
		return end
	}
	*to = n
	return end
}

// integer is the value of a number that the grammar allows; false when it has a fraction or an exponent or is too large.
func integer(number string) (n int64, ok bool) {
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
func (r *reader) lines(i int, to *[]Line) int {
	c, i := r.next(i)
	if c != '[' {
		return r.other(i, "an array")
	}
	*to = blank(*to)
	return r.array(i, func(i int) int {
		*to = append(*to, Line{})
		c, i := r.next(i)
		if c != '{' {
			r.name = "lines"
			return r.other(i, "an object")
		}
		return r.object(i, &(*to)[len(*to)-1])
	})
}

// other passes a value of another type than wanted. Only null may stand for any type.
func (r *reader) other(i int, want string) int {
	name := r.name
	end := r.skip(i)
	if r.name = name; end >= 0 && r.text[i:end] != "null" {
		r.mistyped(want, r.text[i:end])
	}
	return end
}

// mistyped notes that the member's value is not of its type. The first note stands; the record is read to its end, for if it is not well-formed
// that is the better reason.
func (r *reader) mistyped(want, found string) {
	if r.wrong == nil {
		r.wrong = &Reject{WrongSchema, r.name + ": want " + want + ", found " + excerpt(found)}
	}
}
