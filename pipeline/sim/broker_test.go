package sim

import (
	"cmp"
	"errors"
	"fmt"
	"slices"
	"time"

	"andon/pipeline"
	"andon/pipeline/load"
	"andon/schemas/event"
	"andon/schemas/journal"

	"github.com/cespare/xxhash/v2"
)

// What Kafka answers, as pipeline/kafka sorts it.
var (
	errMoved      = errors.New("coordinator moved")
	errGeneration = errors.New("illegal generation")
	errUnknown    = errors.New("unknown member")
	errBusy       = errors.New("concurrent transactions")
	errFenced     = errors.New("fenced producer epoch")
	errNameTaken  = errors.New("fenced instance id")
)

// kindOf is what pipeline/kafka makes of an error before the end of a transaction.
func kindOf(err error) pipeline.Kind {
	switch {
	case err == nil:
		return pipeline.None
	case errors.Is(err, errMoved), errors.Is(err, errGeneration), errors.Is(err, errUnknown), errors.Is(err, errBusy):
		return pipeline.Aborted
	case errors.Is(err, errNameTaken):
		return pipeline.Refused
	}
	return pipeline.Lost
}

// Times of the broker, as pipeline/kafka sets them or Kafka does by itself.
const (
	sessionTime     = 30 * time.Second
	rebalanceTime   = 30 * time.Second
	transactionTime = 15 * time.Second
)

// broker is the topics, the transactions and the groups of a history.
type broker struct {
	*stage
	parts   map[load.Partition]*partition
	writers map[string]*writer // by transactional id
	groups  []*group
	stale   int // requests of those whom another took over from, refused
}

// partition is one log: offset n is stored[n]. A transaction's marker takes an offset.
type partition struct {
	stored []stored
	open   map[*txn]int64 // transactions without marker, and their first offsets
}

type stored struct {
	key, value []byte
	at         event.Micros
	txn        *txn // nil when it was written without
	marker     bool
}

// txn is one transaction.
type txn struct {
	committed bool // what was decided, once it ended
	parts     []load.Partition
	positions map[*group]map[load.Partition]position // that become the groups' when it commits
	markers   int                                    // still on their way
}

// writer is what the coordinator knows of a transactional id. Each transaction has an epoch of its own (transaction.version 2).
type writer struct {
	epoch  int
	open   *txn
	ending *txn // its markers are on their way
}

func (b *broker) part(at load.Partition) *partition {
	if b.parts[at] == nil {
		b.parts[at] = &partition{open: map[*txn]int64{}}
	}
	return b.parts[at]
}

// append writes one record.
func (b *broker) append(at load.Partition, key, value []byte, in *txn) {
	p := b.part(at)
	if in != nil {
		if _, known := p.open[in]; !known {
			p.open[in] = p.high()
			in.parts = append(in.parts, at)
		}
	}
	p.stored = append(p.stored, stored{key: key, value: value, at: event.At(time.Now()), txn: in})
}

func (p *partition) high() int64 { return int64(len(p.stored)) }

// stable is the last stable offset.
func (p *partition) stable() int64 {
	end := p.high()
	for _, first := range p.open {
		end = min(end, first)
	}
	return end
}

// read returns at most limit committed records from an offset on and before another, and where reading stands after them.
func (p *partition) read(from, to int64, limit int) (records []pipeline.Record, next int64) {
	to = min(to, p.stable())
	for next = from; next < to && len(records) < limit; next++ {
		if r := &p.stored[next]; !r.marker && (r.txn == nil || r.txn.committed) {
			records = append(records, pipeline.Record{Offset: next, Next: next + 1, At: r.at, Key: r.key, Value: r.value})
		}
	}
	return records, next
}

// all is every committed record.
func (p *partition) all() []pipeline.Record {
	records, _ := p.read(0, p.high(), int(p.high()))
	return records
}

// writer returns what is known of a transactional id.
func (b *broker) writer(id string) *writer {
	if b.writers[id] == nil {
		b.writers[id] = &writer{}
	}
	return b.writers[id]
}

// init makes who asks the writer of a transactional id: what a former one left open is aborted, and it is fenced.
func (b *broker) init(id string) (epoch int, err error) {
	w := b.writer(id)
	if w.open != nil {
		b.fired["left open, aborted by the next of its name"]++
		b.finish(w, false)
	}
	if w.ending != nil {
		return 0, errBusy
	}
	w.epoch++
	return w.epoch, nil
}

// enter checks the epoch and opens a transaction unless one is open.
func (b *broker) enter(id string, epoch int) (*txn, error) {
	w := b.writer(id)
	switch {
	case epoch != w.epoch:
		b.stale++
		return nil, errFenced
	case w.ending != nil:
		return nil, errBusy
	case w.open == nil:
		t := &txn{positions: map[*group]map[load.Partition]position{}}
		w.open = t
		b.after(transactionTime, "transaction of "+id+" is too old", func() {
			if w.open == t {
				b.fired["transaction timed out"]++
				b.finish(w, false)
			}
		})
	}
	return w.open, nil
}

// produce writes records of a transaction and notes their offsets.
func (b *broker) produce(id string, epoch int, to load.Partition, list []pipeline.Output, notes []*int64) error {
	t, err := b.enter(id, epoch)
	if err != nil {
		return err
	}
	sum := xxhash.New()
	for i, o := range list {
		*notes[i] = b.part(to).high()
		b.append(to, o.Key, o.Value, t)
		_, _ = sum.Write(traceable(o))
	}
	b.note(id, fmt.Sprintf("writes %d to %s/%d: %x", len(list), to.Topic, to.Number, sum.Sum64()), works, nil)
	return nil
}

// traceable is what of a record's bytes is the same in every run: a snapshot holds its entities in no order, so its bytes, their hash in the
// journal, and the hashes of entries from there on are not.
func traceable(o pipeline.Output) []byte {
	switch o.Topic {
	case pipeline.Snapshots:
		return nil
	case pipeline.Journal:
		var e journal.Entry
		if err := journal.Decode(o.Value, &e); err != nil {
			return o.Value
		}
		if e.Before = ""; e.Snapshot != nil {
			e.Snapshot.Sum, e.Snapshot.Entry = "", ""
		}
		return journal.Append(nil, &e)
	default:
		return o.Value
	}
}

// offsets adds positions to a transaction, in the name of a member.
func (b *broker) offsets(id string, epoch int, g *group, m membership, positions map[load.Partition]position) error {
	if err := g.check(m); err != nil {
		b.stale++
		return err
	}
	t, err := b.enter(id, epoch)
	if err != nil {
		return err
	}
	if t.positions[g] == nil {
		t.positions[g] = map[load.Partition]position{}
	}
	for at, p := range positions {
		t.positions[g][at] = p
		g.pending[at] = t
	}
	return nil
}

// end commits or aborts the open transaction and returns the writer's next epoch.
func (b *broker) end(id string, epoch int, commit bool) (int, error) {
	w := b.writer(id)
	switch {
	case epoch != w.epoch:
		b.stale++
		return epoch, errFenced
	case w.open == nil && w.ending == nil && !commit:
		return epoch, nil
	case w.open == nil:
		return epoch, errFenced
	}
	b.finish(w, commit)
	return w.epoch, nil
}

// finish decides the open transaction and sends its markers, which come to each partition in their own time.
func (b *broker) finish(w *writer, commit bool) {
	t := w.open
	w.open, w.ending, t.committed = nil, t, commit
	w.epoch++
	done := func() {
		if t.markers--; t.markers == 0 {
			w.ending = nil
		}
	}
	b.mark(t, done)
	for _, g := range b.groups {
		if t.positions[g] == nil {
			continue
		}
		t.markers++
		b.after(b.markerTime(), "marker for the positions", func() { g.mark(t); done() })
	}
	if t.markers == 0 {
		w.ending = nil
	}
}

// mark sends the markers of the partitions.
func (b *broker) mark(t *txn, done func()) {
	slices.SortFunc(t.parts, func(a, b load.Partition) int {
		return cmp.Or(cmp.Compare(a.Topic, b.Topic), cmp.Compare(a.Number, b.Number))
	})
	for _, at := range t.parts {
		t.markers++
		b.after(b.markerTime(), fmt.Sprintf("marker for %s/%d", at.Topic, at.Number), func() {
			p := b.part(at)
			p.stored = append(p.stored, stored{at: event.At(time.Now()), txn: t, marker: true})
			delete(p.open, t)
			done()
		})
	}
}

func (b *broker) markerTime() time.Duration {
	d := b.dice("marker", uint64(b.events))
	if b.profile.slowMarkers && d.IntN(10) == 0 {
		b.fired["slow marker"]++
		return between(d, time.Second, 10*time.Second)
	}
	return between(d, 200*time.Microsecond, 30*time.Millisecond)
}
