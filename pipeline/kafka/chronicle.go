package kafka

import (
	"context"
	"errors"
	"fmt"
	"io"
	"slices"

	"andon/pipeline"
	"andon/pipeline/audit"
	"andon/schemas/journal"
)

// chronicle is a lane's past, with a client for each partition.
type chronicle struct {
	books   *Books
	lane    pipeline.Lane
	journal *reader
	sources [2]*reader // input, side; nil before the first read
}

// Entry implements audit.Past.
func (c *chronicle) Entry(ctx context.Context) (pipeline.Record, error) {
	for {
		r, err := c.journal.then(ctx)
		if err != nil || r.Unreadable || string(r.Key) == c.lane.String() { // the partition holds those of other families too
			return r, err
		}
	}
}

// Start implements audit.Past.
func (c *chronicle) Start() int64 { return c.books.starts[c.books.Journal()][c.lane.Partition] }

// Source implements audit.Past.
func (c *chronicle) Source(side bool) audit.Source {
	topic := c.books.Topic(c.lane.Family, side)
	return audit.Source{Topic: topic, ID: c.books.ids[topic], Start: c.books.starts[topic][c.lane.Partition], End: c.books.ends[topic][c.lane.Partition]}
}

// Records implements audit.Past.
func (c *chronicle) Records(ctx context.Context, side bool, from, to int64) ([]pipeline.Record, error) {
	i := 0
	if side {
		i = 1
	}
	if c.sources[i] == nil {
		c.sources[i] = c.books.reader(c.books.Topic(c.lane.Family, side), c.lane.Partition, from)
	}
	records, err := c.sources[i].until(ctx, to, nil)
	return slices.DeleteFunc(records, func(r pipeline.Record) bool { return r.Offset < from }), err
}

// Snapshots implements audit.Past.
func (c *chronicle) Snapshots(ctx context.Context) (all []journal.Snapshot, err error) {
	again := &chronicle{books: c.books, lane: c.lane, journal: c.books.reader(c.books.Journal(), c.lane.Partition, c.Start())}
	defer again.Close()
	for {
		r, err := again.Entry(ctx)
		if errors.Is(err, io.EOF) {
			return all, nil
		}
		if err != nil {
			return nil, err
		}
		var e journal.Entry
		if journal.Decode(r.Value, &e) == nil && e.Snapshot != nil {
			all = append(all, *e.Snapshot)
		}
	}
}

// Parts implements audit.Past. Between the parts of one snapshot stand those of other lanes, and of attempts that came to nothing.
func (c *chronicle) Parts(ctx context.Context, s *journal.Snapshot, each func([]byte) error) error {
	r := c.books.reader(c.books.Snapshots(), c.lane.Partition, max(s.First, c.books.starts[c.books.Snapshots()][c.lane.Partition]))
	defer r.close()
	for part := 0; part < s.Parts; {
		record, err := r.then(ctx)
		if errors.Is(err, io.EOF) {
			return fmt.Errorf("%w: part %d is not in %s", pipeline.ErrSnapshot, part, r.topic)
		}
		if err != nil {
			return err
		}
		if string(record.Key) == fmt.Sprintf("%s/%d/%d", c.lane, s.Slot, part) {
			part++
			if err := each(record.Value); err != nil {
				return err
			}
		}
	}
	return nil
}

// Close implements audit.Past.
func (c *chronicle) Close() {
	for _, r := range append(c.sources[:], c.journal) {
		r.close()
	}
}
