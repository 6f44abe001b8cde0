// Package member reads the JSON object of a record whose writer is known: its members in the order of their struct, nothing between them, strings
// without escapes. It says when a record is not of that form, so that a parser of all of JSON can read it instead, at several times the cost.
package member

import (
	"math"
	"strconv"
	"strings"
	"unsafe"
)

// Reader walks once over an object. Each method reads the member of a name, given as on the wire with quotes and colon, and passes over one that
// is not next: it is absent, or the object has another order, which Done then says.
type Reader struct {
	text string
	at   int
	bad  bool
}

// Read begins with value, whose memory the strings that are read share.
func Read(value []byte) Reader {
	return Reader{text: unsafe.String(unsafe.SliceData(value), len(value))}
}

// Done reports whether all of the object was read.
func (r *Reader) Done() bool { return !r.bad && r.at > 0 && r.text[r.at:] == "}" }

// next reports whether the member is next, and goes to its value.
func (r *Reader) next(name string) bool {
	rest, before := r.text[r.at:], byte(',')
	if r.at == 0 {
		before = '{'
	}
	if len(rest) <= len(name)+1 || rest[0] != before || rest[1:1+len(name)] != name {
		return false
	}
	r.at += 1 + len(name)
	return true
}

// Text reads a string.
func (r *Reader) Text(name string) string {
	if !r.next(name) {
		return ""
	}
	return r.quoted()
}

func (r *Reader) quoted() string {
	rest := r.text[r.at:]
	if len(rest) > 0 && rest[0] == '"' {
		if end := strings.IndexByte(rest[1:], '"'); end >= 0 {
			if s := rest[1 : 1+end]; plain(s) {
				r.at += end + 2
				return s
			}
		}
	}
	r.bad = true
	return ""
}

// plain reports whether s stands for itself.
func plain(s string) bool {
	for i := range len(s) {
		if s[i] < ' ' || s[i] == '\\' {
			return false
		}
	}
	return true
}

// Integer reads an integer; false when it is absent.
func (r *Reader) Integer(name string) (int64, bool) {
	if !r.next(name) {
		return 0, false
	}
	start, sign, n := r.at, int64(1), int64(0)
	if r.at < len(r.text) && r.text[r.at] == '-' {
		sign = -1
		r.at++
	}
	first := r.at
	for r.at < len(r.text) && r.text[r.at]-'0' <= 9 {
		n = n*10 + int64(r.text[r.at]-'0')
		r.at++
	}
	digits := r.at - first
	if digits == 0 || digits > 18 || digits > 1 && r.text[first] == '0' { // longer ones may not fit
		r.at, r.bad = start, true
	}
	return sign * n, true
}

// Integer32 reads an integer of 32 bits, 0 when it is absent.
func (r *Reader) Integer32(name string) int32 {
	n, _ := r.Integer(name)
	if n < math.MinInt32 || n > math.MaxInt32 {
		r.bad = true
	}
	return int32(n)
}

// Optional reads an integer; nil when it is absent.
func (r *Reader) Optional(name string) *int64 {
	n, ok := r.Integer(name)
	if !ok {
		return nil
	}
	return &n
}

// Number reads a number; nil when it is absent.
func (r *Reader) Number(name string) *float64 {
	if !r.next(name) {
		return nil
	}
	f := r.number()
	return &f
}

// Numbers reads an array of numbers, null for one that is missing, and gives each to add; false when it is absent.
func (r *Reader) Numbers(name string, missing float64, add func(float64)) bool {
	if !r.next(name) || !r.take('[') {
		return false
	}
	for first := true; !r.take(']'); first = false {
		if !first && !r.take(',') {
			r.bad = true
		}
		if strings.HasPrefix(r.text[r.at:], "null") {
			r.at += len("null")
			add(missing)
		} else {
			add(r.number())
		}
		if r.bad {
			return false
		}
	}
	return true
}

// number reads what JSON calls one.
func (r *Reader) number() float64 {
	start := r.at
	r.take('-')
	leading := r.at
	if n := r.digits(); n == 0 || n > 1 && r.text[leading] == '0' {
		r.bad = true
	}
	if r.take('.') && r.digits() == 0 {
		r.bad = true
	}
	if r.take('e') || r.take('E') {
		if !r.take('+') {
			r.take('-')
		}
		if r.digits() == 0 {
			r.bad = true
		}
	}
	f, err := strconv.ParseFloat(r.text[start:r.at], 64)
	r.bad = r.bad || err != nil
	return f
}

// digits goes over digits and counts them.
func (r *Reader) digits() (n int) {
	for r.at < len(r.text) && r.text[r.at]-'0' <= 9 {
		r.at++
		n++
	}
	return n
}

// Flag reads a boolean, false when it is absent.
func (r *Reader) Flag(name string) bool {
	if !r.next(name) {
		return false
	}
	for _, word := range [...]string{"true", "false"} {
		if strings.HasPrefix(r.text[r.at:], word) {
			r.at += len(word)
			return word == "true"
		}
	}
	r.bad = true
	return false
}

// As reads a string that parse makes a value of, the zero value when it is absent. What parse does not take is not of the form.
func As[V any](r *Reader, name string, parse func(string) (V, error)) (v V) {
	if !r.next(name) {
		return v
	}
	v, err := parse(r.quoted())
	r.bad = r.bad || err != nil
	return v
}

// Texts reads an array of strings and gives each to add, which says whether it takes it; false when it is absent.
func (r *Reader) Texts(name string, add func(string) bool) bool {
	if !r.next(name) || !r.take('[') {
		return false
	}
	for first := true; !r.take(']'); first = false {
		if !first && !r.take(',') || !add(r.quoted()) || r.bad {
			r.bad = true
			return false
		}
	}
	return true
}

// take goes over byte c, if it is next.
func (r *Reader) take(c byte) bool {
	if r.at < len(r.text) && r.text[r.at] == c {
		r.at++
		return true
	}
	return false
}
