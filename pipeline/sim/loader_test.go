package sim

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"andon/pipeline"
	"andon/pipeline/load"
)

// loader is the client of a loading process: what pipeline/kafka's LoadLog is, on the simulated broker, and its way to the table.
type loader struct {
	*proc
	b     *broker
	g     *group
	table *table
	own   membership
	main  *stream
	reads map[load.Partition]int64 // where reading stands, of what it owns
	owes  map[load.Partition]int64 // the offset after the last record read and not known to be loaded
	idle  int
	ways  map[load.Partition]*stream // of inserts
}

func (l *loader) start() error {
	return pipeline.Fail(pipeline.Lost, l.call(l.ctx, l.main, "load join", func(fate) error { l.own = l.g.join(l.proc); return nil }))
}

// Poll implements load.Log.
func (l *loader) Poll(ctx context.Context, limit int) (load.Polled, error) {
	p := load.Polled{Records: map[load.Partition][]pipeline.Record{}, Next: map[load.Partition]int64{}}
	wait := time.Millisecond
	if until, bounded := ctx.Deadline(); bounded {
		wait = max(time.Until(until), wait)
	}
	if l.idle > 1 && limit > 0 && len(l.owes) == 0 {
		wait = max(wait, time.Second<<min(2*l.idle, 15))
	}
	l.await(l.ctx, wait, func() bool { return limit > 0 && (l.g.news(&l.own) || l.readable()) })
	err := l.call(l.ctx, l.main, "load poll", func(fate) error {
		taken, given, _, err := l.g.poll(&l.own, l.proc)
		l.change(&p, taken, given)
		d := l.dice(l.main.name+" fetch", l.main.n)
		for _, at := range l.own.held {
			records, next := l.b.part(at).read(l.reads[at], l.b.part(at).high(), min(limit, 1+d.IntN(15)))
			if next > l.reads[at] && limit > 0 {
				p.Records[at], p.Next[at], l.reads[at] = records, next, next
				limit -= len(records)
				if len(records) > 0 {
					l.owes[at] = records[len(records)-1].Next
				}
			}
		}
		l.idle++
		if len(p.Next)+len(p.Gained) > 0 {
			l.idle = 0
		}
		return err
	})
	if errors.Is(err, errAway) || errors.Is(err, context.Canceled) {
		return p, nil
	}
	return p, pipeline.Fail(kindOf(err), err)
}

// change tells what the group took and gave.
func (l *loader) change(p *load.Polled, taken, given []load.Partition) {
	for _, at := range taken {
		p.Lost = append(p.Lost, at)
		delete(l.reads, at)
		delete(l.owes, at)
	}
	for _, at := range given {
		from := l.g.positions[at]
		l.reads[at] = from.offset
		p.Gained = append(p.Gained, load.Position{Partition: at, Offset: from.offset, Metadata: from.metadata})
	}
}

func (l *loader) readable() bool {
	return slices.ContainsFunc(l.own.held, func(at load.Partition) bool { return l.b.part(at).stable() > l.reads[at] })
}

// Commit implements load.Log.
func (l *loader) Commit(_ context.Context, all []load.Position) error {
	own := l.own
	err := l.call(l.ctx, l.main, "load commit", func(fate) error {
		if err := l.g.check(own); err != nil {
			l.b.stale++
			return err
		}
		for _, p := range all {
			if before := l.g.positions[p.Partition]; before.metadata != "" && p.Offset <= before.offset && p.Metadata != before.metadata || p.Offset < before.offset {
				l.table.overtaken(p.Partition, p.Offset) // a late request: what it undoes may be drawn anew with other bounds
			}
			l.g.positions[p.Partition] = position{p.Offset, p.Metadata}
		}
		return nil
	})
	if errors.Is(err, errNameTaken) {
		return pipeline.Fail(pipeline.Refused, err)
	}
	for _, p := range all {
		if err == nil && p.Metadata == "" && l.owes[p.Partition] <= p.Offset {
			delete(l.owes, p.Partition)
		}
	}
	return err
}

// Ends implements load.Log. It is asked for a metric only.
func (l *loader) Ends(context.Context) (map[load.Partition]int64, error) { return nil, nil }

// Insert implements load.Table.
func (l *loader) Insert(_ context.Context, token string, from load.Partition, records []pipeline.Record) (load.Inserted, error) {
	kept := slices.Clone(records)
	err := l.call(l.ctx, l.way(from), "insert", func(f fate) error {
		l.note(l.name, fmt.Sprintf("inserts %d rows as %s", len(kept), token), works, nil)
		return l.table.insert(f, token, from, kept)
	})
	return load.Inserted{Rows: len(records)}, err
}

// Offsets implements load.Table.
func (l *loader) Offsets(_ context.Context, at load.Partition, from, to int64) (list []int64, err error) {
	err = l.call(l.ctx, l.way(at), "look", func(fate) error {
		for _, r := range l.table.rows[at] {
			if from <= r.Offset && r.Offset < to {
				list = append(list, r.Offset)
			}
		}
		return nil
	})
	slices.Sort(list)
	return slices.Compact(list), err
}

// Count implements load.Table.
func (l *loader) Count(_ context.Context, ranges []load.Closed) (map[load.Partition]int, error) {
	counts := map[load.Partition]int{}
	err := l.call(l.ctx, l.way(load.Partition{}), "count", func(fate) error {
		for _, c := range ranges {
			there := map[int64]bool{}
			for _, r := range l.table.rows[c.Partition] {
				if c.From <= r.Offset && r.Offset < c.To {
					there[r.Offset] = true
				}
			}
			counts[c.Partition] = len(there)
		}
		return nil
	})
	return counts, err
}

// way is the stream of the inserts of a partition: those of several are on their way at a time.
func (l *loader) way(at load.Partition) *stream {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.ways[at] == nil {
		i := 1 + int(at.Number)
		switch at.Topic {
		case "costs":
			i += 2
		case "verdicts":
			i += 4
		case "": // none: counts
			i = 7
		}
		l.ways[at] = l.stream(i, fmt.Sprintf("%s/%d", at.Topic, at.Number))
	}
	return l.ways[at]
}

// table is where the rows go: a replacing table that remembers the last tokens for a while. Like ClickHouse it writes one part for each of its
// own partitions, here odd and even offsets, each of them once per token.
type table struct {
	*stage
	rows   map[load.Partition][]pipeline.Record // as they lie there
	tokens []token                              // the window
	former map[string]bool                      // tokens it has forgotten
	excuse map[load.Partition]map[int64]bool    // offsets whose rows may lie there twice
}

type token struct {
	text string
	at   time.Duration
}

func newTable(s *stage) *table {
	return &table{stage: s, rows: map[load.Partition][]pipeline.Record{}, former: map[string]bool{}, excuse: map[load.Partition]map[int64]bool{}}
}

func (t *table) insert(f fate, text string, from load.Partition, records []pipeline.Record) error {
	t.write(text, from, records, 0, true)
	switch f {
	case half:
		return errAway
	case hides:
		if t.write(text, from, records, 1, false) {
			t.pardon(from, records)
		}
		return errAway
	default:
		t.write(text, from, records, 1, true)
		return nil
	}
}

// write makes a part of the odd or even offsets, unless its token is known. Without rows only the token is kept.
func (t *table) write(text string, from load.Partition, records []pipeline.Record, parity int64, rows bool) bool {
	text = fmt.Sprint(text, "#", parity)
	t.forget()
	if slices.ContainsFunc(t.tokens, func(k token) bool { return k.text == text }) {
		t.fired["known token"]++
		return false
	}
	if t.former[text] {
		t.fired["forgotten token"]++
		t.pardon(from, records)
	}
	t.tokens = append(t.tokens, token{text, t.now()})
	for _, r := range records {
		if rows && r.Offset%2 == parity {
			t.rows[from] = append(t.rows[from], r)
		}
	}
	return true
}

// forget drops what is past the window or too old.
func (t *table) forget() {
	for len(t.tokens) > 0 && (len(t.tokens) > t.profile.window || t.tokens[0].at+t.profile.tokenTTL < t.now()) {
		t.former[t.tokens[0].text] = true
		t.tokens = t.tokens[1:]
	}
}

// pardon lets rows lie there twice.
func (t *table) pardon(from load.Partition, records []pipeline.Record) {
	for _, r := range records {
		if t.excuse[from] == nil {
			t.excuse[from] = map[int64]bool{}
		}
		t.excuse[from][r.Offset] = true
	}
}

// overtaken pardons what comes after an offset whose intent a late commit wiped out or put back.
func (t *table) overtaken(from load.Partition, offset int64) {
	t.fired["commit overtaken"]++
	for o := range int64(200) {
		t.pardon(from, []pipeline.Record{{Offset: offset + o}})
	}
}

// final is what a reader of the replacing table sees: one row for each offset.
func (t *table) final(at load.Partition) (list []pipeline.Record, doubled int) {
	list = slices.SortedFunc(slices.Values(t.rows[at]), func(a, b pipeline.Record) int { return cmp.Compare(a.Offset, b.Offset) })
	for i := 1; i < len(list); i++ {
		if list[i].Offset == list[i-1].Offset {
			if doubled++; !t.excuse[at][list[i].Offset] {
				t.breach("the row of %s/%d offset %d lies in the table twice, and no token was forgotten", at.Topic, at.Number, list[i].Offset)
			}
		}
	}
	return slices.CompactFunc(list, func(a, b pipeline.Record) bool { return a.Offset == b.Offset }), doubled
}
