package kafka

import (
	"fmt"
	"testing"

	"andon/pipeline"
	"andon/schemas/event"
)

// marks are the offsets the lane's committed positions name.
func (s *site) marks(l pipeline.Lane) pipeline.Marks {
	s.t.Helper()
	offsets, err := s.admin.FetchOffsets(s.t.Context(), s.Group(Detect))
	if err != nil {
		s.t.Fatal(err)
	}
	o, _ := offsets.Lookup(s.Input(l.Family), l.Partition)
	p, err := parsePlace(o.Metadata)
	if err != nil {
		s.t.Fatal(err)
	}
	return p.snapshots
}

// A lane with snapshots needs no record from before them; when they are of no use, it needs them all, and says so.
func TestALaneIsRestoredFromItsSnapshot(t *testing.T) {
	s := real(t)
	s.redo = 1
	n := s.start(s.Config, logClock)
	for i := range 12 {
		s.send(lane(0), manifest(i, start, start+event.Day))
		await(t, "the promise", func() bool { return s.folded(lane(0)) == int64(i+1) })
	}
	await(t, "two snapshots", func() bool { return s.marks(lane(0))[1] != pipeline.Nowhere })
	n.stop()
	s.cut(s.Input(event.Carrier))

	n = s.start(s.Config, logClock)
	s.send(lane(0), tick(start+3*event.Day))
	await(t, "what is due", func() bool { return len(s.exceptions(0)) >= 12 })
	n.stop()

	entries := s.entries(lane(0))
	last := entries[len(entries)-1]
	s.moveOffset(0, last.Input.To, fmt.Sprintf("%d 1", last.Seq))
	refused(t, s.start(s.Config, logClock).wait(), pipeline.ErrLogLost, "the snapshot is of no use")
}
