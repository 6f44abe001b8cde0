package ndjson

import (
	"encoding/json"
	"fmt"
	"reflect"
	"slices"
	"strconv"
	"strings"
	"time"

	"andon/schemas/event"
)

// expectation is what a member may hold: in words, and as a check of what it does hold.
type expectation struct {
	want string
	ok   func(json.RawMessage) bool
}

// The members of an event and of a line, from the types that are decoded into, and their names in order.
var (
	eventMembers, eventNames = expectations(reflect.TypeFor[event.Event]())
	lineMembers, lineNames   = expectations(reflect.TypeFor[event.Line]())
)

func expectations(t reflect.Type) (members map[string]expectation, names []string) {
	members = map[string]expectation{}
	for field := range t.Fields() {
		if name, _, _ := strings.Cut(field.Tag.Get("json"), ","); name != "-" {
			members[name], names = expected(name, field.Type), append(names, name)
		}
	}
	return members, names
}

// Names of the closed lists.
var (
	typeNames      = listed(func(i uint8) string { return event.Type(i).String() })
	statusNames    = listed(func(i uint8) string { return event.Status(i).String() })
	purposeNames   = listed(func(i uint8) string { return event.Purpose(i).String() })
	conditionNames = listed(func(i uint8) string { return event.Condition(i).String() })
)

// listed collects names from the first that is not empty on.
func listed(name func(uint8) string) (names []string) {
	for i := range uint8(100) {
		if s := name(i); s != "" && !slices.Contains(names, s) {
			names = append(names, s)
		}
	}
	return names
}

func expected(name string, t reflect.Type) expectation {
	switch t {
	case reflect.TypeFor[event.Type]():
		return oneOf(typeNames)
	case reflect.TypeFor[event.Purpose]():
		return oneOf(purposeNames)
	case reflect.TypeFor[event.Condition]():
		return oneOf(conditionNames)
	case reflect.TypeFor[event.Micros]():
		return expectation{"an instant in UTC between 1990 and 2100, such as 2026-03-02T08:15:00Z", func(v json.RawMessage) bool {
			s, ok := text(v)
			_, err := event.ParseTime(s)
			return ok && err == nil
		}}
	case reflect.TypeFor[[]event.Line]():
		return expectation{fmt.Sprintf("a list of at most %d objects", event.MaxLines), func(v json.RawMessage) bool {
			var list []map[string]json.RawMessage
			return json.Unmarshal(v, &list) == nil && len(list) <= event.MaxLines
		}}
	}
	if t.Kind() == reflect.Bool {
		return expectation{"true or false", func(v json.RawMessage) bool { return string(v) == "true" || string(v) == "false" }}
	}
	if t.Kind() == reflect.Int32 || t.Kind() == reflect.Int64 {
		return number(name)
	}
	return expectation{fmt.Sprintf("text, in quotes, of at most %d bytes", event.MaxStringBytes), func(v json.RawMessage) bool {
		s, ok := text(v)
		return ok && len(s) <= event.MaxStringBytes
	}}
}

// number is what a number may be by the unit in its name.
func number(name string) expectation {
	what, top := "a whole number", int64(1<<31-1)
	switch {
	case strings.HasSuffix(name, "_milli"):
		what, top = "a whole number of thousandths (5 pieces are 5000)", event.MaxQtyMilli
	case strings.HasSuffix(name, "_g"):
		what, top = "whole grams", event.MaxQtyMilli
	case strings.HasSuffix(name, "_minor"):
		what, top = "a whole number of cents (minor units)", event.MaxCostMinor
	}
	return expectation{fmt.Sprintf("%s from 0 to %d", what, top), func(v json.RawMessage) bool {
		n, err := strconv.ParseInt(string(v), 10, 64)
		return err == nil && n >= 0 && n <= top
	}}
}

func oneOf(names []string) expectation {
	return expectation{"one of " + strings.Join(names, ", "), func(v json.RawMessage) bool {
		s, ok := text(v)
		return ok && slices.Contains(names, s)
	}}
}

// text is the string a value is.
func text(v json.RawMessage) (s string, ok bool) {
	return s, len(v) > 0 && v[0] == '"' && json.Unmarshal(v, &s) == nil
}

// wrongly says what a member holds that it must not, and what was expected; empty when it is all right. Null stands for absent.
func (x expectation) wrongly(path string, v json.RawMessage, known []string) string {
	if string(v) == "null" || x.ok(v) {
		return ""
	}
	s, quoted := text(v)
	said := fmt.Sprintf("%s holds %s, expected %s", path, shown(v), x.want)
	if other := nearest(s, known); other != "" && known != nil {
		return fmt.Sprintf("%s holds %s, which is not in its list: did you mean %q?", path, shown(v), other)
	}
	if _, err := strconv.ParseFloat(s, 64); err == nil && quoted {
		return said + ", without quotes"
	}
	if at, err := time.Parse(time.RFC3339, s); err == nil && at.Location() != time.UTC {
		return said + ": this one is " + event.At(at).String()
	}
	return said
}

// shown is a value as it is told: cut where it is long.
func shown(v []byte) string {
	const most = 60
	if s := strings.ToValidUTF8(string(v), "?"); len(s) > most {
		return strings.ToValidUTF8(s[:most], "") + "..."
	}
	return string(v)
}
