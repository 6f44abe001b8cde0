package kafka

import (
	"errors"
	"testing"

	"andon/detectors"
	"andon/pipeline"
	"andon/pipeline/audit"
	"andon/schemas/event"
)

// A lane's recent past begins behind its older snapshot and goes on to its end; when no snapshot stands whole there is none.
func TestTheRecentPastBeginsAtASnapshot(t *testing.T) {
	s := snapshotted(t)
	s.goesOn()
	run := func() (report audit.Report, ran []int64, err error) {
		books, err := OpenRecent(t.Context(), s.Config, quiet(t))
		if err != nil {
			t.Fatal(err)
		}
		report, err = audit.Run(t.Context(), audit.Config{
			Engine: func(f event.Family) (pipeline.Engine, error) { return detectors.New(f, logClock) },
			Logic:  detectors.Logic(),
			Books:  books,
			Watch: func(x *audit.Step) bool {
				if ran = append(ran, x.Entry.Seq); !x.Same {
					t.Errorf("entry %d comes to something else", x.Entry.Seq)
				}
				return true
			},
		}, []pipeline.Lane{lane(0)})
		return report, ran, err
	}
	report, ran, err := run()
	if err != nil || len(report.Findings) > 0 {
		t.Fatalf("%+v, %v", report.Findings, err)
	}
	entries := s.entries(lane(0))
	last := entries[len(entries)-1].Seq
	if x := report.Lanes[0]; len(x.Resumed) != 1 || x.Resumed[0] == 0 || len(ran) == 0 || ran[0] != x.Resumed[0]+1 || ran[len(ran)-1] != last || int64(len(ran)) != last-x.Resumed[0] {
		t.Errorf("resumed behind %v, ran %v of %d entries", x.Resumed, ran, last)
	}
	s.emptySnapshots()
	if _, ran, err = run(); !errors.Is(err, pipeline.ErrSnapshot) || len(ran) > 0 {
		t.Errorf("without its snapshots: %v ran, %v", ran, err)
	}
}
