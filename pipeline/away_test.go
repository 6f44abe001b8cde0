package pipeline_test

import (
	"fmt"
	"slices"
	"testing"
	"time"

	"andon/detectors/setting"
	"andon/pipeline"
	"andon/schemas/event"
	"andon/schemas/exception"
)

const awayParcels = 60

// What happens to the parcels of hour h: each is manifested at hour 0 and promised for hour 24. Of four, one is scanned at hour 22 and delivered at 25,
// within the grace; one is scanned early and delivered at 23; one is scanned early and never delivered; of one nothing is heard.
func (w *world) hour(h int) {
	at := start + event.Micros(h)*event.Hour
	for i := range awayParcels {
		at := at + event.Micros(i)*event.Second
		switch k := i % 4; {
		case h == 0:
			w.send(carrier0, manifest(i, at, start+event.Day))
		case k == 0 && h == 22, (k == 1 || k == 2) && h == 3:
			w.send(carrier0, scan(i, at, event.Accepted))
		case k == 0 && h == 25, k == 1 && h == 23:
			w.send(carrier0, scan(i, at, event.Delivered))
		}
	}
}

// until is the world's wall clock at the end of hour h.
func (w *world) until(h int) { w.now = (start + event.Micros(h+1)*event.Hour).UTC() }

// A detector on the wall clock is away for six hours, from hour 20 on, in which its input goes on arriving and several things fall due. When it comes
// back it raises nothing that the backlog contradicts, at no moment, and what really did not arrive once the log is read, as if it had never been away.
func TestSixHoursAwayAreNoSilence(t *testing.T) {
	for _, snapshots := range []bool{true, false} {
		t.Run(fmt.Sprint("snapshots ", snapshots), func(t *testing.T) {
			living, away := newWorld(), newWorld()
			for _, w := range []*world{living, away} {
				w.settings.Clock = setting.Wall
				w.config.Redo = -1
				if snapshots {
					w.config.Redo = 1
				}
				w.pace = time.Millisecond // time goes on while it catches up
				w.options.Cut = func(pipeline.Lane) int { return 7 }
			}
			for h := range 27 {
				for _, w := range []*world{living, away} {
					w.hour(h)
					if w.until(h); w == living || h < 20 {
						w.mustRun(t)
					}
				}
			}
			if len(away.Exceptions) > 0 {
				t.Fatalf("raised before it went: %+v", away.Exceptions)
			}
			backlog, seen := away.Len(carrier0), away.Entries(carrier0)[len(away.Entries(carrier0))-1].Input.To
			away.options.Fault = func(b pipeline.Beat) (bool, error) {
				for _, o := range b.Lanes {
					if o.Entry.Input.To < backlog && b.Wall {
						t.Errorf("the wall clock moved the lane at %d of %d records", o.Entry.Input.To, backlog)
					}
				}
				return true, nil
			}
			away.mustRun(t)
			if backlog-seen < awayParcels/2 {
				t.Fatalf("%d records arrived while it was away", backlog-seen)
			}
			got, want := raised(away.Exceptions), raised(living.Exceptions)
			if !slices.Equal(got, want) {
				t.Errorf("raised after it was away\n%s\nwhere it lived\n%s", got, want)
			}
			if n := len(want); n != awayParcels*3/4 { // one CA-02, two CA-04
				t.Errorf("%d revisions, want %d", n, awayParcels*3/4)
			}
			for _, x := range away.Exceptions {
				var i int
				if _, err := fmt.Sscanf(x.Subject, "c/%d", &i); err != nil || i%4 < 2 || x.State != exception.Open || x.Revision != 1 {
					t.Errorf("%s of %s is %s in revision %d: %v", x.Code, x.Subject, x.State, x.Revision, err)
				}
			}
			away.mustRun(t) // and it restores
		})
	}
}

// raised is what each revision says, whenever it was said.
func raised(list []exception.Exception) (out []string) {
	for _, x := range list {
		out = append(out, fmt.Sprint(x.Code, " ", x.Subject, " ", x.Revision, " ", x.State, " ", x.OpenedAt, " ", x.Reasons))
	}
	slices.Sort(out)
	return out
}
