package event

import (
	"encoding/binary"
	"math/bits"
	"strconv"
	"unicode/utf16"
	"unicode/utf8"
)

// string reads a string (RFC 8259, section 7) whose opening quote is byte i. What it returns shares the memory of the text unless there are
// escapes in it. It looks at sixteen bytes at a time, for few strings are longer: a loop that mostly ends in its first round is one the
// processor predicts. Whether the bytes are UTF-8 is left to the end of the record: see high.
func (r *reader) string(i int) (string, int) {
	b, start := r.bytes, i+1
	for i = start; i+16 <= len(b); i += 16 {
		one, two := binary.LittleEndian.Uint64(b[i:i+8]), binary.LittleEndian.Uint64(b[i+8:i+16])
		r.high |= one | two
		m, after := special(one), special(two)
		if m|after == 0 {
			continue
		}
		if m == 0 {
			m, i = after, i+8
		}
		i += bits.TrailingZeros64(m) / 8
		if b[i] != '"' || i-start > MaxStringBytes {
			break
		}
		return r.text[start:i], i + 1
	}
	return r.bytewise(start, i)
}

// bytewise reads the rest of a string whose bytes from start to i are plain: the end of a record, and what has escapes.
func (r *reader) bytewise(start, i int) (string, int) {
	var out []byte
	for from := start; i < len(r.text); {
		switch c := r.text[i]; {
		case c == '"' && i-start > MaxStringBytes:
			return "", r.fail(start, "a shorter string")
		case c == '"' && from == start:
			return r.text[start:i], i + 1
		case c == '"':
			return string(append(out, r.text[from:i]...)), i + 1
		case c == '\\':
			out = append(out, r.text[from:i]...)
			if out, i = r.escape(out, i+1); i < 0 {
				return "", i
			}
			from = i
		case c < ' ':
			return "", r.fail(i, "an escape for a control character")
		default:
			r.high |= uint64(c)
			i++
		}
	}
	return "", r.fail(i, "the end of a string")
}

// escape reads what follows a backslash and appends the character it stands for.
func (r *reader) escape(out []byte, i int) ([]byte, int) {
	const letters, meanings = `"\/bfnrt`, "\"\\/\b\f\n\r\t"
	for k := range len(letters) {
		if r.has(i, letters[k]) {
			return append(out, meanings[k]), i + 1
		}
	}
	if !r.has(i, 'u') {
		return out, r.fail(i, "the letter of an escape")
	}
	c, i := r.hex4(i + 1)
	if i >= 0 && utf16.IsSurrogate(c) {
		c, i = r.second(c, i)
	}
	return utf8.AppendRune(out, c), i
}

// second reads the second half of a surrogate pair. A first half alone becomes the replacement character (section 8.2 leaves it open), and what
// follows it is read for itself.
func (r *reader) second(first rune, i int) (rune, int) {
	if r.has(i, '\\') && r.has(i+1, 'u') {
		if c, end := r.hex4(i + 2); end >= 0 {
			if pair := utf16.DecodeRune(first, c); pair != utf8.RuneError {
				return pair, end
			}
		}
	}
	return utf8.RuneError, i
}

// hex4 reads four hexadecimal digits.
func (r *reader) hex4(i int) (rune, int) {
	if i+4 <= len(r.text) {
		if n, err := strconv.ParseUint(r.text[i:i+4], 16, 16); err == nil {
			return rune(n), i + 4
		}
	}
	return 0, r.fail(i, "four hexadecimal digits")
}

// special has the top bit set in the bytes of w that do not stand for themselves. The lowest one set is true; those above it may come from the
// borrow of a subtraction. Flipping the second bit swaps the quote with the space: it comes to stand right after the control characters.
func special(w uint64) uint64 {
	low, backslash := w^ones*2, w^ones*'\\'
	return ((low-ones*('"'-1))&^low | (backslash-ones)&^backslash) & tops
}

const (
	ones = 0x0101010101010101
	tops = 0x8080808080808080
)
