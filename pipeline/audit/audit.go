// Package audit re-executes what the journal tells of and compares: the chain of the entries, what each beat was judged by and came to, and the
// records that really stand in the topics of exceptions and costs, byte for byte. It writes nothing and joins no group.
package audit

import (
	"context"
	"maps"
	"runtime"
	"slices"

	"golang.org/x/sync/errgroup"

	"andon/pipeline"
	"andon/schemas/event"
	"andon/schemas/journal"
)

// Books is the log as it stands when an audit begins: everything committed up to then. It may be used by many goroutines at once. Its errors carry a
// pipeline.Kind.
type Books interface {
	// Lanes are all lanes there are, in order.
	Lanes() []pipeline.Lane
	// Name is the topic's name.
	Name(pipeline.Topic) string
	// Open opens a lane's past.
	Open(context.Context, pipeline.Lane) (Past, error)
	// Written hands each record that stands on a partition of a topic of outputs over, in order, and says how far they can be told.
	Written(ctx context.Context, topic pipeline.Topic, partition int32, each func(*pipeline.Record)) (Extent, error)
	// Record reads one record of a topic of outputs again.
	Record(ctx context.Context, topic pipeline.Topic, partition int32, offset int64) (pipeline.Record, error)
}

// Extent is what a partition of outputs can be held to.
type Extent struct {
	Start    int64        // its first offset: what was before it is gone
	Settled  int64        // a record before it is of a beat whose entry the audit sees; one after it may be of a later beat
	Compacts event.Micros // what was written from then on, by the broker's clock, compaction has left alone yet
}

// Past is one lane's journal and records, for one goroutine.
type Past interface {
	// Entry returns the lane's next record in the journal, whatever it holds; io.EOF after the last.
	Entry(context.Context) (pipeline.Record, error)
	// Start is the first offset of the journal's partition.
	Start() int64
	// Source is the lane's input topic or its side topic (true).
	Source(side bool) Source
	// Records returns the records of a partition from one offset to another. Calls go forward only.
	Records(ctx context.Context, side bool, from, to int64) ([]pipeline.Record, error)
	// Snapshots are the manifests in the lane's journal, in order.
	Snapshots(context.Context) ([]journal.Snapshot, error)
	// Parts hands the parts of a snapshot over, in order; pipeline.ErrSnapshot says that one is gone.
	Parts(ctx context.Context, s *journal.Snapshot, each func([]byte) error) error
	Close()
}

// Source is one partition that a lane reads.
type Source struct {
	Topic, ID  string
	Start, End int64 // its first offset, and the one after its last record
}

// Head is an entry of a lane, named by its hash: who keeps it elsewhere can tell later whether the journal up to it was rewritten.
type Head struct {
	Lane string       `json:"lane"`
	Seq  int64        `json:"seq"`
	Hash journal.Hash `json:"hash"`
}

// Place is a bound of what is looked at: an instant of the lane's time, or an offset of its input topic. The zero value is no bound.
type Place struct {
	At       event.Micros
	Offset   int64
	ByOffset bool
}

func (p Place) set() bool { return p.At != 0 || p.ByOffset }

// Config is what an audit needs. Engine, Logic and Books are required.
type Config struct {
	Engine   func(event.Family) (pipeline.Engine, error) // makes an empty engine; many goroutines may call it at once
	Logic    string                                      // hash of the logic the engines judge by
	Books    Books
	Controls pipeline.Controls // what the beats went by
	Outputs  bool              // compare what stands in the topics of outputs, too
	Kept     []Head            // that must still be in the journal

	// From and To bound the entries that are looked at, To excluded. What stands before From is run again all the same: it makes the state.
	From, To Place

	Progress func(lane pipeline.Lane, e *journal.Entry) // told of each entry; from many goroutines at once; may be nil
	Watch    func(*Step) (more bool)                    // shown each beat that was run again, until it wants no more of the lane; may be nil
}

// Step is a beat that was run again. It is valid during the call.
type Step struct {
	Lane   pipeline.Lane
	Entry  *journal.Entry // as it stands
	Hash   journal.Hash
	Offset int64 // of the entry in the journal
	Same   bool  // it came to what the entry says
	pipeline.Redone
	Record func(i int) (r *pipeline.Record, side bool) // of item i
}

// run is one audit.
type run struct {
	Config
	kept map[string][]Head
}

// Run audits the lanes. The error, if any, is of reading; what was found is in the report.
func Run(ctx context.Context, c Config, lanes []pipeline.Lane) (Report, error) {
	r := &run{c, map[string][]Head{}}
	for _, h := range c.Kept {
		r.kept[h.Lane] = append(r.kept[h.Lane], h)
	}
	partitions := map[int32][]pipeline.Lane{}
	for _, id := range lanes {
		partitions[id.Partition] = append(partitions[id.Partition], id)
	}
	report := Report{Lanes: []LaneReport{}, Findings: []Finding{}, Unchecked: []Unchecked{}}
	for _, p := range slices.Sorted(maps.Keys(partitions)) {
		if err := r.partition(ctx, p, partitions[p], &report); err != nil {
			return report, err
		}
	}
	report.sort()
	return report, nil
}

// partition audits the lanes of one number. Their outputs stand on the same partitions.
func (r *run) partition(ctx context.Context, p int32, ids []pipeline.Lane, report *Report) error {
	var stands []*standing
	if r.Outputs {
		for _, t := range []pipeline.Topic{pipeline.Exceptions, pipeline.Verdicts, pipeline.Costs} {
			s, err := r.read(ctx, t, p)
			if err != nil {
				return err
			}
			stands = append(stands, s)
		}
	}
	lanes := make([]*lane, len(ids))
	var g errgroup.Group
	g.SetLimit(runtime.GOMAXPROCS(0))
	for i, id := range ids {
		lanes[i] = &lane{run: r, id: id, report: LaneReport{Lane: id.String()}, last: noted{Entry: journal.Entry{Seq: -1}}}
		for _, s := range stands {
			lanes[i].books = append(lanes[i].books, &ledger{standing: s, after: -1, owed: map[string]*debt{}})
		}
		g.Go(func() error { return lanes[i].audit(ctx) })
	}
	if err := g.Wait(); err != nil {
		return err
	}
	whole := true
	for _, x := range lanes {
		whole = whole && x.whole
		report.add(x)
	}
	for _, s := range stands {
		if !whole {
			break // what an entry that was not checked wrote is not known
		}
		if err := r.strangers(ctx, s, len(ids) == r.lanesOf(p), report); err != nil {
			return err
		}
	}
	return nil
}

func (r *run) lanesOf(p int32) (n int) {
	for _, id := range r.Books.Lanes() {
		if id.Partition == p {
			n++
		}
	}
	return n
}
