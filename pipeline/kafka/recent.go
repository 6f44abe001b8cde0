package kafka

import (
	"context"
	"errors"
	"fmt"
	"log/slog"

	"github.com/twmb/franz-go/pkg/kadm"
	"github.com/twmb/franz-go/pkg/kmsg"

	"andon/pipeline"
	"andon/pipeline/audit"
	"andon/schemas/journal"
)

// Recent is Books in which the past of a lane begins with the entry behind which one of its two newest snapshots stands, the older one while it can be
// had: so there is something to run again however young the newest is. A lane without snapshots begins with its first entry.
type Recent struct {
	*Books
	marks map[pipeline.Lane]pipeline.Marks
}

// toRecall is what Recent needs besides the right to read what Books read: it reads the committed positions of detectors.
func (c Config) toRecall() []need {
	return []need{{onGroup, c.Group(Detect), []kmsg.ACLOperation{read}}}
}

// OpenRecent notes where the snapshots are, then how far the topics go.
func OpenRecent(ctx context.Context, c Config, log *slog.Logger) (*Recent, error) {
	r := &Recent{marks: map[pipeline.Lane]pipeline.Marks{}}
	cl, err := connect(ctx, c, log)
	if err != nil {
		return nil, err
	}
	defer cl.Close()
	if err := c.allowed(ctx, cl, c.toRecall()); err != nil {
		return nil, err
	}
	committed, err := kadm.NewClient(cl).FetchOffsets(ctx, c.Group(Detect))
	if err != nil {
		return nil, pipeline.Fail(pipeline.Lost, fmt.Errorf("fetch the committed offsets of group %s: %w", c.Group(Detect), err))
	}
	if r.Books, err = OpenBooks(ctx, c, log); err != nil {
		return nil, err
	}
	for _, l := range r.Lanes() {
		at, there := committed.Lookup(c.Input(l.Family), l.Partition)
		p, err := parsePlace(at.Metadata)
		if !there || err != nil { // nothing was committed, or by somebody else: as if there were none
			p.snapshots = pipeline.Marks{pipeline.Nowhere, pipeline.Nowhere}
		}
		r.marks[l] = p.snapshots
	}
	return r, nil
}

// Open implements audit.Books. ErrSnapshot says that no snapshot of the lane stands whole, and the lane does not begin with its first entry either.
func (r *Recent) Open(ctx context.Context, l pipeline.Lane) (audit.Past, error) {
	marks := r.marks[l]
	var why error
	for _, mark := range []int64{marks[1], marks[0]} {
		if mark == pipeline.Nowhere {
			continue
		}
		past, err := r.behind(ctx, l, mark)
		if !errors.Is(err, pipeline.ErrSnapshot) {
			return past, err
		}
		why = err
	}
	if why == nil {
		return r.Books.Open(ctx, l)
	}
	return nil, why
}

// behind opens the past from the snapshot on that the entry at mark completed.
func (r *Recent) behind(ctx context.Context, l pipeline.Lane, mark int64) (audit.Past, error) {
	starts := r.starts
	if from := starts[r.Journal()][l.Partition]; mark < from {
		return nil, fmt.Errorf("%w: the journal begins at offset %d, the entry that completed it stood at %d", pipeline.ErrSnapshot, from, mark)
	}
	s, err := completed(ctx, l, r.reader(r.Journal(), l.Partition, mark), mark)
	switch {
	case err != nil:
		return nil, err
	case s.At < starts[r.Journal()][l.Partition] || s.First < starts[r.Snapshots()][l.Partition]:
		return nil, fmt.Errorf("%w: the entry it stands after, or its beginning, is gone", pipeline.ErrSnapshot)
	}
	return &recently{chronicle{books: r.Books, lane: l, journal: r.reader(r.Journal(), l.Partition, s.At)}, s}, nil
}

// recently is the past of a lane from a snapshot on.
type recently struct {
	chronicle
	snapshot *journal.Snapshot
}

// Start implements audit.Past: what stands before is passed over, not missing.
func (p *recently) Start() int64 { return p.snapshot.At }

// Snapshots implements audit.Past.
func (p *recently) Snapshots(context.Context) ([]journal.Snapshot, error) {
	return []journal.Snapshot{*p.snapshot}, nil
}
