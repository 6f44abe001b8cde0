package pipeline

import (
	"context"
	"fmt"
	"log/slog"
	"runtime"
	"slices"
	"sync"
	"time"

	"golang.org/x/sync/errgroup"

	"andon/schemas/event"
)

// Config is what a loop needs beside its source and sink. All fields but Scorer and the bounds are required.
type Config struct {
	Engine   func(event.Family) (Engine, error) // makes an empty engine; many goroutines may call it at once
	Topic    func(Lane, bool) string            // names a lane's side (true) or input topic, for dead letters
	Scorer   Scorer                             // answers what the engines ask of models; nil when they ask nothing
	Controls Controls                           // what lanes go by beside the settings they began with; nil when there is none
	Logic    string                             // hash of the logic the engines judge by
	Wall     bool                               // the wall clock moves lanes that stand at the end of their log
	Now      func() time.Time                   // the wall clock
	Log      *slog.Logger
	Metrics  *Metrics

	Redo        time.Duration // folding that a restore may have to do again before lanes are snapshotted, all lanes together; 10 s when 0, without end when negative
	ScoreWithin time.Duration // models have this long to answer a lane's questions of a beat; 50 ms when 0
	Linger      time.Duration // how long a beat gathers records at most; 100 ms when 0
	RecordsMax  int           // records of all lanes in a beat; 20,000 when 0
}

// abortsMax is how many beats in a row may abort before the loop gives up; with the waits between them, about a minute.
const abortsMax = 40

// holdTime is how long no lane takes a wall clock that was found wrong.
const holdTime = 5 * time.Second

// Loop turns the records of its lanes into committed outcomes. One goroutine runs it; within a beat lanes fold in parallel, one lane on one
// worker.
type Loop struct {
	Config
	source  Source
	sink    Sink
	history History

	lanes  []*lane          // assigned and restored, in order
	coming map[Lane]*memory // assigned, being restored
	left   map[Lane]*memory // taken away, kept in case they come back
	gate   chan struct{}    // bounds the restores that run at a time

	restores sync.WaitGroup

	warned [len(event.Families)]bool // of misplaced events

	aborts int       // beats aborted in a row
	held   time.Time // no wall clock before this
	turn   time.Time // when the last poll was asked for
	began  time.Time // when it returned
}

// NewLoop makes a loop; Run runs it.
func NewLoop(c Config, source Source, sink Sink, history History) *Loop {
	if c.Linger == 0 {
		c.Linger = 100 * time.Millisecond
	}
	if c.Redo == 0 {
		c.Redo = 10 * time.Second
	}
	if c.ScoreWithin == 0 {
		c.ScoreWithin = 50 * time.Millisecond
	}
	if c.RecordsMax == 0 {
		c.RecordsMax = 20_000
	}
	return &Loop{Config: c, source: source, sink: sink, history: history,
		coming: map[Lane]*memory{}, left: map[Lane]*memory{}, gate: make(chan struct{}, runtime.GOMAXPROCS(0))}
}

// Run turns until ctx ends (nil: the last beat is finished and nothing is half done) or an error of kind Lost or Refused. It forgets its
// lanes when it returns; a new loop restores them.
func (l *Loop) Run(ctx context.Context) error {
	defer l.forget()
	for ctx.Err() == nil {
		polled, err := l.source.Poll(ctx, l.wait(), l.room())
		l.began = l.Now()
		if err == nil {
			err = l.take(ctx, polled)
		}
		var b Beat
		if err == nil {
			b, err = l.fold(ctx)
		}
		if err == nil && len(b.Lanes) > 0 {
			err = l.sink.Commit(context.WithoutCancel(ctx), b) // a beat begun is finished
		}
		switch KindOf(err) {
		case None:
			l.keep(b)
		case Aborted:
			l.undo(err)
		case Held:
			l.undo(err)
			l.held = l.Now().Add(holdTime)
		default:
			return err
		}
		if l.aborts > abortsMax {
			return Fail(Lost, fmt.Errorf("%w: %w", ErrAborts, err))
		}
		l.snapshot(l.patience())
		if ctx.Err() == nil { // else finish goes on with the lanes as they are held
			l.source.Release(l.ready())
		}
	}
	l.finish(context.WithoutCancel(ctx))
	return nil
}

// patience is how much may be left to redo before a lane is snapshotted: twice as much while lanes are restored, for those that wait need the cores more.
func (l *Loop) patience() time.Duration {
	if len(l.coming) > 0 {
		return 2 * l.Redo
	}
	return l.Redo
}

// wait is how long the next poll may gather: not at all while work is left, longer after each abort in a row.
func (l *Loop) wait() time.Duration {
	now := l.Now()
	wait := l.Linger - now.Sub(l.turn)
	l.turn = now
	if l.aborts > 0 {
		return l.Linger * time.Duration(min(l.aborts, 20))
	}
	for _, x := range l.lanes {
		if x.pending() > 0 || x.due(0) || x.shot != nil || x.sweeps() {
			return 0
		}
	}
	return min(max(wait, 0), l.Linger)
}

// room is how many records the next poll may bring.
func (l *Loop) room() int {
	if l.aborts > 0 {
		return 0
	}
	room := l.RecordsMax
	for _, x := range l.lanes {
		room -= x.pending()
	}
	return max(room, 0)
}

// take takes over what a poll brought: lanes that come and go, restored lanes, records.
func (l *Loop) take(ctx context.Context, p Polled) error {
	for _, c := range p.Changes {
		if c.Revoked {
			l.release(c.Lanes)
		} else {
			l.expect(ctx, c.Lanes)
		}
	}
	for _, f := range p.Fetched {
		if i, ours := l.find(f.Lane); ours {
			if err := l.lanes[i].add(f); err != nil {
				return err
			}
		}
	}
	return l.arrived()
}

// fold runs the beat of every lane that has records or due timers.
func (l *Loop) fold(ctx context.Context) (Beat, error) {
	ends, ruled := l.ends(ctx), l.ruled()
	var work []*lane
	for _, x := range l.lanes {
		if x.pending() > 0 || x.due(ends[x.id]) || x.shot != nil || x.sweeps() || x.head.Control < ruled {
			work = append(work, x)
		}
	}
	b := Beat{Wall: len(ends) > 0, Lanes: make([]Outcome, len(work))}
	var g errgroup.Group
	g.SetLimit(runtime.GOMAXPROCS(0))
	for i, x := range work {
		g.Go(func() (err error) {
			began := l.Now()
			b.Lanes[i], err = x.fold(ctx, &l.Config, ends[x.id], ruled)
			b.Lanes[i].took = l.Now().Sub(began)
			l.Metrics.sized(x) // before anyone can see the beat committed
			return err
		})
	}
	return b, g.Wait()
}

// ends are the lanes that take the wall clock in this beat, and its time: those with a timer due by it whose log ends, as of now, where they
// have polled to. The clock is read first, so what was appended by then is in the log that is asked.
func (l *Loop) ends(ctx context.Context) map[Lane]event.Micros {
	now := l.Now()
	if !l.Wall || now.Before(l.held) {
		return nil
	}
	var due []Lane
	for _, x := range l.lanes {
		if x.due(event.At(now)) {
			due = append(due, x.id)
		}
	}
	if len(due) == 0 {
		return nil
	}
	found, err := l.source.Ends(ctx, due)
	if err != nil {
		l.Log.Warn("the ends of the log are not known: time waits", "error", err)
		return nil
	}
	ends := map[Lane]event.Micros{}
	for _, x := range l.lanes {
		if end, asked := found[x.id]; asked && end.Side <= x.side.next && end.Input <= x.input.next {
			ends[x.id] = event.At(now)
		}
	}
	return ends
}

// keep makes a committed beat the memory of its lanes.
func (l *Loop) keep(b Beat) {
	revised := 0
	for _, o := range b.Lanes {
		i, _ := l.find(o.Lane)
		if was := l.lanes[i].head; was.Seq > 0 && was.Settings != o.Entry.Settings {
			revised++
		}
		l.lanes[i].keep(o)
		l.Metrics.kept(l.lanes[i], o)
		if o.Entry.Rejudged {
			l.Log.Info("the logic changed: every entity was judged anew", "lane", o.Lane.String(), "logic", l.Logic, "revisions", len(o.Exceptions))
		}
		if o.misplaced > 0 && !l.warned[o.Lane.Family] {
			l.warned[o.Lane.Family] = true
			l.Log.Error("events are not on the partition of their key: producers with different partitioners split timelines silently",
				"topic", l.Topic(o.Lane, false), "lane", o.Lane.String(), "setting", "kafka.partitioner")
		}
	}
	if revised > 0 {
		l.Log.Info("the settings changed: every entity is judged anew", "lanes", revised, "settings", b.Lanes[0].Entry.Settings)
	}
	l.aborts = 0
	if len(b.Lanes) > 0 {
		l.Metrics.beats.WithLabelValues("committed").Inc()
		l.Metrics.seconds.Observe(l.Now().Sub(l.began).Seconds())
	}
}

// undo takes back a beat that was not committed. Its records wait in their lanes.
func (l *Loop) undo(err error) {
	for _, x := range l.lanes {
		x.engine.Undo()
		x.out = outputs{} // the sink may hold on to what it did not get rid of
	}
	l.aborts++
	l.Metrics.beats.WithLabelValues(KindOf(err).String()).Inc()
	l.Log.Warn("beat undone", "kind", KindOf(err).String(), "in_a_row", l.aborts, "error", err)
}

func (l *Loop) find(id Lane) (int, bool) {
	return slices.BinarySearchFunc(l.lanes, id, func(x *lane, id Lane) int { return x.id.Compare(id) })
}
