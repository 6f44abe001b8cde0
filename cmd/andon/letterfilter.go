package main

import (
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"andon/pipeline/kafka"
	"andon/schemas/event"
)

// letterFilter says which dead letters a command is about.
type letterFilter struct {
	From    []letterName `arg:"" optional:"" placeholder:"TOPIC/PARTITION/OFFSET" help:"Only these, by where they lay, as list prints it; OFFSET may be FIRST-LAST."`
	Topic   string       `placeholder:"TOPIC" help:"Only what came from this topic."`
	Family  string       `placeholder:"FAMILY" help:"Only what came from the topics of this family: asn, carrier, pickpack."`
	Reason  string       `placeholder:"REASON" help:"Only this reason, e.g. wrong_key."`
	EventID string       `placeholder:"ID" help:"Only records in which this event_id can be read."`
	Since   when         `placeholder:"TIME" help:"Only what was put aside from then on: an instant in UTC (2026-03-02T08:15:00Z), or so long ago (90m, 24h)."`
	Until   when         `placeholder:"TIME" help:"Only what was put aside before then."`
}

// check refuses a family that is none.
func (f *letterFilter) check() error {
	if _, ok := event.ParseFamily(f.Family); !ok && f.Family != "" {
		return usageError{errors.New("--family is asn, carrier or pickpack")}
	}
	return nil
}

// wants reports whether the filter lets a letter through.
func (f *letterFilter) wants(at kafka.Config, l *kafka.Letter) bool {
	lane, known := at.LaneOf(&l.Letter)
	switch {
	case l.At < f.Since.Micros || f.Until.Micros != 0 && l.At >= f.Until.Micros:
	case f.Topic != "" && l.Topic != f.Topic:
	case f.Reason != "" && string(l.Reason) != f.Reason:
	case f.Family != "" && (!known || lane.Family.String() != f.Family):
	case len(f.From) > 0 && !slices.ContainsFunc(f.From, func(n letterName) bool { return n.is(l) }):
	case f.EventID != "" && (!known || eventID(lane.Family, l) != f.EventID):
	default:
		return true
	}
	return false
}

// eventID is the event id of the record, as far as it can be read.
func eventID(f event.Family, l *kafka.Letter) string {
	var e event.Event
	_ = event.Decode(f, l.Key, l.Raw, &e) // a record that is refused may still have told its id
	return e.ID
}

// letterName names the letter of a record, or those of a range of records, or of a timer.
type letterName struct {
	text        string
	topic       string
	partition   int32
	first, last int64 // of records; last is part of it
	timer       string
}

// UnmarshalText reads TOPIC/PARTITION/ and an offset, two of them, or a timer.
func (n *letterName) UnmarshalText(text []byte) error {
	wrong := errors.New("name the letter as andon deadletter list does: TOPIC/PARTITION/OFFSET, or TOPIC/PARTITION/FIRST-LAST")
	n.text = string(text)
	parts := strings.SplitN(n.text, "/", 3)
	if len(parts) < 3 || parts[0] == "" || parts[2] == "" {
		return wrong
	}
	partition, err := strconv.ParseInt(parts[1], 10, 32)
	if err != nil || partition < 0 {
		return wrong
	}
	n.topic, n.partition = parts[0], int32(partition)
	first, last, ranged := strings.Cut(parts[2], "-")
	if !ranged {
		last = first
	}
	var errs [2]error
	n.first, errs[0] = strconv.ParseInt(first, 10, 64)
	n.last, errs[1] = strconv.ParseInt(last, 10, 64)
	switch {
	case errs[0] != nil || errs[1] != nil:
		n.timer = parts[2]
	case n.first < 0 || n.last < n.first:
		return fmt.Errorf("%s: the offsets of a range are FIRST-LAST, the smaller first", parts[2])
	}
	return nil
}

// is reports whether the letter is of that name.
func (n *letterName) is(l *kafka.Letter) bool {
	if l.Topic != n.topic || l.Partition != n.partition || l.Timer != n.timer {
		return false
	}
	return n.timer != "" || n.first <= l.Offset && l.Offset <= n.last
}
