package event

import (
	"reflect"
	"strings"
	"unsafe"
)

// members are the members that an object may have, and where in the memory of a struct their values belong: what the struct's tags say.
type members struct {
	list  []member // the first one stands for every unknown name
	index index
}

type member struct {
	name   string
	kind   kind
	offset uintptr
}

// kind is how a member's value is read.
type kind uint8

const (
	unknown kind = iota
	text
	instant
	integer
	integer32
	boolean
	typeName
	statusName
	purposeName
	conditionName
	lineList
)

var kinds = map[reflect.Type]kind{
	reflect.TypeFor[string]():    text,
	reflect.TypeFor[Micros]():    instant,
	reflect.TypeFor[int64]():     integer,
	reflect.TypeFor[int32]():     integer32,
	reflect.TypeFor[bool]():      boolean,
	reflect.TypeFor[Type]():      typeName,
	reflect.TypeFor[Status]():    statusName,
	reflect.TypeFor[Purpose]():   purposeName,
	reflect.TypeFor[Condition](): conditionName,
	reflect.TypeFor[[]Line]():    lineList,
}

// wanted names what a kind's value is in JSON.
func (k kind) wanted() string {
	switch k {
	case integer, integer32:
		return "an integer"
	case boolean:
		return "true or false"
	case lineList:
		return "an array of objects"
	default:
		return "a string"
	}
}

var eventMembers, lineMembers = membersOf(reflect.TypeFor[Event]()), membersOf(reflect.TypeFor[Line]())

func membersOf(t reflect.Type) *members {
	m := &members{list: []member{{}}}
	names := []string{""}
	for f := range t.Fields() {
		name, _, _ := strings.Cut(f.Tag.Get("json"), ",")
		if name == "-" {
			continue
		}
		k := kinds[f.Type]
		if k == unknown {
			panic("event: no way to read " + f.Name) // at start, or never
		}
		m.list = append(m.list, member{name, k, f.Offset})
		names = append(names, name)
	}
	m.index = indexOf(names)
	return m
}

// find is the member of a name.
func (m *members) find(name string) *member {
	if found := &m.list[m.index.at(name)]; found.name == name {
		return found
	}
	return &m.list[0]
}

// in is where the member's value belongs in a struct.
func (m *member) in(base unsafe.Pointer) unsafe.Pointer { return unsafe.Add(base, m.offset) }
