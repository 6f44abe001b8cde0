package load

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"
	"time"

	"andon/pipeline"

	"golang.org/x/sync/errgroup"
)

// Bounds of one turn, besides those of Config.
const (
	bufferBlocks = 8 // full blocks of records in memory, over all partitions
	bufferBytes  = 96 << 20
	inserters    = 4                // blocks on their way at a time
	longestTurn  = 10 * time.Second // while others are fuller
	lagEvery     = 5 * time.Second
	firstWait    = 100 * time.Millisecond // after a failure, then doubled up to longestWait
	longestWait  = 5 * time.Second
)

// loader drives the feeds: one goroutine, one turn after the other.
type loader struct {
	cfg     Config
	log     Log
	table   Table
	metrics *metrics
	feeds   map[Partition]*feed
	fullAt  time.Time     // when the buffer was last full
	wait    time.Duration // before the next try; 0 when there is none to make
	failing bool          // since the last block that came in
	lagAt   time.Time     // when the lag was last looked up
	watch   *watch
}

func newLoader(cfg Config, log Log, table Table) *loader {
	l := &loader{cfg: cfg, log: log, table: table, metrics: newMetrics(cfg), feeds: map[Partition]*feed{}}
	l.watch = newWatch(l)
	return l
}

func (l *loader) run(ctx context.Context) error {
	defer l.watch.end()
	for {
		if err := l.poll(ctx); err != nil {
			return fmt.Errorf("load %s: %w", l.cfg.Table, err)
		}
		if ctx.Err() != nil {
			return nil
		}
		blocks, err := l.step(ctx)
		switch {
		case ctx.Err() != nil:
			return nil
		case classified(err):
			return fmt.Errorf("load %s: %w", l.cfg.Table, err)
		}
		l.trouble(blocks, err)
		l.observe(ctx)
		l.watch.turn(ctx)
	}
}

func (l *loader) bufferRows() int { return bufferBlocks * l.cfg.BlockRows }

// classified reports whether err says by its kind that trying again does not help.
func classified(err error) bool {
	_, ok := errors.AsType[*pipeline.Error](err)
	return ok
}

// poll takes in what changed. While a block is on its way no more records are taken, but partitions may change hands.
func (l *loader) poll(ctx context.Context) error {
	wait, room := l.patience()
	within, cancel := context.WithTimeout(ctx, wait)
	defer cancel()
	p, err := l.log.Poll(within, room)
	if err != nil {
		return err
	}
	for _, at := range p.Lost {
		delete(l.feeds, at) // its work is dropped; an intent, if there is one, is committed
	}
	for _, at := range p.Gained {
		f, err := newFeed(at)
		if err != nil {
			f = &feed{at: at.Partition, from: at.Offset, seen: at.Offset}
			l.stop(f, err)
		}
		l.feeds[at.Partition] = f
	}
	for at, err := range p.Stopped {
		if f := l.feeds[at]; f != nil && f.stage != stopped {
			l.stop(f, err)
		}
	}
	now := time.Now()
	for at, next := range p.Next {
		f := l.feeds[at]
		if f == nil {
			return pipeline.Fail(pipeline.Lost, fmt.Errorf("records of %s/%d, which was never given to us", at.Topic, at.Number))
		}
		if err := f.add(p.Records[at], next, now); err != nil {
			l.stop(f, err)
		}
	}
	return nil
}

// patience is how long the next poll may wait and how many records it may bring.
func (l *loader) patience() (time.Duration, int) {
	if l.wait > 0 {
		return l.wait, 0
	}
	rows, _, oldest := l.buffered()
	wait := l.cfg.Linger
	if rows > 0 {
		wait = max(time.Until(oldest.Add(l.cfg.Linger)), 0)
	}
	return wait, max(l.bufferRows()-rows, 1)
}

// buffered is what waits to be proposed, and since when: since it was read, or since the fullest went before it. What is being recovered must come in whole, so it takes no part of the room.
func (l *loader) buffered() (rows, bytes int, oldest time.Time) {
	for _, f := range l.feeds {
		if f.stage != gathering || len(f.records) == 0 {
			continue
		}
		if rows == 0 || f.since.Before(oldest) {
			oldest = f.since
		}
		rows += len(f.records)
		bytes += f.bytes
	}
	if rows > 0 && oldest.Before(l.fullAt) {
		oldest = l.fullAt
	}
	return rows, bytes, oldest
}

// propose forms the intents of the next blocks, if it is time: of all records that wait, or, when the buffer is full, of the fullest partitions. With
// many partitions and a backlog the blocks would be small else, and small blocks cost the table several times the work: it merges them.
func (l *loader) propose() {
	rows, bytes, oldest := l.buffered()
	full := rows >= l.bufferRows() || bytes >= bufferBytes
	if !full && (rows == 0 || time.Since(oldest) < l.cfg.Linger) {
		return
	}
	now := time.Now()
	feeds := slices.DeleteFunc(l.at(gathering), func(f *feed) bool { return len(f.records) == 0 })
	if full {
		l.fullAt = now
		slices.SortStableFunc(feeds, func(a, b *feed) int { return cmp.Compare(len(b.records), len(a.records)) })
		late := slices.DeleteFunc(slices.Clone(feeds[min(inserters, len(feeds)):]), func(f *feed) bool { return now.Sub(f.since) < longestTurn })
		feeds = append(feeds[:min(inserters, len(feeds))], late...)
	}
	for _, f := range feeds {
		f.propose(l.cfg.BlockRows, now.UnixMicro())
	}
}

// step carries every feed as far as it goes: each of its three writes is for all feeds that have come to it. It returns how many
// blocks came in.
func (l *loader) step(ctx context.Context) (blocks int, err error) {
	l.propose()
	// Dying here, nothing has happened.
	if err := l.commit(ctx, proposed); err != nil {
		return 0, fmt.Errorf("commit intents: %w", err)
	}
	// Dying here, the next owner finds the intents and inserts what they name.
	failed := l.insert(ctx)
	blocks = len(l.at(inserted))
	// Dying here, it inserts the same rows under the same tokens again, and looks whether they are there.
	if err := l.commit(ctx, inserted); err != nil {
		return 0, errors.Join(failed, fmt.Errorf("commit ends: %w", err))
	}
	// Dying here, it goes on behind the rows.
	return blocks, failed
}

// at returns the feeds of a stage in the order of their names.
func (l *loader) at(s stage) []*feed {
	var list []*feed
	for _, f := range l.feeds {
		if f.stage == s {
			list = append(list, f)
		}
	}
	slices.SortFunc(list, func(a, b *feed) int {
		return cmp.Or(cmp.Compare(a.at.Topic, b.at.Topic), cmp.Compare(a.at.Number, b.at.Number))
	})
	return list
}

// commit stores the positions of all feeds of the stage and carries those on.
func (l *loader) commit(ctx context.Context, s stage) error {
	feeds := l.at(s)
	if len(feeds) == 0 {
		return nil
	}
	positions := make([]Position, len(feeds))
	for i, f := range feeds {
		positions[i] = f.position()
	}
	if err := l.log.Commit(ctx, positions); err != nil {
		l.metrics.retries.WithLabelValues("commit").Inc()
		return err
	}
	for _, f := range feeds {
		if s == inserted {
			l.watch.add(f)
		}
		f.committed()
	}
	return nil
}

// insert sends the block of each intended feed. What succeeded is carried on, whatever became of the others.
func (l *loader) insert(ctx context.Context) error {
	var group errgroup.Group
	group.SetLimit(inserters)
	var mu sync.Mutex
	for _, f := range l.at(intended) {
		group.Go(func() error {
			start := time.Now()
			done, err := l.bring(ctx, f)
			mu.Lock()
			defer mu.Unlock()
			if err != nil {
				l.metrics.retries.WithLabelValues("insert").Inc()
				return fmt.Errorf("insert %s: %w", f.intent.token(f.at), err)
			}
			f.stage, f.rows = inserted, done.Rows
			l.metrics.loaded(done, time.Since(start))
			return nil
		})
	}
	return group.Wait()
}

// bring makes the block of a feed rows of the table.
func (l *loader) bring(ctx context.Context, f *feed) (Inserted, error) {
	tried := f.doubt
	f.doubt = true
	// Dying here or in it, the next owner finds the intent, sends the block again and looks for its rows.
	done, err := l.table.Insert(ctx, f.intent.token(f.at), f.at, f.block())
	if err != nil || !tried || done.Rows == 0 {
		return done, err
	}
	offsets, err := l.table.Offsets(ctx, f.at, f.intent.from, f.intent.to)
	if err != nil {
		return done, err
	}
	missing := f.without(offsets) // with what is no row
	there := len(f.block()) - len(missing)
	if there >= done.Rows {
		return done, nil
	}
	l.metrics.hidden.Inc()
	l.cfg.Logger.Warn("the table knew a block but lacks rows of it, they are sent again", "table", l.cfg.Table,
		"token", f.intent.token(f.at), "rows", done.Rows, "there", there)
	// Dying here or in it, the next owner looks again, and sends what is missing then under yet another token: one that was never used cannot hide
	// rows. Should this insert arrive after that one, the same rows lie there twice until the replacing key collapses them.
	_, err = l.table.Insert(ctx, f.intent.againToken(f.at, time.Now().UnixMicro()), f.at, missing)
	return done, err
}

// trouble keeps the wait before the next try and tells once when loading begins to fail and once when it works again.
func (l *loader) trouble(blocks int, err error) {
	switch {
	case err != nil:
		l.wait = min(max(2*l.wait, firstWait), longestWait)
		if !l.failing {
			l.cfg.Logger.Warn("rows cannot be loaded, they wait in the log and are tried again", "table", l.cfg.Table, "error", err)
		}
		l.failing = true
		l.metrics.down.Set(1)
	case l.failing && blocks > 0:
		l.cfg.Logger.Info("rows are loaded again", "table", l.cfg.Table)
		l.failing = false
		l.metrics.down.Set(0)
		fallthrough
	default:
		l.wait = 0
	}
}

// stop gives a partition up and says how it is repaired: rows are keyed by what they state, so loading a range anew doubles nothing.
func (l *loader) stop(f *feed, err error) {
	f.stop()
	l.cfg.Logger.Error("a partition is not loaded any more", "table", l.cfg.Table, "topic", f.at.Topic, "partition", f.at.Number,
		"offset", f.from, "error", err, "repair", fmt.Sprintf("stop the loaders and load from offset %d as the log is now: "+
			"kafka-consumer-groups.sh --group %s --topic %s:%d --reset-offsets --to-offset %d --execute",
			f.from, l.cfg.Group, f.at.Topic, f.at.Number, f.from))
}
