package ndjson

import (
	"fmt"
	"slices"
	"strings"

	"andon/replay/history"
	"andon/schemas/event"

	"github.com/cespare/xxhash/v2"
)

// The warnings: what is taken and yet is probably not what was meant.
const (
	UnknownMember  = "unknown_member"  // a member that is not read
	UnmappedStatus = "unmapped_status" // a carrier status outside the list
	IDReused       = "id_reused"       // an event id of the same subject with other content, which is replaced
	NoSite         = "no_site"         // order.released without a site
	NoQuantity     = "no_quantity"     // a quantity that is not stated and counts as 0
	NotThousandths = "not_thousandths" // pieces that are no whole ones
	OutOfOrder     = "out_of_order"    // older than an earlier line by more than an import allows for
	Ahead          = "ahead"           // later than all before it by so much that the date is doubtful
	Tick           = "tick"            // clock.tick, which an import writes itself
)

// aheadBy is how far an event may be ahead of all before it without a warning.
const aheadBy = 30 * event.Day

// Review looks at the lines of a file in their order, and counts them. Its memory grows with the events: some 30 bytes each.
type Review struct {
	Lines, Duplicates int // a duplicate is an event that stood in the file before, byte for byte
	Refused, Warned   int // lines
	Events            map[event.Type]int
	seen              map[uint64]seen
	high              event.Micros
}

// seen is what is remembered of an event.
type seen struct {
	content uint64
	line    int
}

// NewReview begins with no line.
func NewReview() *Review { return &Review{Events: map[event.Type]int{}, seen: map[uint64]seen{}} }

// Total is how many events there are, of all types.
func (r *Review) Total() (n int) {
	for _, of := range r.Events {
		n += of
	}
	return n
}

// Line returns what a person should know about the next line: one problem when it is refused, any number of warnings when it is not.
func (r *Review) Line(l Line) []Problem {
	r.Lines++
	members := membersOf(l.Record.Value)
	if l.Reject != nil {
		r.Refused++
		return []Problem{explain(&l, members)}
	}
	w := warnings{line: l.No}
	w.unknown(members)
	if l.Event.Type == event.ClockTick {
		w.add(Tick, "type", "clock.tick is left out: an import writes its own")
	} else {
		r.Events[l.Event.Type]++
		w.values(l.Event, members)
		r.times(l.Event, &w)
		r.identity(l, &w)
	}
	if len(w.list) > 0 {
		r.Warned++
	}
	return w.list
}

// times holds the event time against those before.
func (r *Review) times(e *event.Event, w *warnings) {
	switch {
	case r.high-e.Time > history.ImportLateness:
		w.add(OutOfOrder, "event_time", "event_time %s is %d days before that of an earlier line: lines must stand in the order in which the events arrived, or silence is judged too soon",
			e.Time, (r.high-e.Time)/event.Day)
	case r.high > 0 && e.Time-r.high > aheadBy:
		w.add(Ahead, "event_time", "event_time %s is %d days after all before it: time passes them in an import; is the date right?", e.Time, (e.Time-r.high)/event.Day)
	}
	r.high = max(r.high, e.Time)
}

// identity looks whether the event stood in the file before.
func (r *Review) identity(l Line, w *warnings) {
	name := xxhash.Sum64String(strings.Join([]string{l.Event.Tenant, l.Record.Family.String(), l.Record.Key, l.Event.ID}, "\x00"))
	before, known := r.seen[name]
	switch {
	case !known:
	case before.content == l.Event.Content:
		r.Duplicates++
		return
	default:
		w.add(IDReused, "event_id", "event_id %q stands in line %d with other content, which this line replaces: right for a new version of the event, wrong for a new event",
			l.Event.ID, before.line)
	}
	r.seen[name] = seen{l.Event.Content, l.No}
}

// warnings are those of one line.
type warnings struct {
	line int
	list []Problem
}

func (w *warnings) add(reason, member, format string, args ...any) {
	w.list = append(w.list, Problem{Line: w.line, Reason: reason, Member: member, Text: fmt.Sprintf(format, args...)})
}

// unknown warns about members that are not read, and about lines of a document without a quantity.
func (w *warnings) unknown(members []member) {
	tell := func(path, name string, known []string) {
		meant := ""
		if near := nearest(name, known); near != "" {
			meant = ": did you mean " + near + "?"
		}
		w.add(UnknownMember, path+name, "%s%s is no member of an event and is not read%s", path, name, meant)
	}
	for _, m := range members {
		if _, known := eventMembers[m.name]; !known {
			tell("", m.name, eventNames)
		}
		if m.name != "lines" {
			continue
		}
		told := map[string]bool{}
		for i, line := range linesOf(m.value) {
			if !has(line, "qty_milli") && !told["qty_milli"] {
				told["qty_milli"] = true
				w.add(NoQuantity, "lines[].qty_milli", "lines[%d] has no qty_milli: it counts as 0", i)
			}
			for _, part := range line {
				if _, known := lineMembers[part.name]; !known && !told[part.name] {
					told[part.name] = true
					tell("lines[].", part.name, lineNames)
				}
			}
		}
	}
}

func has(members []member, name string) bool {
	return slices.ContainsFunc(members, func(m member) bool { return m.name == name })
}

// pieces are the units of measure that are counted, not weighed or measured. Without a unit pieces are assumed.
var pieces = []string{"", "H87", "C62", "EA", "PCE"}

// values warns about values that are taken and rarely meant.
func (w *warnings) values(e *event.Event, members []member) {
	if e.Status == event.Unmapped {
		said := "UNMAPPED"
		for _, m := range members {
			if m.name == "status" {
				said, _ = text(m.value)
			}
		}
		meant := ""
		if near := nearest(said, statusNames); near != "" && near != said {
			meant = "; did you mean " + near + "?"
		}
		w.add(UnmappedStatus, "status", "status holds %q, which no rule reads%s", said, meant)
	}
	if e.Type == event.OrderReleased && e.Site == "" {
		w.add(NoSite, "site", "order.released has no site: its exceptions will name no building")
	}
	if counts := e.Type == event.ReceiptLine || e.Type == event.PickConfirmed || e.Type == event.PackItem; counts && !has(members, "qty_milli") {
		w.add(NoQuantity, "qty_milli", "%s has no qty_milli: it counts as 0", e.Type)
	}
	w.thousandths("", e.UOM, e.QtyMilli)
	for i := range e.Lines {
		w.thousandths(fmt.Sprintf("lines[%d].", i), e.Lines[i].UOM, e.Lines[i].QtyMilli)
	}
}

func (w *warnings) thousandths(path, uom string, milli int64) {
	if milli%1000 == 0 || !slices.Contains(pieces, uom) {
		return
	}
	if n := len(w.list); n > 0 && w.list[n-1].Reason == NotThousandths {
		return // told of an earlier line of the document
	}
	w.add(NotThousandths, "qty_milli", "%sqty_milli holds %d, which is %d.%03d pieces: %d pieces are %d; goods that are weighed need their uom, such as KGM",
		path, milli, milli/1000, milli%1000, milli, milli*1000)
}
