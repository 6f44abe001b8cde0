package pipeline

import (
	"cmp"
	"context"
	"fmt"
	"time"

	"andon/schemas/beat"
	"andon/schemas/control"
	"andon/schemas/cost"
	"andon/schemas/deadletter"
	"andon/schemas/event"
	"andon/schemas/exception"
	"andon/schemas/journal"
	"andon/schemas/verdict"
)

// Lane is partition Partition of a family's input topic and of its side topic, always assigned together. Its state belongs to one goroutine
// at a time; lanes share nothing.
type Lane struct {
	Family    event.Family
	Partition int32
}

// String is the lane's name in the journal, e.g. asn/3.
func (l Lane) String() string { return fmt.Sprintf("%s/%d", l.Family, l.Partition) }

// Compare orders lanes by family, then partition.
func (l Lane) Compare(o Lane) int {
	return cmp.Or(cmp.Compare(l.Family, o.Family), cmp.Compare(l.Partition, o.Partition))
}

// Offsets is a place in both partitions of a lane: the offsets of the next records.
type Offsets struct {
	Side  int64
	Input int64
}

// Record is one record of a lane, or a batch of records that could not be inflated. Key and Value belong to whoever holds the record and
// are never written.
type Record struct {
	Offset     int64
	Next       int64        // the offset after it: Offset+1, more for an unreadable batch
	At         event.Micros // broker timestamp; of a record that was sent again that of its origin, when that is earlier
	Key, Value []byte
	Origin     *deadletter.Origin // of a side record that was a dead letter: where it first lay
	Unreadable bool               // a batch past the limits: nothing is known of it but its offsets
	Misplaced  bool               // its key belongs on another partition by the partitioner its topic declares
}

// Fetched is what a poll brought from one partition of a lane: records in offset order, a list that is the loop's from now on, and where
// reading stands after them, which may be past the last record when transaction markers follow it.
type Fetched struct {
	Lane    Lane
	Side    bool
	Records []Record
	Next    int64
	High    int64 // the partition's high watermark when it was read, for the lag
}

// first is the first offset it speaks of.
func (f *Fetched) first() int64 {
	if len(f.Records) > 0 {
		return f.Records[0].Offset
	}
	return f.Next
}

// Change is one change of the assignment. An assignment is complete: what is not in it is not ours.
type Change struct {
	Revoked bool // the lanes are taken away; else they are all that is assigned
	Lanes   []Lane
}

// Polled is the result of a poll. Changes come first, in order; records are of lanes still assigned after them.
type Polled struct {
	Changes []Change
	Fetched []Fetched
}

// Source feeds the loop. Its errors carry a Kind.
type Source interface {
	// Poll waits up to wait for records, at most max of them (0: none, only changes), and returns early when it has max. From its return
	// to the next Release no lane is taken away. When ctx ends it returns what it has.
	Poll(ctx context.Context, wait time.Duration, max int) (Polled, error)
	// Release lets lanes be taken away until the next Poll, and lets the records of the lanes in ready flow, from their committed offsets.
	Release(ready []Lane)
	// Ends asks the broker for the offsets after the last record of each lane, as of now.
	Ends(ctx context.Context, lanes []Lane) (map[Lane]Offsets, error)
}

// Outcome is what one beat did to one lane.
type Outcome struct {
	Lane       Lane
	Entry      journal.Entry // its ranges end at the positions to commit
	Exceptions []exception.Exception
	Forgotten  []exception.ID // no longer needed: tombstones
	Verdicts   []verdict.Verdict
	Costs      []cost.Cost
	Letters    []deadletter.Letter
	Snapshots  Marks    // of the lane before this beat
	Outputs    []Output // all of these and the entry, encoded, in the order they are written

	EntryAt int64 // set by the sink: offset of the entry in the journal
	PartsAt int64 // likewise, of the first part of a snapshot, if there is one

	hash       journal.Hash  // of the entry
	parts      [][]byte      // of a snapshot
	slot, part int           // of the first of them
	took       time.Duration // to fold
	stepped    beat.Stepped
	misplaced  int // records on the wrong partition
}

// Beat is what one turn of the loop commits.
type Beat struct {
	Wall  bool // a lane in it took the wall clock: the clock must be believed before the beat is final
	Lanes []Outcome
}

// Scorer asks models. Its answers differ from call to call: the journal keeps those a beat was judged with.
type Scorer interface {
	// Score answers every request, in order, within the beat's time: without a score where there is none. Many goroutines call it at once.
	Score(context.Context, []beat.Request) []beat.Reply
}

// Controls are the records of andon.control, read from the first on. Many goroutines may use them at once.
type Controls interface {
	// Next is the offset after the last record read so far.
	Next() int64
	// Between returns the records of an offset range, which its holder never writes. It waits until they are read. Its errors carry a Kind.
	Between(ctx context.Context, from, to int64) ([]control.Record, error)
}

// Marks are the offsets, in the journal, of the entries that completed the two newest snapshots of a lane, the newest first; Nowhere where there is none.
type Marks [2]int64

// Nowhere is no offset.
const Nowhere int64 = -1

// With is the marks after a beat that completed a snapshot, or did not.
func (m Marks) With(o *Outcome) Marks {
	if o.Entry.Snapshot == nil {
		return m
	}
	return Marks{o.EntryAt, m[0]}
}

// Sink makes a beat final. It keeps nothing of the beat after it returns, but tells in it where it was written.
type Sink interface {
	// Commit writes all outcomes and the positions of their lanes, or nothing: nil means all, an error of kind Aborted or Held means nothing,
	// any other error means that it cannot tell or may not write any more.
	Commit(context.Context, Beat) error
}

// Committed is where a lane stands by its consumer group: the positions, and the seq of the journal entry that put them there.
type Committed struct {
	Offsets
	Seq       int64
	Snapshots Marks
}

// History gives the past of a lane. It may be used by many goroutines at once. Its errors carry a Kind.
type History interface {
	// Committed waits until no transaction of a former owner is open over the lane's positions.
	Committed(context.Context, Lane) (Committed, error)
	// Open reads the lane's past from the snapshot that the journal's entry at mark completed; from the genesis entry when it is Nowhere. It
	// has checked that the topics are still the lane's, with all records needed. ErrSnapshot says that it is no use to start there.
	Open(ctx context.Context, l Lane, mark int64) (Past, error)
}

// Written is an entry as it stands in the journal.
type Written struct {
	journal.Entry
	Hash journal.Hash // of its bytes
	At   int64        // its offset
}

// Past is a lane's journal and records, in order, for one goroutine.
type Past interface {
	// Snapshot is the manifest of the snapshot the past starts at; nil when it starts at the genesis entry.
	Snapshot() *journal.Snapshot
	// Part returns the snapshot's next part; io.EOF after the last. ErrSnapshot says that one is missing.
	Part(context.Context) ([]byte, error)
	// Entry returns the next entry: first the one the snapshot stands after, or the genesis entry; io.EOF after the last.
	Entry(context.Context) (Written, error)
	// Records appends the records of one partition from where the last call ended (at first where the first entry ends) up to the offset to.
	Records(ctx context.Context, side bool, to int64, dst []Record) ([]Record, error)
	// Published is the last revision of each exception in the topic's partition of the lane's number, of all families, by id; but for those let go of.
	Published(context.Context) ([]exception.Exception, error)
	Close()
}
