// Package simulate makes up a day of fulfilment: goods come in, orders are picked, packed and handed to carriers, parcels travel for some days.
// Things go wrong for physical causes (a supplier packs too few, a bin is empty, a trailer is missed, a hub is stuck), clustered as they are
// in life, and each cause leaves a label: what an attentive observer of the warehouse would know. What rules make of the events is not known here.
//
// A day is a pure function of its Config. It is told story by story: one inbound despatch for every twenty orders. A story is planned anew from
// its number whenever one of its records is due, so that millions of open orders cost no more memory than a place in a heap.
package simulate

import (
	"fmt"
	"iter"

	"andon/replay/history"
	"andon/schemas/event"
)

// Config of a day. The same config gives the same records, byte for byte, on any machine.
type Config struct {
	Seed   uint64
	Orders int          // released within 24 hours; about 21 events each
	Start  event.Micros // the day's first instant
}

// Label is the hidden truth of one thing that went wrong.
type Label struct {
	Code    string `json:"code"`
	Subject string `json:"subject"` // the key of the entity's events
	Detail  string `json:"detail"`
}

func label(code, subject, format string, args ...any) Label {
	return Label{code, subject, fmt.Sprintf(format, args...)}
}

// Day yields the day's records in arrival order, and its labels in the order of the stories. Both can be read any number of times. No record
// arrives more than history.SimulateLateness after it happened.
func Day(c Config) (iter.Seq[history.Record], iter.Seq[Label]) {
	records := func(yield func(history.Record) bool) { c.tell(yield) }
	labels := func(yield func(Label) bool) {
		t := c.teller()
		for s := range c.stories() {
			for _, l := range t.plan(s).labels() {
				if !yield(l) {
					return
				}
			}
		}
	}
	return records, labels
}

// Events is how many records the day has. To count them, each story is planned once and none is told.
func (c Config) Events() (n int) {
	t := c.teller()
	for s := range c.stories() {
		n += len(t.plan(s).planned())
	}
	return n
}

// ordersPerDespatch is how many orders there are to one inbound despatch.
const ordersPerDespatch = 20

// stories is how many stories the day has; each run of ordersPerDespatch orders begins with a despatch.
func (c Config) stories() int {
	return c.Orders + (c.Orders+ordersPerDespatch-1)/ordersPerDespatch
}

// busy is how the day's stories spread over its hours, in thousandths.
var busy = [24]int64{12, 8, 6, 6, 10, 20, 35, 50, 62, 66, 64, 60, 58, 56, 54, 52, 52, 54, 58, 62, 58, 45, 32, 20}

// begins is when a story begins; a later story never begins earlier.
func (c Config) begins(story int) event.Micros {
	at := int64(story) * 1000 * 1_000_000 / int64(c.stories()) // millionths of a thousandth of the day's stories
	for hour, share := range busy {
		if share *= 1_000_000; at >= share {
			at -= share
			continue
		}
		return c.Start + event.Micros(hour)*event.Hour + event.Micros(at*3600/(busy[hour]))
	}
	return c.Start + event.Day - 1
}

// story is what one despatch or order goes through, planned to its end.
type story interface {
	planned() []step // in arrival order
	event(*step) event.Event
	labels() []Label
}

// step is one event to come, without its words.
type step struct {
	at, arrive event.Micros
	qty        int64 // thousandths
	bad        int64 // the rejected part
	n          int16 // the line, the pack, or the number of the scan
	part       int16 // of a line that comes in parts; a document's revision; the carton; the place of a scan
	family     event.Family
	typ        event.Type
	status     event.Status
	prompt     bool // told without delay
}

// teller holds the two stories it plans by turns.
type teller struct {
	Config
	world    *world
	despatch despatch
	order    order
}

func (c Config) teller() *teller { return &teller{Config: c, world: newWorld(c)} }

func (t *teller) plan(number int) story {
	d := newDice(t.Seed, uint64(number))
	if number%(ordersPerDespatch+1) == 0 {
		t.despatch.plan(d, t.world, number, t.begins(number))
		return &t.despatch
	}
	t.order.plan(d, newDice(^t.Seed, uint64(number)), t.world, number, t.begins(number))
	return &t.order
}

// tell yields the records of all stories merged by arrival.
func (c Config) tell(yield func(history.Record) bool) {
	t := c.teller()
	var open places
	for next := 0; ; {
		for next < c.stories() && (len(open) == 0 || c.begins(next) <= open[0].at) {
			open.push(place{t.plan(next).planned()[0].arrive, next, 0})
			next++
		}
		if len(open) == 0 {
			return
		}
		first := open[0]
		s := t.plan(first.story)
		steps := s.planned()
		e := s.event(&steps[first.step])
		if !yield(history.New(steps[first.step].family, &e, first.at)) {
			return
		}
		if first.step++; first.step < len(steps) {
			first.at = steps[first.step].arrive
			open.replace(first)
		} else {
			open.pop()
		}
	}
}
