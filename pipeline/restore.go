package pipeline

import (
	"context"
	"errors"
	"fmt"
	"io"
	"slices"
	"time"

	"andon/schemas/control"
	"andon/schemas/journal"
)

// progressTime is how often a restore says how far it is.
const progressTime = 10 * time.Second

// redo builds a lane's memory from the newest snapshot that is of use, or from its genesis entry when there is none.
func (l *Loop) redo(ctx context.Context, id Lane, c Committed) (*lane, error) {
	var useless []error
	for i, mark := range append(slices.Clone(c.Snapshots[:]), Nowhere) {
		if mark == Nowhere && i < len(c.Snapshots) {
			continue
		}
		x, err := l.redoFrom(ctx, id, c, mark)
		switch {
		case errors.Is(err, ErrSnapshot):
			useless = append(useless, err)
			l.Log.Warn("a snapshot is of no use: the lane is restored from an older one, or from the start of its log", "lane", id.String(), "error", err)
			continue
		case errors.Is(err, ErrLogLost) && len(useless) > 0:
			for _, before := range useless {
				err = fmt.Errorf("%w; before that, %w", err, before)
			}
			return nil, Fail(Refused, err)
		case err != nil:
			return nil, err
		}
		x.marks = Marks{Nowhere, Nowhere}
		copy(x.marks[:], c.Snapshots[min(i, len(c.Snapshots)):])
		return x, nil
	}
	panic("pipeline: the genesis entry is no snapshot")
}

// redoFrom builds a lane's memory from the snapshot completed at mark, or from nothing: it runs every later beat of the journal again over the same
// records with the same times and answers, drops what comes out, and checks that it counts the same, comes to the same outputs, and ends at the
// committed offsets.
func (l *Loop) redoFrom(ctx context.Context, id Lane, c Committed, mark int64) (*lane, error) {
	engine, err := l.Engine(id.Family)
	if err != nil {
		return nil, Fail(Refused, err)
	}
	past, err := l.history.Open(ctx, id, mark)
	if err != nil {
		return nil, err
	}
	defer past.Close()
	began := l.Now()
	x := &lane{id: id, engine: engine, topics: [2]string{l.Topic(id, false), l.Topic(id, true)}, began: began}
	x.head.Seq = -1
	if past.Snapshot() != nil {
		if err := x.load(ctx, past, &l.Config); err != nil {
			return nil, err
		}
		l.Log.Debug("loaded snapshot", "lane", id.String(), "entry", x.head.Seq, "entities", engine.Size().Entities, "took", l.Now().Sub(began).Round(time.Millisecond))
		began = l.Now()
	}
	told := began
	for {
		e, err := past.Entry(ctx)
		if errors.Is(err, io.EOF) {
			break
		}
		if err == nil {
			err = Fail(Refused, x.follows(&e.Entry))
		}
		if err == nil && e.Seq > 0 {
			x.rejudge = x.rejudge || e.Logic != l.Logic
			err = x.again(ctx, past, &e.Entry, &l.Config)
		}
		if err != nil {
			return nil, err
		}
		if e.Seq == 0 {
			x.ids = [2]string{e.InputID, e.SideID}
		}
		x.stands(e)
		l.Metrics.redone(id, e.Counts)
		if now := l.Now(); now.Sub(told) >= progressTime {
			told = now
			l.Log.Info("restoring lane", "lane", id.String(), "entry", e.Seq, "entries", c.Seq)
		}
	}
	x.folded = l.Now().Sub(began)
	if x.rejudge {
		published, err := past.Published(ctx)
		if err != nil {
			return nil, err
		}
		engine.Adopt(published)
	}
	return x, Fail(Refused, x.ends(c))
}

// follows checks that the entry is the one after the lane's head.
func (l *lane) follows(e *journal.Entry) error {
	if e.Version != journal.Version {
		return fmt.Errorf("%w: lane %s, entry %d has version %d, this build reads version %d: run the build that wrote it",
			ErrJournalGap, l.id, e.Seq, e.Version, journal.Version)
	}
	if l.head.Seq < 0 && e.Seq != 0 {
		return fmt.Errorf("%w: lane %s begins with entry %d, its first entries are deleted: give the journal topic unlimited retention, "+
			"and start over under a new kafka.own_prefix with andon topics apply", ErrJournalGap, l.id, e.Seq)
	}
	if e.Seq != l.head.Seq+1 || e.Seq > 0 && (e.Side.From != l.head.Side.To || e.Input.From != l.head.Input.To || e.Control < l.head.Control) {
		return fmt.Errorf("%w: lane %s, entry %d (input %d, side %d) stands after entry %d (input %d, side %d): two deployments may share "+
			"kafka.own_prefix; stop one, and start over under a new kafka.own_prefix with andon topics apply", ErrJournalGap, l.id,
			e.Seq, e.Input.From, e.Side.From, l.head.Seq, l.head.Input.To, l.head.Side.To)
	}
	if e.Before != l.hash {
		return fmt.Errorf("%w: lane %s, entry %d says that the entry before it has hash %s, it has %s: somebody changed the topic; andon verify "+
			"shows what stands, and a new kafka.own_prefix with andon topics apply judges all of the log anew", ErrJournalGap, l.id, e.Seq, e.Before, l.hash)
	}
	return nil
}

// revises reports whether settings are among records of andon.control.
func revises(records []control.Record) bool {
	return slices.ContainsFunc(records, func(r control.Record) bool { return r.Kind == control.KindSettings })
}

// judges checks that the engine goes by the settings of an entry whose records of andon.control it has heeded. Other logic may have made something else of
// a record; the lane is judged anew then by what we make of it.
func (l *lane) judges(e *journal.Entry) error {
	if l.rejudge && l.revised {
		return nil
	}
	if is := l.engine.Settings(); e.Seq > 0 && e.Settings != is {
		return Fail(Refused, fmt.Errorf("%w: lane %s was judged with settings %s in entry %d, those of the configuration now lead to %s: change settings back; "+
			"other settings from now on are a record of kind settings for andon control apply; all of the log is judged anew under a new kafka.own_prefix with "+
			"andon topics apply", ErrSettings, l.id, e.Settings, e.Seq, is))
	}
	return nil
}

// ends checks that the journal ends where the group stands.
func (l *lane) ends(c Committed) error {
	switch {
	case l.head.Seq < 0: // offsets are committed after the genesis entry
		return fmt.Errorf("%w: lane %s stands after entry %d at input %d, side %d, its entries are deleted: give the journal topic unlimited retention, "+
			"and start over under a new kafka.own_prefix with andon topics apply", ErrNoJournal, l.id, c.Seq, c.Input, c.Side)
	case !l.is(c):
		return fmt.Errorf("%w: lane %s ends with entry %d at input %d, side %d, the group stands at entry %d, input %d, side %d: "+
			"somebody moved the group's offsets; stop all detectors, delete the group's offsets with Kafka's own tools, "+
			"and andon topics apply commits them again from the journal",
			ErrJournalEnd, l.id, l.head.Seq, l.head.Input.To, l.head.Side.To, c.Seq, c.Input, c.Side)
	}
	return nil
}

// again runs the beat of an entry again.
func (l *lane) again(ctx context.Context, past Past, e *journal.Entry, c *Config) (err error) {
	l.stand()
	if l.controls, err = Between(ctx, c.Controls, l.head.Control, e.Control); err != nil {
		return err
	}
	l.revised = l.revised || revises(l.controls)
	if l.side.records, err = past.Records(ctx, true, e.Side.To, nil); err != nil {
		return err
	}
	if l.input.records, err = past.Records(ctx, false, e.Input.To, nil); err != nil {
		return err
	}
	if l.rejudge {
		if err := l.retell(e); err != nil {
			return err
		}
		return l.judges(e)
	}
	defer l.sit()()
	done := l.rerun(e)
	if err := l.judges(e); err != nil {
		return err
	}
	switch is := done.Entry; {
	case done.Wrong != "":
		return l.diverged(e, done.Wrong)
	case is.Counts != e.Counts || is.Start != e.Start || is.End != e.End:
		return l.diverged(e, fmt.Sprintf("%+v from %s to %s", is.Counts, is.Start, is.End))
	case is.Outputs != e.Outputs:
		return l.diverged(e, fmt.Sprintf("outputs of digest %q instead of %q (andon verify names the first that differs)", is.Outputs, e.Outputs))
	}
	return nil
}

func (l *lane) diverged(e *journal.Entry, got string) error {
	return Fail(Refused, fmt.Errorf("%w: lane %s, entry %d: got %s, the journal says %+v from %s to %s: run the build that wrote the journal, "+
		"or judge all of the log anew under a new kafka.own_prefix with andon topics apply", ErrDiverged, l.id, e.Seq, got, e.Counts, e.Start, e.End))
}

// skipDead passes over exactly the records the first run put aside. It returns the item of a record that cannot be decoded now and could be
// then; -1 when there is none.
func (l *lane) skipDead(dead []journal.DeadRange) int {
	bad := -1
	l.eachDead(dead, func(i int, skip bool) bool {
		if l.items[i].Skip && !skip {
			bad = i
			return false
		}
		l.items[i].Skip = skip
		return true
	})
	return bad
}

// eachDead says of each item whether its record was put aside, until yield returns false.
func (l *lane) eachDead(dead []journal.DeadRange, yield func(i int, dead bool) bool) {
	for i := range l.items {
		r, side := l.record(i)
		for len(dead) > 0 && (dead[0].Side && !side || dead[0].Side == side && dead[0].To <= r.Offset) {
			dead = dead[1:]
		}
		if !yield(i, len(dead) > 0 && dead[0].Side == side && dead[0].From <= r.Offset) {
			return
		}
	}
}
