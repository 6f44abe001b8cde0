package audit_test

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"log/slog"
	"slices"
	"sync/atomic"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"andon/detectors"
	"andon/detectors/setting"
	"andon/pipeline"
	"andon/pipeline/audit"
	"andon/pipeline/mem"
	"andon/schemas/event"
	"andon/schemas/journal"
)

const start event.Micros = 1_700_000_000_000_000

var (
	carrier  = pipeline.Lane{Family: event.Carrier}
	pickpack = pipeline.Lane{Family: event.PickPack}
)

// books are the topics of one partition that a run in memory leaves, for a test to spoil. The offset of a record is its place in its list, plus one:
// markers stand between the records of a topic that is written in transactions.
type books struct {
	inputs   map[pipeline.Lane][]pipeline.Record
	outputs  map[pipeline.Topic][]pipeline.Record // exceptions, costs, journal
	starts   map[pipeline.Topic]int64
	ids      map[pipeline.Lane]string
	from     map[pipeline.Lane]int64 // the first offset of an input
	settings setting.Settings
	logic    string
	redo     time.Duration // between snapshots; negative: none
	beats    event.Micros  // so far; each is an hour of the broker's clock
	compacts event.Micros  // what was written before may be compacted away
}

// day is a log in which parcels are late, then delivered, on two lanes that share the topics of outputs, in beats of a few records.
func day(t *testing.T) *books {
	t.Helper()
	return dayUntil(t, start+30*event.Day) // all is forgotten
}

// dayUntil ends with a tick; 0: without.
func dayUntil(t *testing.T, end event.Micros) *books {
	t.Helper()
	return dayWith(t, end, -1)
}

func dayWith(t *testing.T, end event.Micros, redo time.Duration) *books {
	t.Helper()
	b := &books{redo: redo, inputs: map[pipeline.Lane][]pipeline.Record{}, outputs: map[pipeline.Topic][]pipeline.Record{}, starts: map[pipeline.Topic]int64{},
		ids: map[pipeline.Lane]string{}, from: map[pipeline.Lane]int64{}, compacts: start, settings: setting.Default(), logic: detectors.Logic()}
	b.settings.Clock = setting.Log
	log := mem.New(carrier, pickpack)
	for _, id := range []pipeline.Lane{carrier, pickpack} {
		b.write(pipeline.Journal, []byte(id.String()), journal.Append(nil, &log.Entries(id)[0]))
	}
	send := func(id pipeline.Lane, e event.Event) {
		n := int64(len(b.inputs[id]))
		r := pipeline.Record{Offset: n, Next: n + 1, At: e.Time, Key: []byte(e.Key(id.Family)), Value: event.Append(nil, &e)}
		b.inputs[id] = append(b.inputs[id], r)
		log.Append(id, false, r.Key, r.Value, r.At)
	}
	for n := range 12 {
		at := start + event.Micros(n)*event.Hour
		parcel := fmt.Sprint(n)
		send(carrier, event.Event{ID: "m" + parcel, Type: event.ShipmentManifested, Time: at, Carrier: "c", TrackingNo: parcel, PromiseDeliverBy: at + event.Day})
		send(pickpack, event.Event{ID: "o" + parcel, Type: event.OrderReleased, Time: at, FulfilmentID: parcel, ShipBy: at + event.Day,
			Lines: []event.Line{{Line: "1", SKU: "x", QtyMilli: 5000}}})
	}
	send(carrier, event.Event{ID: "bad", Type: event.CarrierScan, Time: start})
	for _, id := range []pipeline.Lane{carrier, pickpack} {
		send(id, event.Event{Type: event.ClockTick, Time: start + 3*event.Day})
	}
	for n := range 12 {
		at := start + 3*event.Day + event.Micros(n)*event.Hour
		send(carrier, event.Event{ID: fmt.Sprint("d", n), Type: event.CarrierScan, Time: at, Carrier: "c", TrackingNo: fmt.Sprint(n), Status: event.Delivered})
	}
	if end > 0 {
		send(carrier, event.Event{Type: event.ClockTick, Time: end})
	}
	b.run(t, log)
	return b
}

// run judges the log and notes what is committed.
func (b *books) run(t *testing.T, log *mem.Log) {
	t.Helper()
	var looks atomic.Int64
	c := pipeline.Config{
		Engine: func(f event.Family) (pipeline.Engine, error) { return detectors.New(f, b.settings) },
		Redo:   b.redo,
		Topic:  func(l pipeline.Lane, side bool) string { return fmt.Sprintf("%s-side=%t", l.Family, side) },
		Logic:  b.logic, Now: func() time.Time { return start.UTC().Add(time.Duration(looks.Add(1)) * time.Microsecond) },
		Log: slog.New(slog.DiscardHandler), Metrics: pipeline.NewMetrics(prometheus.NewRegistry()),
	}
	keep := func(beat pipeline.Beat) (bool, error) {
		b.beats++
		for _, lane := range beat.Lanes {
			for _, o := range lane.Outputs {
				b.write(o.Topic, o.Key, o.Value)
			}
		}
		return true, nil
	}
	if err := log.Run(t.Context(), c, mem.Options{Cut: func(pipeline.Lane) int { return 3 }, Fault: keep}); err != nil {
		t.Fatal(err)
	}
}

func (b *books) write(t pipeline.Topic, key, value []byte) {
	n := int64(2*len(b.outputs[t])) + 1
	b.outputs[t] = append(b.outputs[t], pipeline.Record{Offset: n, Next: n + 1, At: b.beats * event.Hour, Key: bytes.Clone(key), Value: bytes.Clone(value)})
}

// audit audits the books.
func (b *books) audit(t *testing.T, change func(*audit.Config), lanes ...pipeline.Lane) audit.Report {
	t.Helper()
	c := audit.Config{
		Engine: func(f event.Family) (pipeline.Engine, error) { return detectors.New(f, b.settings) },
		Logic:  b.logic, Books: b, Outputs: true,
	}
	if change != nil {
		change(&c)
	}
	if lanes == nil {
		lanes = b.Lanes()
	}
	report, err := audit.Run(t.Context(), c, lanes)
	if err != nil {
		t.Fatal(err)
	}
	return report
}

// entries are the places of a lane's entries in the journal.
func (b *books) entries(id pipeline.Lane) (at []int) {
	for i, r := range b.outputs[pipeline.Journal] {
		if string(r.Key) == id.String() {
			at = append(at, i)
		}
	}
	return at
}

// edit changes an entry where it stands.
func (b *books) edit(i int, change func(*journal.Entry)) {
	r := &b.outputs[pipeline.Journal][i]
	var e journal.Entry
	if err := journal.Decode(r.Value, &e); err != nil {
		panic(err)
	}
	change(&e)
	r.Value = journal.Append(nil, &e)
}

// chain makes the entries of a lane follow one another again, as somebody would who rewrites the journal.
func (b *books) chain(id pipeline.Lane) {
	at := b.entries(id)
	for i := range at[1:] {
		before := journal.HashOf(b.outputs[pipeline.Journal][at[i]].Value)
		b.edit(at[i+1], func(e *journal.Entry) { e.Before = before })
	}
}

// Lanes implements audit.Books.
func (b *books) Lanes() []pipeline.Lane { return []pipeline.Lane{carrier, pickpack} }

// Name implements audit.Books.
func (b *books) Name(t pipeline.Topic) string {
	return map[pipeline.Topic]string{pipeline.Exceptions: "exceptions", pipeline.Verdicts: "verdicts", pipeline.Costs: "costs", pipeline.Journal: "journal"}[t]
}

// Written implements audit.Books.
func (b *books) Written(_ context.Context, t pipeline.Topic, _ int32, each func(*pipeline.Record)) (audit.Extent, error) {
	for _, r := range b.outputs[t] {
		each(&r)
	}
	return audit.Extent{Start: b.starts[t], Settled: 1 << 60, Compacts: b.compacts}, nil
}

// Record implements audit.Books.
func (b *books) Record(_ context.Context, t pipeline.Topic, _ int32, offset int64) (pipeline.Record, error) {
	i := slices.IndexFunc(b.outputs[t], func(r pipeline.Record) bool { return r.Offset == offset })
	return b.outputs[t][i], nil
}

// Open implements audit.Books.
func (b *books) Open(_ context.Context, id pipeline.Lane) (audit.Past, error) {
	return &past{books: b, id: id}, nil
}

type past struct {
	*books
	id   pipeline.Lane
	read int
}

// Entry implements audit.Past.
func (p *past) Entry(context.Context) (pipeline.Record, error) {
	for list := p.outputs[pipeline.Journal]; p.read < len(list); {
		p.read++
		if r := list[p.read-1]; string(r.Key) == p.id.String() {
			return r, nil
		}
	}
	return pipeline.Record{}, io.EOF
}

// Start implements audit.Past.
func (p *past) Start() int64 { return p.starts[pipeline.Journal] }

// Source implements audit.Past.
func (p *past) Source(side bool) audit.Source {
	s := audit.Source{Topic: fmt.Sprintf("%s-side=%t", p.id.Family, side), ID: p.ids[p.id], Start: p.from[p.id], End: int64(len(p.inputs[p.id]))}
	if side {
		s.ID, s.Start, s.End = "", 0, 0
	}
	return s
}

// Records implements audit.Past.
func (p *past) Records(_ context.Context, side bool, from, to int64) ([]pipeline.Record, error) {
	if side {
		return nil, nil
	}
	return slices.Clone(p.inputs[p.id][from:to]), nil
}

// Snapshots implements audit.Past.
func (p *past) Snapshots(context.Context) (all []journal.Snapshot, _ error) {
	for _, i := range p.books.entries(p.id) {
		var e journal.Entry
		if err := journal.Decode(p.outputs[pipeline.Journal][i].Value, &e); err == nil && e.Snapshot != nil {
			all = append(all, *e.Snapshot)
		}
	}
	return all, nil
}

// Parts implements audit.Past. The topic is as compacted as can be.
func (p *past) Parts(_ context.Context, s *journal.Snapshot, each func([]byte) error) error {
	for part := range s.Parts {
		var last []byte
		for _, r := range p.outputs[pipeline.Snapshots] {
			if string(r.Key) == fmt.Sprintf("%s/%d/%d", p.id, s.Slot, part) {
				last = r.Value
			}
		}
		if err := each(last); err != nil {
			return err
		}
	}
	return nil
}

// Close implements audit.Past.
func (p *past) Close() {}
