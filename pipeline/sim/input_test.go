package sim

import (
	"iter"
	"math/rand/v2"
	"slices"
	"time"

	"andon/pipeline"
	"andon/pipeline/load"
	"andon/replay/history"
	"andon/replay/simulate"
	"andon/schemas/event"
)

// tickStep is how far apart the ticks of a log clock are.
const tickStep = 12 * event.Hour

// feed is one record to come.
type feed struct {
	to    load.Partition
	key   []byte
	value []byte
	wait  time.Duration // since the one before
}

// inputs makes up a small day in which much is never told, some is told twice, and some is no event at all.
func (s *stage) inputs() []feed {
	d := s.dice("inputs", 0)
	day, _ := simulate.Day(simulate.Config{Seed: s.seed, Orders: 2 + d.IntN(6), Start: event.At(s.begin.Add(time.Hour))})
	told := retold(d, day)
	if !s.profile.wall {
		told = history.Ticked(told, s.profile.partitions, tickStep, history.SimulateLateness)
	}
	var list []feed
	side, before := d.IntN(3) == 0 && !s.profile.wall, event.At(s.begin) // by the wall clock what is read first from two topics moves time first
	for r := range told {
		f := feed{to: at(pipeline.Lane{Family: r.Family, Partition: r.On(s.profile.partitions)}, side && !r.IsTick() && d.IntN(20) == 0), value: r.Value}
		if r.Key != "" {
			f.key = []byte(r.Key)
		}
		if d.IntN(50) == 0 && !r.IsTick() {
			f.value = f.value[:len(f.value)/2]
		}
		if f.wait = between(d, time.Millisecond, time.Second); s.profile.wall {
			f.wait, before = time.Duration(max(r.At-before, 0))*time.Microsecond, max(before, r.At)
		}
		list = append(list, f)
	}
	return list
}

// retold drops some records and repeats others.
func retold(d *rand.Rand, day iter.Seq[history.Record]) iter.Seq[history.Record] {
	missing := []int{0, 10, 30}[d.IntN(3)]
	return func(yield func(history.Record) bool) {
		for r := range day {
			if d.IntN(100) < missing {
				continue
			}
			if !yield(r) || d.IntN(20) == 0 && !yield(r) {
				return
			}
		}
	}
}

// produce writes the inputs in their time: alone, or some in a transaction, which is committed, or aborted and written again.
func (b *broker) produceInputs(list []feed) {
	d := b.dice("producer", 0)
	for len(list) > 0 {
		if d.IntN(12) > 0 {
			b.write(list[:1], nil)
			list = list[1:]
			continue
		}
		n := min(1+d.IntN(5), len(list))
		t := &txn{committed: d.IntN(2) == 0}
		b.write(list[:n], t)
		time.Sleep(b.gap(producerSlot, between(d, time.Millisecond, 20*time.Second)))
		b.mu.Lock()
		b.mark(t, func() { t.markers-- })
		b.note("producer", "ends a transaction", works, nil)
		b.mu.Unlock()
		if t.committed {
			list = list[n:]
		} else {
			b.write(slices.Clone(list[:n]), nil)
			list = list[n:]
		}
	}
}

// write appends records, each at its own instant.
func (b *broker) write(list []feed, in *txn) {
	for i := range list {
		time.Sleep(b.gap(producerSlot, list[i].wait))
		list[i].wait = 0
		b.mu.Lock()
		b.append(list[i].to, list[i].key, list[i].value, in)
		b.note("producer", "writes to "+list[i].to.Topic, works, nil)
		b.mu.Unlock()
	}
}
