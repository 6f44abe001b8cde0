package event

import (
	"bytes"
	"errors"
	"strconv"
	"unicode/utf8"

	"github.com/cespare/xxhash/v2"
	"github.com/segmentio/encoding/json"
)

// oracle is Decode by a general parser: the methods below and the tags of Event are all it knows.
func oracle(family Family, key, value []byte, e *Event) error {
	*e = Event{}
	if len(value) > MaxStringBytes || bytes.Count(value, []byte{'{'})+bytes.Count(value, []byte{'['}) > MaxDepth {
		if r := checkShape(string(value)); r != nil {
			return r
		}
	}
	if !utf8.Valid(value) {
		return &Reject{Reason: InvalidUTF8}
	}
	if !isObject(value) {
		return &Reject{Malformed, "not a JSON object"}
	}
	rest, err := json.Parse(value, e, json.ZeroCopy|json.DontMatchCaseInsensitiveStructFields)
	if err != nil {
		return parseReject(err)
	}
	if len(rest) != 0 {
		return &Reject{Malformed, "bytes after the JSON object"}
	}
	if e.Tenant == "" {
		e.Tenant = DefaultTenant
	}
	if r := check(family, key, e); r != nil {
		return r
	}
	e.Content = xxhash.Sum64(value)
	return nil
}

// Oracle is oracle for the tests outside of the package.
var Oracle = oracle

func isObject(value []byte) bool {
	for _, c := range value {
		if c != ' ' && c != '\t' && c != '\r' && c != '\n' {
			return c == '{'
		}
	}
	return false
}

func parseReject(err error) *Reject {
	reason := Malformed
	if wrong := (*json.UnmarshalTypeError)(nil); errors.As(err, &wrong) {
		reason = WrongSchema
	}
	return &Reject{reason, strconv.Quote(err.Error())}
}

func (t *Type) UnmarshalJSON(b []byte) error {
	name, err := unquoted(b)
	i, _ := typeNames.find(string(name))
	*t = Type(i)
	return err
}

func (s *Status) UnmarshalJSON(b []byte) error {
	name, err := unquoted(b)
	i, ok := statusNames.find(string(name))
	if *s = Status(i); !ok && len(name) > 0 {
		*s = Unmapped
	}
	return err
}

func (p *Purpose) UnmarshalJSON(b []byte) error {
	i, err := purposeNames.choice(b)
	*p = Purpose(i)
	return err
}

func (c *Condition) UnmarshalJSON(b []byte) error {
	i, err := conditionNames.choice(b)
	*c = Condition(i)
	return err
}

func (n *names) choice(token []byte) (uint8, error) {
	name, err := unquoted(token)
	if err != nil || name == nil {
		return 0, err
	}
	i, ok := n.find(string(name))
	if !ok {
		return unknownName, nil
	}
	return i, nil
}
