package load

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"maps"
	"math/rand/v2"
	"slices"
	"strings"
	"sync"
	"time"

	"andon/pipeline"

	"andon/schemas/event"

	"github.com/prometheus/client_golang/prometheus"
)

// fate is what becomes of one write.
type fate int

const (
	works          fate = iota
	fails               // nothing is written, an error comes back
	failsPersisted      // it is written, an error comes back
	failsHalfway        // of an insert: the first of the table's partitions is written
	failsHiding         // of an insert: likewise, and the other's token is kept without its rows, as when the engine dies between the two
	diesBefore          // the process ends before the write
	diesAfter           // the process ends after the write
	diesHalfway         // of an insert
	diesHiding          // of an insert: the process ends together with the engine
	comesBackLater      // the process ends; the insert arrives some writes later
	fates          = iota
)

var errInjected = errors.New("injected")

// world is the log and the table that outlive loaders, and the schedule of what goes wrong.
type world struct {
	mu        sync.Mutex
	random    *rand.Rand
	trouble   float64                         // probability that a write meets a fate
	records   map[Partition][]pipeline.Record // the log
	committed map[Partition]Position          // of the group
	owner     *fakeLog                        // of all partitions
	rows      map[Partition][]pipeline.Record // physical rows of the table, in the order of their arrival
	tokens    []string                        // the table's window
	window    int                             // its size
	late      int                             // rows under way again of blocks that had lost them: who looked before they arrived sent them too
	zombies   []func()                        // inserts under way of dead processes
	fired     map[string]map[fate]int         // by write
	strayed   int                             // commits of partitions the loader did not own
	die       context.CancelFunc              // ends the running loader
}

func newWorld(seed uint64, partitions, records int) *world {
	w := &world{random: rand.New(rand.NewPCG(seed, 1)), records: map[Partition][]pipeline.Record{}, committed: map[Partition]Position{},
		rows: map[Partition][]pipeline.Record{}, window: 1000, fired: map[string]map[fate]int{}}
	for n := range partitions {
		at := Partition{Topic: "source", Number: int32(n)}
		offset := w.random.Int64N(3)
		for i := range records {
			w.records[at] = append(w.records[at], pipeline.Record{Offset: offset, Next: offset + 1, At: event.Micros(offset), Key: fmt.Append(nil, i%7), Value: fmt.Append(nil, n, i)})
			offset += 1 + w.random.Int64N(2)*w.random.Int64N(3) // markers leave gaps
		}
		w.committed[at] = Position{Partition: at}
	}
	return w
}

// draw chooses what becomes of a write. The caller holds mu.
func (w *world) draw(write string) fate {
	f := works
	if w.random.Float64() < w.trouble {
		f = fate(1 + w.random.IntN(fates-1))
	}
	if w.fired[write] == nil {
		w.fired[write] = map[fate]int{}
	}
	w.fired[write][f]++
	if len(w.zombies) > 0 && w.random.IntN(4) == 0 {
		w.zombies[0]()
		w.zombies = w.zombies[1:]
	}
	return f
}

// fakeLog is the group seen by one loader.
type fakeLog struct {
	w     *world
	given map[Partition]int // index of the next record, for what it owns
}

func (l *fakeLog) Poll(ctx context.Context, limit int) (Polled, error) {
	p, full := l.poll(ctx, limit)
	if limit == 0 || !full {
		<-ctx.Done()
	}
	return p, nil
}

func (l *fakeLog) poll(ctx context.Context, limit int) (Polled, bool) {
	l.w.mu.Lock()
	defer l.w.mu.Unlock()
	p := Polled{Records: map[Partition][]pipeline.Record{}, Next: map[Partition]int64{}}
	if ctx.Err() != nil {
		return p, true
	}
	if l.given == nil || (l.w.trouble > 0 && l.w.random.IntN(20) == 0) { // a rebalance: all go, some come back at once, the others at the next one
		p.Lost = slices.Collect(maps.Keys(l.given))
		l.given = map[Partition]int{}
		for at, position := range l.w.committed {
			if l.w.random.Float64() < l.w.trouble/2 {
				continue
			}
			p.Gained = append(p.Gained, position)
			l.given[at], _ = slices.BinarySearchFunc(l.w.records[at], position.Offset, func(r pipeline.Record, o int64) int { return cmp.Compare(r.Offset, o) })
		}
	}
	for at, next := range l.given {
		n := min(12, len(l.w.records[at])-next, limit)
		if l.w.trouble > 0 {
			n = min(n, l.w.random.IntN(12))
		}
		if n > 0 {
			p.Records[at] = l.w.records[at][next : next+n]
			p.Next[at] = p.Records[at][n-1].Next
			l.given[at] += n
			limit -= n
		}
	}
	return p, len(p.Records) > 0
}

func (l *fakeLog) Commit(ctx context.Context, positions []Position) error {
	w := l.w
	w.mu.Lock()
	defer w.mu.Unlock()
	if ctx.Err() != nil || w.owner != l {
		return errInjected
	}
	for _, p := range positions {
		if _, ours := l.given[p.Partition]; !ours {
			w.strayed++
			return errInjected
		}
	}
	f := w.draw("commit")
	if f == works || f == failsPersisted || f == diesAfter {
		for _, p := range positions {
			w.committed[p.Partition] = p
		}
	}
	if f >= diesBefore {
		w.die()
	}
	if f == works {
		return nil
	}
	return errInjected
}

func (l *fakeLog) Ends(context.Context) (map[Partition]int64, error) {
	ends := map[Partition]int64{}
	for at, records := range l.w.records {
		ends[at] = records[len(records)-1].Offset + 1
	}
	return ends, nil
}

// Insert is the table's side: like ClickHouse it writes one part for each of the table's own partitions (here: odd and even
// offsets), each of them once per token of the window.
func (w *world) Insert(ctx context.Context, token string, from Partition, records []pipeline.Record) (Inserted, error) {
	time.Sleep(time.Microsecond) // of the bubble's clock: no two inserts of a partition begin at one instant
	w.mu.Lock()
	defer w.mu.Unlock()
	if ctx.Err() != nil {
		return Inserted{}, ctx.Err()
	}
	f := w.draw("insert")
	kept := slices.Clone(records)
	switch f {
	case works, failsPersisted, diesAfter:
		w.part(token, from, kept, 0)
		w.part(token, from, kept, 1)
	case failsHalfway, diesHalfway:
		w.part(token, from, kept, 0)
	case failsHiding, diesHiding:
		w.part(token, from, kept, 0)
		w.part(token, from, nil, 1)
	case fails, diesBefore:
	case comesBackLater:
		if strings.Contains(token, "/again/") {
			w.late += len(kept)
		}
		w.zombies = append(w.zombies, func() { w.part(token, from, kept, 0); w.part(token, from, kept, 1) })
	}
	if f >= diesBefore {
		w.die()
	}
	if f == works {
		return Inserted{Rows: len(records)}, nil
	}
	return Inserted{}, errInjected
}

// Offsets fails and dies as writes do.
func (w *world) Offsets(ctx context.Context, at Partition, from, to int64) (list []int64, err error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if f := w.draw("look"); ctx.Err() != nil || f != works {
		if f >= diesBefore {
			w.die()
		}
		return nil, errInjected
	}
	for _, r := range w.rows[at] {
		if from <= r.Offset && r.Offset < to {
			list = append(list, r.Offset)
		}
	}
	slices.Sort(list)
	return slices.Compact(list), nil
}

// Count never fails: nothing waits for it.
func (w *world) Count(_ context.Context, ranges []Closed) (map[Partition]int, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	n := map[Partition]int{}
	for _, c := range ranges {
		there := map[int64]bool{}
		for _, r := range w.rows[c.Partition] {
			if c.From <= r.Offset && r.Offset < c.To {
				there[r.Offset] = true
			}
		}
		n[c.Partition] = len(there)
	}
	return n, nil
}

// part writes the rows of one of the table's partitions, unless their token is known.
func (w *world) part(token string, from Partition, records []pipeline.Record, parity int64) {
	if token = fmt.Sprint(token, "#", parity); slices.Contains(w.tokens, token) {
		return
	}
	w.tokens = append(w.tokens, token)
	w.tokens = w.tokens[max(0, len(w.tokens)-w.window):]
	for _, r := range records {
		if r.Offset%2 == parity {
			w.rows[from] = append(w.rows[from], r)
		}
	}
}

// loaded reports whether every position stands behind its records.
func (w *world) loaded() bool {
	for at, records := range w.records {
		if w.committed[at].Offset <= records[len(records)-1].Offset {
			return false
		}
	}
	return true
}

func quiet(registerer prometheus.Registerer) Config {
	return Config{Table: "rows", Group: "andon-load-rows", Linger: 50 * time.Millisecond, BlockRows: 25, Registerer: registerer, Logger: slog.New(slog.DiscardHandler)}
}
