// Package mem is a log in memory: source, sink and history of the beat loop for replays of data sets and for tests. A new loop on the same log
// restores its lanes from it as it would from Kafka.
package mem

import (
	"bytes"
	"cmp"
	"context"
	"fmt"
	"io"
	"maps"
	"slices"
	"sync"
	"time"

	"andon/pipeline"
	"andon/schemas/cost"
	"andon/schemas/deadletter"
	"andon/schemas/event"
	"andon/schemas/exception"
	"andon/schemas/journal"
	"andon/schemas/verdict"
)

// Log is the topics of some lanes, and what loops committed to them. Offsets count from 0. Nothing but Run may use it while Run runs.
type Log struct {
	Exceptions []exception.Exception // every revision, in commit order
	Forgotten  []exception.ID        // likewise
	Verdicts   []verdict.Verdict
	Costs      []cost.Cost
	Letters    []deadletter.Letter

	published map[exception.ID]exception.Exception // the last revision of each
	lanes     map[pipeline.Lane]*partitions
}

type partitions struct {
	side, input []pipeline.Record
	entries     []journal.Entry
	parts       [][]byte // of snapshots, in the order they were written
	marks       pipeline.Marks
	read        pipeline.Offsets // how far the running loop has polled
	flows       bool
}

// New makes an empty log with the genesis entries of the lanes.
func New(lanes ...pipeline.Lane) *Log {
	l := &Log{published: map[exception.ID]exception.Exception{}, lanes: map[pipeline.Lane]*partitions{}}
	for _, id := range lanes {
		l.lanes[id] = &partitions{entries: []journal.Entry{{Version: journal.Version, Lane: id.String()}}, marks: pipeline.Marks{pipeline.Nowhere, pipeline.Nowhere}}
	}
	return l
}

// Append writes one record to a lane's side or input topic. The log keeps key and value.
func (l *Log) Append(id pipeline.Lane, side bool, key, value []byte, at event.Micros) {
	l.lanes[id].append(side, pipeline.Record{Next: 1, At: at, Key: key, Value: value})
}

// AppendUnreadable writes a batch of n records that cannot be inflated.
func (l *Log) AppendUnreadable(id pipeline.Lane, side bool, n int64) {
	l.lanes[id].append(side, pipeline.Record{Next: n, Unreadable: true})
}

// append gives the record its offsets; Next is how many it takes.
func (p *partitions) append(side bool, r pipeline.Record) {
	to := &p.input
	if side {
		to = &p.side
	}
	r.Offset = end(*to)
	r.Next += r.Offset
	*to = append(*to, r)
}

// end is the offset after the last record.
func end(records []pipeline.Record) int64 {
	if len(records) == 0 {
		return 0
	}
	return records[len(records)-1].Next
}

// Len is how many records the lane has.
func (l *Log) Len(id pipeline.Lane) int64 { return end(l.lanes[id].side) + end(l.lanes[id].input) }

// Entries is the journal of a lane, the genesis entry first.
func (l *Log) Entries(id pipeline.Lane) []journal.Entry { return l.lanes[id].entries }

// Parts are the parts of the lane's snapshots, in the order they were written.
func (l *Log) Parts(id pipeline.Lane) [][]byte { return l.lanes[id].parts }

// Options change how a run goes; the zero value reads as much as each beat may hold and commits every beat.
type Options struct {
	Cut     func(pipeline.Lane) int           // at most this many records of a partition in the next beat
	Fault   func(pipeline.Beat) (bool, error) // what a commit answers, and whether it is done
	Changes func() []pipeline.Change          // of the assignment, before the next poll
}

// Run runs a loop from where the last one stopped until all records are folded and no timer is due.
func (l *Log) Run(ctx context.Context, c pipeline.Config, o Options) error {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	for _, p := range l.lanes {
		p.rewind()
	}
	r := &run{Log: l, Options: o, done: cancel}
	r.changes = []pipeline.Change{{Lanes: slices.SortedFunc(maps.Keys(l.lanes), pipeline.Lane.Compare)}}
	return pipeline.NewLoop(c, r, r, r).Run(ctx)
}

// rewind puts reading back to what is committed.
func (p *partitions) rewind() {
	p.flows = false
	p.read = p.committed().Offsets
}

func (p *partitions) committed() pipeline.Committed {
	e := p.entries[len(p.entries)-1]
	return pipeline.Committed{Offsets: pipeline.Offsets{Side: e.Side.To, Input: e.Input.To}, Seq: e.Seq, Snapshots: p.marks}
}

// run is one Run. The loop's goroutine calls the source and sink; restores read the history from theirs.
type run struct {
	*Log
	Options
	done    func()
	changes []pipeline.Change
	busy    bool       // the last beat had something to commit
	mu      sync.Mutex // guards the entries
}

// Poll implements pipeline.Source. It ends the run when nothing is left to do.
func (r *run) Poll(ctx context.Context, _ time.Duration, limit int) (p pipeline.Polled, err error) {
	if r.Options.Changes != nil {
		r.changes = append(r.changes, r.Options.Changes()...)
	}
	p.Changes, r.changes = r.changes, nil
	waiting := r.apply(p.Changes)
	left := false
	for id, lane := range r.lanes {
		if lane.flows {
			p.Fetched = lane.fetch(p.Fetched, id, r.share(id, limit))
		} else {
			waiting = true
		}
		left = left || lane.read.Side < end(lane.side) || lane.read.Input < end(lane.input)
	}
	switch {
	case len(p.Changes) == 0 && waiting: // a lane is being restored
		select {
		case <-ctx.Done():
		case <-time.After(100 * time.Microsecond):
		}
	case !waiting && !r.busy && !left && len(p.Fetched) == 0:
		r.done()
	}
	r.busy = false
	return p, nil
}

// apply stops the records of lanes that are taken away, and says whether there are any changes.
func (r *run) apply(changes []pipeline.Change) bool {
	for _, c := range changes {
		for _, id := range c.Lanes {
			r.lanes[id].rewind()
		}
	}
	return len(changes) > 0
}

func (r *run) share(id pipeline.Lane, limit int) int {
	if r.Cut != nil {
		return min(limit, r.Cut(id))
	}
	return min(limit, max(limit/len(r.lanes), 1))
}

func (p *partitions) fetch(to []pipeline.Fetched, id pipeline.Lane, n int) []pipeline.Fetched {
	for _, f := range []struct {
		side bool
		from []pipeline.Record
		at   *int64
	}{{true, p.side, &p.read.Side}, {false, p.input, &p.read.Input}} {
		records := after(f.from, *f.at)
		records = records[:min(n, len(records))]
		n -= len(records)
		if len(records) > 0 {
			*f.at = end(records)
			to = append(to, pipeline.Fetched{Lane: id, Side: f.side, Records: slices.Clone(records), Next: *f.at, High: end(f.from)})
		}
	}
	return to
}

// after is what stands at and after an offset.
func after(records []pipeline.Record, offset int64) []pipeline.Record {
	i, _ := slices.BinarySearchFunc(records, offset, func(r pipeline.Record, offset int64) int { return cmp.Compare(r.Offset, offset) })
	return records[i:]
}

// Release implements pipeline.Source.
func (r *run) Release(ready []pipeline.Lane) {
	for _, id := range ready {
		r.lanes[id].flows = true
	}
}

// Ends implements pipeline.Source.
func (r *run) Ends(_ context.Context, ids []pipeline.Lane) (map[pipeline.Lane]pipeline.Offsets, error) {
	ends := map[pipeline.Lane]pipeline.Offsets{}
	for _, id := range ids {
		ends[id] = pipeline.Offsets{Side: end(r.lanes[id].side), Input: end(r.lanes[id].input)}
	}
	return ends, nil
}

// Commit implements pipeline.Sink. A beat that does not follow what is committed comes from a loop that should have been fenced.
func (r *run) Commit(_ context.Context, b pipeline.Beat) error {
	r.busy = true
	if r.Fault != nil {
		if persist, err := r.Fault(b); !persist {
			return err
		} else if err != nil {
			r.write(b)
			return err
		}
	}
	for i := range b.Lanes {
		o := &b.Lanes[i]
		if c := r.lanes[o.Lane].committed(); o.Entry.Seq != c.Seq+1 || o.Entry.Side.From != c.Side || o.Entry.Input.From != c.Input {
			return fmt.Errorf("lane %s: entry %d does not follow entry %d", o.Lane, o.Entry.Seq, c.Seq)
		}
	}
	r.write(b)
	return nil
}

func (r *run) write(b pipeline.Beat) {
	r.mu.Lock()
	defer r.mu.Unlock()
	for i := range b.Lanes {
		o := &b.Lanes[i]
		lane := r.lanes[o.Lane]
		o.EntryAt, o.PartsAt = int64(len(lane.entries)), int64(len(lane.parts))
		lane.entries = append(lane.entries, o.Entry)
		lane.marks = lane.marks.With(o)
		for _, out := range o.Outputs {
			if out.Topic == pipeline.Snapshots {
				lane.parts = append(lane.parts, out.Value)
			}
		}
		for _, x := range o.Exceptions {
			r.published[x.ID] = x
		}
		for _, id := range o.Forgotten {
			delete(r.published, id)
		}
		r.Exceptions = append(r.Exceptions, o.Exceptions...)
		r.Forgotten = append(r.Forgotten, o.Forgotten...)
		r.Verdicts = append(r.Verdicts, o.Verdicts...)
		r.Costs = append(r.Costs, o.Costs...)
		r.Letters = append(r.Letters, o.Letters...)
	}
}

// Committed implements pipeline.History.
func (r *run) Committed(_ context.Context, id pipeline.Lane) (pipeline.Committed, error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.lanes[id].committed(), nil
}

// Open implements pipeline.History.
func (r *run) Open(_ context.Context, id pipeline.Lane, mark int64) (pipeline.Past, error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	lane := r.lanes[id]
	p := &past{run: r, side: lane.side, input: lane.input, entries: slices.Clone(lane.entries)}
	if mark == pipeline.Nowhere {
		return p, nil
	}
	s := *lane.entries[mark].Snapshot
	from := &lane.entries[s.At]
	p.snapshot, p.next = &s, s.At
	p.side, p.input = after(p.side, from.Side.To), after(p.input, from.Input.To)
	p.parts = lane.parts[s.First:min(s.First+int64(s.Parts), int64(len(lane.parts)))]
	return p, nil
}

type past struct {
	run         *run
	side, input []pipeline.Record
	entries     []journal.Entry
	next        int64
	snapshot    *journal.Snapshot
	parts       [][]byte
}

// Snapshot implements pipeline.Past.
func (p *past) Snapshot() *journal.Snapshot { return p.snapshot }

// Part implements pipeline.Past.
func (p *past) Part(context.Context) (part []byte, err error) {
	if len(p.parts) == 0 {
		return nil, io.EOF
	}
	part, p.parts = p.parts[0], p.parts[1:]
	return part, nil
}

// Entry implements pipeline.Past.
func (p *past) Entry(context.Context) (e pipeline.Written, err error) {
	if p.next == int64(len(p.entries)) {
		return e, io.EOF
	}
	e.Entry, e.At = p.entries[p.next], p.next
	e.Hash = journal.HashOf(journal.Append(nil, &e.Entry))
	p.next++
	return e, nil
}

// Records implements pipeline.Past.
func (p *past) Records(_ context.Context, side bool, to int64, dst []pipeline.Record) ([]pipeline.Record, error) {
	from := &p.input
	if side {
		from = &p.side
	}
	rest := after(*from, to)
	dst = append(dst, (*from)[:len(*from)-len(rest)]...)
	*from = rest
	return dst, nil
}

// Published implements pipeline.Past.
func (p *past) Published(context.Context) ([]exception.Exception, error) {
	p.run.mu.Lock()
	defer p.run.mu.Unlock()
	return slices.SortedFunc(maps.Values(p.run.published), func(a, b exception.Exception) int { return bytes.Compare(a.ID[:], b.ID[:]) }), nil
}

// Close implements pipeline.Past.
func (p *past) Close() {}
