package load

import (
	"cmp"
	"fmt"
	"slices"
	"time"

	"andon/pipeline"
)

// stage is how far the next block of a partition is.
type stage int

const (
	gathering  stage = iota // records come in, nothing is promised
	recovering              // a predecessor's intent stands; its records are not all read yet
	proposed                // the intent is formed; whether its commit is stored is not known
	intended                // the intent is committed; whether the rows are in the table is not known
	inserted                // the rows are in the table; whether the end is committed is not known
	stopped                 // needs a person
)

// feed is the loading of one source partition: the state machine, without I/O.
type feed struct {
	at      Partition
	from    int64 // everything below is in the table
	seen    int64 // everything below is read
	stage   stage
	intent  intent            // from proposed to inserted, and while recovering
	doubt   bool              // an insert of the intent may have been begun before: its token may be known without its rows
	rows    int               // of the intent, once inserted
	records []pipeline.Record // read and not yet in the table, in offset order, from `from` on
	bytes   int               // of their keys and values
	since   time.Time         // when the first of them was read
}

// newFeed starts at a committed position. An error means that the position is no work of a loader.
func newFeed(p Position) (*feed, error) {
	f := &feed{at: p.Partition, from: p.Offset, seen: p.Offset}
	if p.Metadata == "" {
		return f, nil
	}
	i, err := parseIntent(p.Metadata)
	if err != nil {
		return nil, err
	}
	if i.from != p.Offset {
		return nil, fmt.Errorf("the intent %s stands at offset %d", i, p.Offset)
	}
	f.intent, f.stage, f.doubt = i, recovering, true
	return f, nil
}

// add takes the next records, read at now, after which reading stands at next. An error means that they do not follow on what came before, or are not what the intent was for.
func (f *feed) add(records []pipeline.Record, next int64, now time.Time) error {
	if f.stage == stopped {
		return nil
	}
	if len(records) > 0 && records[0].Offset < f.seen || next < f.seen {
		return fmt.Errorf("the log went back before offset %d", f.seen)
	}
	if len(f.records) == 0 {
		f.since = now
	}
	f.records = append(f.records, records...)
	f.bytes += size(records)
	f.seen = next
	if f.stage == recovering && f.seen >= f.intent.to {
		if is := digest(f.block()); is != f.intent.digest {
			return fmt.Errorf("the records of the intent %s have digest %016x now (compacted, deleted or another topic)", f.intent, is)
		}
		f.stage = intended
	}
	return nil
}

// propose forms the intent for the first records, at most limit.
func (f *feed) propose(limit int, generation int64) {
	block := f.records[:min(limit, len(f.records))]
	f.intent = intent{from: f.from, to: block[len(block)-1].Next, digest: digest(block), generation: generation}
	f.stage, f.doubt = proposed, false
}

// without returns the records of the intent whose offset is not in the list, which is ascending.
func (f *feed) without(offsets []int64) []pipeline.Record {
	return slices.DeleteFunc(slices.Clone(f.block()), func(r pipeline.Record) bool {
		_, there := slices.BinarySearch(offsets, r.Offset)
		return there
	})
}

// block is the records of the intent.
func (f *feed) block() []pipeline.Record {
	n, _ := slices.BinarySearchFunc(f.records, f.intent.to, func(r pipeline.Record, to int64) int { return cmp.Compare(r.Offset, to) })
	return f.records[:n]
}

// position is what is to be committed at this stage: proposed or inserted.
func (f *feed) position() Position {
	if f.stage == inserted {
		return Position{Partition: f.at, Offset: f.intent.to}
	}
	return Position{Partition: f.at, Offset: f.from, Metadata: f.intent.String()}
}

// committed says that position is stored.
func (f *feed) committed() {
	if f.stage == proposed {
		f.stage = intended
		return
	}
	block := f.block()
	f.bytes -= size(block)
	if f.records = slices.Delete(f.records, 0, len(block)); len(f.records) == 0 {
		f.records = nil // the room a backlog took is not kept
	}
	f.from, f.intent, f.stage = f.intent.to, intent{}, gathering
}

// waiting is how many offsets are still to be loaded of a partition that ends at end; markers after the last row do not count.
func (f *feed) waiting(end int64) int64 {
	if len(f.records) > 0 || f.stage == stopped {
		return max(end-f.from, 0)
	}
	return max(end-f.seen, 0)
}

// stop gives up the partition until a person has repaired it.
func (f *feed) stop() { f.stage, f.records, f.bytes = stopped, nil, 0 }

func size(records []pipeline.Record) (bytes int) {
	for _, r := range records {
		bytes += len(r.Key) + len(r.Value)
	}
	return bytes
}
