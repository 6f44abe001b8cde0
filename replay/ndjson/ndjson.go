// Package ndjson reads files of canonical events, one JSON object a line: what a site exports from its own systems, and what andon simulate
// --out writes. A line is an event, whose topic and key follow from it, or a record: {"topic": ..., "key": ..., "at": ..., "value": event},
// where all but the value may be left out. The order of the lines is the order of arrival. Blank lines are passed over, a file whose name
// ends in .gz is inflated.
package ndjson

import (
	"bufio"
	"bytes"
	"compress/gzip"
	"errors"
	"fmt"
	"io"
	"iter"
	"os"
	"strings"

	"andon/replay/history"
	"andon/schemas/event"

	"github.com/segmentio/encoding/json"
)

// Line is one line of a file.
type Line struct {
	No     int            // from 1
	Record history.Record // as it goes to its topic; of a refused line, what is known of it
	Event  *event.Event   // decoded from Record.Value; the reader's, good until the next line
	Reject *event.Reject  // why it cannot be taken; nil when it can
}

// lineMax is how many bytes of a line are read: a record of the longest value with its names around it.
const lineMax = event.MaxRecordBytes + 64<<10

// Read yields the lines of the file in their order, refused ones too. It ends with an error when the file cannot be read.
func Read(path string) iter.Seq2[Line, error] {
	return func(yield func(Line, error) bool) {
		f, err := os.Open(path)
		if err != nil {
			yield(Line{}, err)
			return
		}
		defer f.Close()
		var in io.Reader = f
		if strings.HasSuffix(path, ".gz") {
			if in, err = gzip.NewReader(f); err != nil {
				yield(Line{}, fmt.Errorf("%s: %w", path, err))
				return
			}
		}
		lines := reader{in: bufio.NewReaderSize(in, 64<<10)}
		for {
			l, err := lines.next()
			switch {
			case errors.Is(err, io.EOF):
				return
			case err != nil:
				yield(l, fmt.Errorf("%s:%d: %w", path, l.No, err))
				return
			case !yield(l, nil):
				return
			}
		}
	}
}

// reader makes lines of bytes.
type reader struct {
	in    *bufio.Reader
	no    int
	high  event.Micros // the latest event time so far: when a line arrived that does not say
	event event.Event
}

var byteOrderMark = []byte("\xef\xbb\xbf")

// next is the next line that is not blank; io.EOF after the last.
func (r *reader) next() (Line, error) {
	for {
		text, whole, err := r.text()
		r.no++
		if err != nil {
			return Line{No: r.no}, err
		}
		if r.no == 1 {
			text = bytes.TrimPrefix(text, byteOrderMark)
		}
		text = bytes.TrimSpace(text)
		switch {
		case !whole:
			return Line{No: r.no, Event: &event.Event{}, Reject: &event.Reject{Reason: event.TooLarge}}, nil
		case len(text) > 0:
			return r.line(text), nil
		}
	}
}

// text is the bytes up to the next line end, in memory of their own, and whether that is all of them.
func (r *reader) text() (text []byte, whole bool, err error) {
	whole = true
	for {
		part, more, err := r.in.ReadLine()
		if err != nil {
			return nil, false, err
		}
		if whole = whole && len(text)+len(part) <= lineMax; whole {
			text = append(text, part...)
		}
		if !more {
			return text, whole, nil
		}
	}
}

// record is a line in its long form.
type record struct {
	Topic string          `json:"topic"`
	Key   *string         `json:"key"`
	At    event.Micros    `json:"at"`
	Value json.RawMessage `json:"value"`
}

func (r *reader) line(text []byte) Line {
	l := Line{No: r.no, Event: &r.event, Record: history.Record{Value: text, Partition: history.ByKey}}
	var long record
	if bytes.Contains(text, []byte(`"value"`)) && json.Unmarshal(text, &long) == nil && bytes.HasPrefix(long.Value, []byte{'{'}) {
		l.Record.Value = long.Value
	} else {
		long = record{}
	}
	if l.Reject = l.decode(long); l.Reject != nil {
		return l
	}
	e := l.Event
	r.high = max(r.high, e.Time)
	l.Record.EventTime, l.Record.Latest = e.Time, max(e.Time, e.PromiseDeliverBy, e.ShipBy, e.ETA)
	if l.Record.At = long.At; long.At == 0 {
		l.Record.At = r.high
	}
	return l
}

// decode fills in family, key and event.
func (l *Line) decode(as record) *event.Reject {
	var why *event.Reject
	value, e := l.Record.Value, l.Event
	errors.As(event.Decode(event.ASN, nil, value, e), &why) // for the type and the subject, which say where it belongs
	if e.Type == event.Unknown {
		return why
	}
	found, fits := families(e)
	l.Record.Family = found
	if as.Topic != "" {
		named, ok := event.ParseFamily(as.Topic[strings.LastIndexByte(as.Topic, '.')+1:])
		if !ok {
			return &event.Reject{Reason: event.WrongTopic, Detail: fmt.Sprintf("topic holds %q, expected a topic that ends in asn, carrier or pickpack", as.Topic)}
		}
		l.Record.Family = named
	} else if fits > 1 {
		return &event.Reject{Reason: event.WrongTopic, Detail: "a correction goes where the event it takes back went, and this one names more than one subject; " +
			"leave despatch_id and po_id, or carrier and tracking_no, or fulfilment_id"}
	}
	if as.At != 0 && (as.At < event.MinTime || as.At >= event.MaxTime) {
		return &event.Reject{Reason: event.ImpossibleDate, Detail: "at is no instant in UTC between 1990 and 2100, such as 2026-03-02T08:15:00Z"}
	}
	if l.Record.Key = e.Key(l.Record.Family); as.Key != nil {
		l.Record.Key = *as.Key
	}
	if err := event.Decode(l.Record.Family, []byte(l.Record.Key), value, e); errors.As(err, &why) {
		return why
	}
	return nil
}

// families is the family of an event, and how many it would fit.
func families(e *event.Event) (family event.Family, fits int) {
	for _, f := range event.Families {
		if f.Of(e.Type) && (e.Type != event.Correction || e.Key(f) != "") {
			if fits++; fits == 1 {
				family = f
			}
		}
	}
	if e.Type == event.ClockTick {
		fits = 1
	}
	return family, fits
}

// Taken reports whether the line is an event to be written: it is not refused, and no clock.tick.
func (l *Line) Taken() bool { return l.Reject == nil && l.Event.Type != event.ClockTick }
