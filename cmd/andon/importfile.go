package main

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"os"

	"andon/cmd/andon/config"
	"andon/detectors/setting"
	"andon/replay/history"
	"andon/replay/ndjson"
)

// ndjsonFile is the name before the = that stands for a file of one's own events.
const ndjsonFile = "ndjson"

// file imports a file of events. It is read twice: nothing is written before all of it has been looked at.
func (c importCmd) file(ctx context.Context, cfg config.Config) error {
	path := c.From.dir
	if cfg.Settings.Clock != setting.Log {
		return usageError{fmt.Errorf("settings.clock is %s in %s: the events of a file are not of now, their time is told by ticks; set settings.clock: log", cfg.Settings.Clock, c.Config)}
	}
	fmt.Println("look through", path)
	review, told := ndjson.NewReview(), newTold(os.Stderr, path)
	for l, err := range ndjson.Read(path) {
		if err = errors.Join(err, ctx.Err()); err != nil {
			return err
		}
		if problems := review.Line(l); l.Reject != nil {
			told.problems(problems)
		}
	}
	switch {
	case review.Refused > 0 && !c.SkipErrors:
		return fmt.Errorf("%s: %s of %s lines cannot be taken, so nothing was written: andon check %s says more, --skip-errors writes the others",
			path, thousands(review.Refused), thousands(review.Lines), path)
	case review.Total() == 0:
		return fmt.Errorf("%s holds no event that can be taken: nothing was written", path)
	case review.Refused > 0:
		fmt.Fprintf(os.Stderr, "andon: note: %s of %s lines cannot be taken and are left out\n", thousands(review.Refused), thousands(review.Lines))
	}
	if review.Warned > 0 {
		fmt.Fprintf(os.Stderr, "andon: note: %s lines are probably not what was meant: andon check %s says why\n", thousands(review.Warned), path)
	}
	ctx, stop := context.WithCancelCause(ctx)
	defer stop(nil)
	records := past{events: events(path, stop), total: review.Total(), step: history.ImportStep, lateness: history.ImportLateness}
	return records.tell(ctx, cfg.Kafka, "import "+path)
}

// events are those of a file that can be taken. When the file cannot be read to its end they stop with the cause, so that no tick says the
// history is over.
func events(path string, stop context.CancelCauseFunc) iter.Seq[history.Record] {
	return func(yield func(history.Record) bool) {
		for l, err := range ndjson.Read(path) {
			if err != nil {
				stop(fmt.Errorf("%w: the topics hold a part of it, import it again under another kafka.input_prefix and kafka.own_prefix", err))
				return
			}
			if l.Taken() && !yield(l.Record) {
				return
			}
		}
	}
}
