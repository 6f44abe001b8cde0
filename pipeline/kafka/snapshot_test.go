package kafka

import (
	"fmt"
	"testing"

	"github.com/twmb/franz-go/pkg/kadm"

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

// snapshotted is a site whose lane has judged four promises and stopped with two snapshots.
func snapshotted(t *testing.T) *site {
	s := real(t)
	s.redo = 1
	n := s.start(s.Config, logClock)
	for i := range 4 {
		s.send(lane(0), manifest(i, start, start+event.Day))
		await(t, "the promise", func() bool { return s.folded(lane(0)) == int64(i+1) })
	}
	await(t, "two snapshots", func() bool { return s.marks(lane(0))[1] != pipeline.Nowhere })
	n.stop()
	return s
}

// goesOn starts the site and wants the promises it remembers to be broken.
func (s *site) goesOn() {
	s.t.Helper()
	n := s.start(s.Config, logClock)
	s.send(lane(0), tick(start+3*event.Day))
	await(s.t, "what is due", func() bool { return len(s.exceptions(0)) >= 4 })
	n.stop()
}

// emptySnapshots deletes all snapshots of partition 0. Of a compacted topic nothing can be deleted.
func (s *site) emptySnapshots() {
	s.t.Helper()
	policy := "delete"
	if _, err := s.admin.AlterTopicConfigs(s.t.Context(), []kadm.AlterConfig{{Op: kadm.SetConfig, Name: "cleanup.policy", Value: &policy}}, s.Snapshots()); err != nil {
		s.t.Fatal(err)
	}
	s.cut(s.Snapshots())
}

// A lane with snapshots needs no record from before them; when they are of no use, it needs them all, and says so.
func TestALaneIsRestoredFromItsSnapshot(t *testing.T) {
	s := snapshotted(t)
	s.cut(s.Input(event.Carrier))
	s.goesOn()

	entries := s.entries(lane(0))
	last := entries[len(entries)-1]
	s.moveOffset(0, last.Input.To, fmt.Sprintf("%d 1", last.Seq))
	err := s.start(s.Config, logClock).wait()
	t.Log(err)
	refused(t, err, pipeline.ErrLogLost, "the snapshot is of no use")
}

// Without its snapshots a lane is judged again from the first record, if that is there.
func TestSnapshotsThatAreGone(t *testing.T) {
	s := snapshotted(t)
	s.emptySnapshots()
	s.goesOn()

	s = snapshotted(t)
	s.emptySnapshots()
	s.cut(s.Input(event.Carrier))
	err := s.start(s.Config, logClock).wait()
	t.Log(err)
	refused(t, err, pipeline.ErrLogLost, "in.carrier partition 0 begins at 4, lane carrier/0 needs it from 0")
	refused(t, err, pipeline.ErrSnapshot, "own.snapshots begins at offset ")

	s = snapshotted(t)
	s.cut(s.Journal())
	err = s.start(s.Config, logClock).wait()
	t.Log(err)
	refused(t, err, pipeline.ErrNoJournal, "its entries are deleted")
}

// When all of the journal is gone, laying out anew would judge all of the log a second time into the same topics.
func TestApplyDoesNotBeginAnewOverAJournalThatIsGone(t *testing.T) {
	s := real(t)
	for p := range int32(2) {
		s.cutIn(s.Journal(), p)
	}
	_, err := Apply(t.Context(), s.Config, Layout{Partitions: 2, ReplicationFactor: 1}, quiet(t))
	t.Log(err)
	refused(t, err, pipeline.ErrNoJournal, "start over under a new kafka.own_prefix")
}
