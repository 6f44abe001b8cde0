package event

import "unsafe"

// reader walks once over the JSON text of one record (RFC 8259). Its methods begin at byte i and return the index after what they are named
// after. A negative index means that the text breaks the grammar or a limit: r.at and r.want then say where and how.
type reader struct {
	text  string
	bytes []byte // the same memory
	depth int    // objects and arrays that are open
	high  uint64 // all bytes of all strings, eight to a word, or-ed: a top bit says that a string is not ASCII

	at    int     // where the text failed,
	want  string  // and what should stand there
	wrong *Reject // the first member whose value is not of its type
}

// fail ends the reading: want should stand at byte i.
func (r *reader) fail(i int, want string) int {
	r.at, r.want = i, want
	return -1
}

// next is the first byte from i on that is no white space (section 2), and its index; 0 at the end.
func (r *reader) next(i int) (byte, int) {
	for ; i < len(r.text); i++ {
		if c := r.text[i]; c > ' ' || c != ' ' && c != '\n' && c != '\r' && c != '\t' {
			return c, i
		}
	}
	return 0, i
}

// object reads an object (section 4) whose brace is byte i into the struct at base, whose members it has.
func (r *reader) object(i int, of *members, base unsafe.Pointer) int {
	if r.depth++; r.depth > MaxDepth {
		return r.fail(i, "no deeper nesting")
	}
	c, i := r.next(i + 1)
	for first := true; c != '}' || !first; first = false {
		if c != '"' {
			return r.fail(i, "the name of a member")
		}
		name, end := r.string(i)
		if end < 0 {
			return end
		}
		if c, i = r.next(end); c != ':' {
			return r.fail(i, "a colon after the name of a member")
		}
		if i = r.value(i+1, of.find(name), base); i < 0 {
			return i
		}
		if c, i = r.next(i); c == '}' {
			break
		}
		if c != ',' {
			return r.fail(i, "a comma or the end of the object")
		}
		c, i = r.next(i + 1)
	}
	r.depth--
	return i + 1
}

// array reads an array (section 5) whose bracket is byte i: value reads each of its values.
func (r *reader) array(i int, value func(i int) int) int {
	if r.depth++; r.depth > MaxDepth {
		return r.fail(i, "no deeper nesting")
	}
	c, i := r.next(i + 1)
	for first := true; c != ']' || !first; first = false {
		if i = value(i); i < 0 {
			return i
		}
		if c, i = r.next(i); c == ']' {
			break
		}
		if c != ',' {
			return r.fail(i, "a comma or the end of the array")
		}
		i++
	}
	r.depth--
	return i + 1
}

// skip reads any value (section 3), white space before it allowed.
func (r *reader) skip(i int) int {
	switch c, i := r.next(i); {
	case c == '"':
		_, i = r.string(i)
		return i
	case c == '{':
		return r.object(i, nothing, nil)
	case c == '[':
		return r.array(i, r.skip)
	case c == 't':
		return r.literal(i, "true")
	case c == 'f':
		return r.literal(i, "false")
	case c == 'n':
		return r.literal(i, "null")
	case c == '-' || isDigit(c):
		return r.number(i)
	default:
		return r.fail(i, "a value")
	}
}

var nothing = &members{list: []member{{}}}

// literal reads one of the three literal names (section 3).
func (r *reader) literal(i int, name string) int {
	if end := i + len(name); end <= len(r.text) && r.text[i:end] == name {
		return end
	}
	return r.fail(i, name)
}

// number reads a number (section 6): an integer part without leading zeros, perhaps a fraction, perhaps an exponent.
func (r *reader) number(i int) int {
	if r.has(i, '-') {
		i++
	}
	if r.has(i, '0') {
		i++
	} else if i = r.digits(i); i < 0 {
		return i
	}
	if r.has(i, '.') {
		if i = r.digits(i + 1); i < 0 {
			return i
		}
	}
	if r.has(i, 'e') || r.has(i, 'E') {
		if i++; r.has(i, '+') || r.has(i, '-') {
			i++
		}
		return r.digits(i)
	}
	return i
}

// has reports whether byte i is c.
func (r *reader) has(i int, c byte) bool { return i < len(r.text) && r.text[i] == c }

func (r *reader) digits(i int) int {
	start := i
	for i < len(r.text) && isDigit(r.text[i]) {
		i++
	}
	if i == start {
		return r.fail(i, "a digit")
	}
	return i
}

func isDigit(c byte) bool { return c-'0' <= 9 }
