package load

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"time"
)

// watchEvery is how often a loader counts what it brought in: each look is one reading of three columns of the table.
const watchEvery = 5 * time.Minute

// watchedAge is how old a record may be whose row is watched: what is loaded long after it was written may be history that the table drops soon.
const watchedAge = 30 * 24 * time.Hour

// brought is what a loader brought in of a partition, one block behind the other.
type brought struct {
	Closed
	rows int
}

// watch counts now and then whether the rows of this loader are still there: what the table confirmed and lost, as after a loss of power, shows in
// a metric and an error. The proof, and the repair, are Reconcile's.
type watch struct {
	loader  *loader
	since   map[Partition]brought // not yet counted, or found wanting
	at      time.Time             // of the last look
	looking chan map[Partition]int
	asked   map[Partition]brought // by the look under way
	missing int
}

func newWatch(l *loader) *watch {
	return &watch{loader: l, since: map[Partition]brought{}, at: time.Now()}
}

// add takes note of a feed's block, as its end is committed.
func (w *watch) add(f *feed) {
	if block := f.block(); time.Since(time.UnixMicro(int64(block[0].At))) > watchedAge {
		return
	}
	b, known := w.since[f.at]
	if !known || b.To != f.from { // the first, or another loader had some, or an operator moved the position
		b = brought{Closed: Closed{f.at, f.from, f.from}}
	}
	b.To = f.intent.to
	b.rows += f.rows
	w.since[f.at] = b
}

// end waits for the look under way, which ends with the loader.
func (w *watch) end() {
	if w.looking != nil {
		<-w.looking
	}
}

// turn takes the answer of a look, or begins the next one when it is time. Looking does not hold up loading.
func (w *watch) turn(ctx context.Context) {
	if w.looking != nil {
		select {
		case there := <-w.looking:
			w.looking = nil
			if there != nil {
				w.judge(there)
			}
		default:
		}
		return
	}
	if time.Since(w.at) < watchEvery || len(w.since) == 0 {
		return
	}
	w.at, w.asked, w.looking = time.Now(), maps.Clone(w.since), make(chan map[Partition]int, 1)
	var ranges []Closed
	for _, b := range w.asked {
		ranges = append(ranges, b.Closed)
	}
	go func(answer chan<- map[Partition]int) {
		there, err := w.loader.table.Count(ctx, ranges)
		if err != nil {
			there = nil // the next look asks again
		}
		answer <- there
	}(w.looking)
}

// judge compares what is there with what was brought in. What is all there is forgotten, but for what was added meanwhile.
func (w *watch) judge(there map[Partition]int) {
	missing := 0
	var where []string
	for at, b := range w.asked {
		now := w.since[at]
		switch lacks := b.rows - there[at]; {
		case lacks > 0:
			missing += lacks
			where = append(where, fmt.Sprintf("%s/%d/%d-%d", at.Topic, at.Number, b.From, b.To))
		case now.From == b.From && now.To == b.To:
			delete(w.since, at)
		case now.From == b.From:
			w.since[at] = brought{Closed{at, b.To, now.To}, now.rows - b.rows}
		}
	}
	if missing > w.missing {
		slices.Sort(where)
		w.loader.cfg.Logger.Error("rows that were loaded are not there any more", "table", w.loader.cfg.Table, "rows", missing, "where", where,
			"repair", "andon reconcile --repair --table "+w.loader.cfg.Table)
	}
	w.missing = missing
	w.loader.metrics.missing.Set(float64(missing))
}
