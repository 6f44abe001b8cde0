package event

import (
	"fmt"
	"strconv"
	"unicode/utf8"
	"unsafe"
)

// parse reads the members of a record into e, which is blank.
func parse(value []byte, e *Event) *Reject {
	r := reader{text: unsafe.String(unsafe.SliceData(value), len(value)), bytes: value}
	ok := len(value) <= MaxRecordBytes && r.record(e)
	if !ok || r.wrong != nil || r.high&tops != 0 && !utf8.Valid(value) {
		return r.reject(ok)
	}
	return nil
}

// record reads the one object that a record is.
func (r *reader) record(e *Event) bool {
	c, i := r.next(0)
	if c != '{' {
		return r.fail(i, "an object") >= 0
	}
	if i = r.object(i, eventMembers, unsafe.Pointer(e)); i < 0 {
		return false
	}
	if _, i = r.next(i); i < len(r.text) {
		return r.fail(i, "the end of the record") >= 0
	}
	return true
}

// reject says why a record is refused. What stands first in the list wins, not what stands first in the record.
func (r *reader) reject(wellFormed bool) *Reject {
	if shape := checkShape(r.text); shape != nil {
		return shape
	}
	switch {
	case !utf8.ValidString(r.text):
		return &Reject{Reason: InvalidUTF8}
	case !wellFormed:
		return &Reject{Malformed, fmt.Sprintf("byte %d: want %s, found %s", r.at, r.want, excerpt(r.text[r.at:]))}
	}
	return r.wrong
}

// excerpt quotes the beginning of what was found, on one line.
func excerpt(found string) string {
	if found == "" {
		return "the end"
	}
	return strconv.Quote(found[:min(len(found), 32)])
}
