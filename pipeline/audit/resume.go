package audit

import (
	"context"
	"crypto/sha256"
	"errors"
	"fmt"

	"andon/pipeline"
	"andon/schemas/journal"
)

// lame reports whether the lane cannot be run on from where it is: only a snapshot can set it right.
func (l *lane) lame() bool { return !l.runs || l.doubt.reason == OtherLogic }

// resume sets the lane going again behind an entry, if a snapshot of the lane's state as of then still stands whole and all records since do. What the
// snapshot says is what the detectors said it is: it is the beats after it that are checked.
func (l *lane) resume(ctx context.Context, n *noted) error {
	if n.Version != journal.Version || n.Logic != l.Logic {
		return nil
	}
	if !l.looked {
		var err error
		if l.snapshots, err = l.past.Snapshots(ctx); err != nil {
			return err
		}
		l.looked = true
	}
	for i := range l.snapshots {
		s := &l.snapshots[i]
		if s.Seq != n.Seq || s.Entry != n.hash || l.past.Source(false).Start > n.Input.To || l.past.Source(true).Start > n.Side.To {
			continue
		}
		rerun, err := l.load(ctx, s)
		if errors.Is(err, pipeline.ErrSnapshot) {
			continue // a later one may do
		}
		if err != nil {
			return err
		}
		l.rerun, l.runs, l.doubt = rerun, true, doubt{}
		l.report.Resumed = append(l.report.Resumed, n.Seq)
		return nil
	}
	return nil
}

// load makes an engine of a snapshot. ErrSnapshot says that it does not stand whole any more.
func (l *lane) load(ctx context.Context, s *journal.Snapshot) (*pipeline.Rerun, error) {
	engine, err := l.Engine(l.id.Family)
	if err != nil {
		return nil, err
	}
	hash := sha256.New()
	parts := 0
	err = l.past.Parts(ctx, s, func(part []byte) error {
		_, _ = hash.Write(part) // a hash takes everything
		parts++
		if err := engine.Load(part, parts == s.Parts); err != nil {
			return fmt.Errorf("%w: %w", pipeline.ErrSnapshot, err)
		}
		return nil
	})
	if err == nil && journal.Sum(hash) != s.Sum {
		err = pipeline.ErrSnapshot
	}
	return pipeline.NewRerun(l.id, engine), err
}
