package sim

import (
	"context"
	"errors"
	"io"

	"andon/detectors"
	"andon/pipeline"
	"andon/pipeline/audit"
	"andon/pipeline/load"
	"andon/schemas/event"
	"andon/schemas/journal"
)

// checkAgain runs every beat again as the journal tells it, and holds what stands in the topics against what comes of it, byte for byte: what it does not
// come to is missing or altered, what stands there beside it a phantom or there twice.
func (l *life) checkAgain(ctx context.Context) (entries int64) {
	c := l.config(nil)
	all := controls{proc: &proc{stage: l.stage}, b: l.broker}
	all.read()
	report, err := audit.Run(ctx, audit.Config{Engine: func(f event.Family) (pipeline.Engine, error) { return detectors.New(f, l.settings) },
		Logic: c.Logic, Books: books{l}, Controls: &all, Outputs: true}, l.lanes())
	if err != nil {
		l.breach("the audit: %v", err)
	}
	for _, f := range report.Findings {
		l.breach("the audit found %s of %s: %s: stands %.300s, computed %.300s", f.Kind, f.Lane, f.Says, f.Stands, f.Computed)
	}
	for _, u := range report.Unchecked {
		if u.Reason != audit.OtherLogic || !l.profile.builds {
			l.breach("the audit could not check entries %d to %d of %s: %s", u.From, u.To, u.Lane, u.Says)
		}
	}
	return report.Total().Checked
}

// books are the topics as they stand in the end: audit.Books on the simulated broker.
type books struct{ *life }

// Lanes implements audit.Books.
func (b books) Lanes() []pipeline.Lane { return b.lanes() }

// Name implements audit.Books.
func (b books) Name(t pipeline.Topic) string { return outTopics[t] }

// Open implements audit.Books.
func (b books) Open(_ context.Context, id pipeline.Lane) (audit.Past, error) {
	p := &chronicle{books: b, lane: id}
	for _, r := range b.broker.part(load.Partition{Topic: "journal", Number: id.Partition}).all() {
		if string(r.Key) == id.String() {
			p.journal = append(p.journal, r)
		}
	}
	return p, nil
}

// Written implements audit.Books.
func (b books) Written(_ context.Context, t pipeline.Topic, partition int32, each func(*pipeline.Record)) (audit.Extent, error) {
	part := b.broker.part(load.Partition{Topic: outTopics[t], Number: partition})
	for _, r := range part.all() {
		each(&r)
	}
	return audit.Extent{Settled: part.high()}, nil
}

// Record implements audit.Books.
func (b books) Record(_ context.Context, t pipeline.Topic, partition int32, offset int64) (r pipeline.Record, err error) {
	found, _ := b.broker.part(load.Partition{Topic: outTopics[t], Number: partition}).read(offset, offset+1, 1)
	if len(found) == 0 {
		return r, errors.New("there is no such record")
	}
	return found[0], nil
}

// chronicle is the past of a lane: audit.Past.
type chronicle struct {
	books
	lane    pipeline.Lane
	journal []pipeline.Record
}

// Entry implements audit.Past.
func (c *chronicle) Entry(context.Context) (r pipeline.Record, err error) {
	if len(c.journal) == 0 {
		return r, io.EOF
	}
	r, c.journal = c.journal[0], c.journal[1:]
	return r, nil
}

// Start implements audit.Past.
func (c *chronicle) Start() int64 { return 0 }

// Source implements audit.Past.
func (c *chronicle) Source(side bool) audit.Source {
	return audit.Source{Topic: laneTopic(c.lane.Family, side), End: c.broker.part(at(c.lane, side)).high()}
}

// Records implements audit.Past.
func (c *chronicle) Records(_ context.Context, side bool, from, to int64) ([]pipeline.Record, error) {
	records, _ := c.broker.part(at(c.lane, side)).read(from, to, int(to-from))
	return records, nil
}

// Snapshots implements audit.Past. What an audit cannot run again it is not to take up later.
func (c *chronicle) Snapshots(context.Context) ([]journal.Snapshot, error) { return nil, nil }

// Parts implements audit.Past.
func (c *chronicle) Parts(context.Context, *journal.Snapshot, func([]byte) error) error {
	return pipeline.ErrSnapshot
}

// Close implements audit.Past.
func (c *chronicle) Close() {}
