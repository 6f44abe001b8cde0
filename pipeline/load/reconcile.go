package load

import (
	"context"
	"fmt"
	"iter"
	"time"

	"andon/pipeline"
	"andon/schemas/event"
)

// stretch is how many offsets are compared by one count and one sum. What differs is compared row by row, and its records are in memory until then.
const stretch = 1 << 16

// Row is what is compared of one row.
type Row struct {
	Offset int64  // of its record
	Hash   uint64 // of all that the record decides of it
	Copies int    // how often it lies there; a replacing table shows one
}

// Sum is what is compared of many rows. Doubles count, and do not cancel out.
type Sum struct {
	Rows int
	Hash uint64 // of all rows, added up modulo 2^64
}

// Ledger is a Table that can be compared with the log.
type Ledger interface {
	Table
	// Expect returns the rows that Insert would make of the records, in their order.
	Expect(from Partition, records []pipeline.Record) []Row
	// Sums adds up the rows with offsets in [from, to) by stretches of so many offsets: of n are those from n*size on. Without rows there is no sum.
	Sums(ctx context.Context, at Partition, from, to, size int64) (map[int64]Sum, error)
	// Rows lists the rows with offsets in [from, to) as the table shows them, by offset: more than one of an offset when they differ in what names them.
	Rows(ctx context.Context, at Partition, from, to int64) ([]Row, error)
}

// Closed is the range [From, To) of a partition whose records are all loaded, by the position of the group.
type Closed struct {
	Partition
	From, To int64
}

// NoPosition is the To of a partition that the group has no position for: what is loaded of it is not known.
const NoPosition = -1

// Rules say how a range is compared.
type Rules struct {
	KeptSince event.Micros // the table need not have rows of records older than this; 0: it has all
	Compacted bool         // the log forgets records: their rows may outlive them
	Repair    bool         // bring in what is missing or changed
}

// Difference is what comparing ranges found. Missing, Extra and Changed break the promise of the loader, the others do not.
type Difference struct {
	Records  int // that are to be rows and were compared
	Rows     int // offsets that have a row
	Missing  int // records without a row
	Extra    int // rows without a record
	Changed  int // rows that say something else than their record
	Doubled  int // further copies of rows, which the table shows once
	Repaired int // of the missing and changed ones
	Expired  int // records older than KeptSince, not compared
	Outlived int // rows whose record the log forgot, not compared
}

// Broken is how much of what was found is not repaired.
func (d Difference) Broken() int { return d.Missing + d.Changed + d.Extra - d.Repaired }

// Add adds up what comparing two ranges found.
func (d *Difference) Add(e Difference) {
	for to, n := range map[*int]int{&d.Records: e.Records, &d.Rows: e.Rows, &d.Missing: e.Missing, &d.Extra: e.Extra, &d.Changed: e.Changed,
		&d.Doubled: e.Doubled, &d.Repaired: e.Repaired, &d.Expired: e.Expired, &d.Outlived: e.Outlived} {
		*to += n
	}
}

// Reconcile compares the rows of a closed range with its records, all of them in offset order, and repairs as the rules say. What is repaired goes
// under tokens that were never used; a loader may run meanwhile, since it does not touch the range any more.
func Reconcile(ctx context.Context, c Closed, records iter.Seq2[pipeline.Record, error], table Ledger, rules Rules) (Difference, error) {
	r := &reconciling{Closed: c, table: table, rules: rules}
	if c.From >= c.To {
		return r.found, nil
	}
	var err error
	if r.sums, err = table.Sums(ctx, c.Partition, c.From, c.To, stretch); err != nil {
		return r.found, err
	}
	for record, err := range records {
		if err != nil {
			return r.found, err
		}
		if n := record.Offset / stretch; n != r.n {
			if err := r.close(ctx); err != nil {
				return r.found, err
			}
			r.n = n
		}
		r.records = append(r.records, record)
	}
	if err := r.close(ctx); err != nil {
		return r.found, err
	}
	for n := range r.sums { // stretches without any record
		r.n = n
		if err := r.close(ctx); err != nil {
			return r.found, err
		}
	}
	return r.found, nil
}

// reconciling is the comparing of one range, stretch by stretch.
type reconciling struct {
	Closed
	table   Ledger
	rules   Rules
	sums    map[int64]Sum // of the stretches still to be compared
	n       int64         // the stretch the records are of
	records []pipeline.Record
	found   Difference
}

// close compares a stretch, by its sum if that is enough.
func (r *reconciling) close(ctx context.Context) error {
	expired, kept := map[int64]bool{}, r.records[:0]
	for _, record := range r.records {
		if record.At < r.rules.KeptSince && !record.Unreadable {
			expired[record.Offset] = true
			continue
		}
		kept = append(kept, record)
	}
	is, want, rows := r.sums[r.n], Sum{}, r.table.Expect(r.Partition, kept)
	for _, row := range rows {
		want.Rows++
		want.Hash += row.Hash
	}
	delete(r.sums, r.n)
	r.found.Records += want.Rows
	r.found.Expired += len(expired)
	if is == want {
		r.found.Rows += is.Rows
		r.records = r.records[:0]
		return nil
	}
	from, to := max(r.From, r.n*stretch), min(r.To, (r.n+1)*stretch)
	there, err := r.table.Rows(ctx, r.Partition, from, to)
	if err != nil {
		return err
	}
	wrong := r.compare(rows, kept, there, expired)
	r.records = r.records[:0]
	if !r.rules.Repair || len(wrong) == 0 {
		return nil
	}
	// Dying here or in it, what is missing is found again by the next run.
	token := fmt.Sprintf("%s/%d/%d-%d/reconcile/%d", r.Topic, r.Number, from, to, time.Now().UnixMicro())
	done, err := r.table.Insert(ctx, token, r.Partition, wrong)
	r.found.Repaired += done.Rows
	return err
}

// compare counts what differs and returns the records whose rows are missing or changed.
func (r *reconciling) compare(rows []Row, records []pipeline.Record, there []Row, expired map[int64]bool) (wrong []pipeline.Record) {
	byOffset := map[int64][]Row{}
	for _, row := range there {
		if !expired[row.Offset] {
			byOffset[row.Offset] = append(byOffset[row.Offset], row)
		}
	}
	r.found.Rows += len(byOffset)
	known := map[int64]pipeline.Record{}
	for _, record := range records {
		known[record.Offset] = record
	}
	for _, want := range rows {
		is := byOffset[want.Offset]
		delete(byOffset, want.Offset)
		equal := 0
		for _, row := range is {
			if row.Hash == want.Hash {
				equal++
				r.found.Doubled += row.Copies - 1
			}
		}
		switch {
		case len(is) == 0:
			r.found.Missing++
		case equal == 0:
			r.found.Changed++
			r.found.Extra += len(is) - 1
		default:
			r.found.Extra += len(is) - equal
		}
		if equal == 0 {
			wrong = append(wrong, known[want.Offset])
		}
	}
	for offset, is := range byOffset {
		if _, inLog := known[offset]; !inLog && r.rules.Compacted {
			r.found.Outlived += len(is)
		} else {
			r.found.Extra += len(is)
		}
	}
	return wrong
}
