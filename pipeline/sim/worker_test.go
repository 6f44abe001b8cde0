package sim

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"time"

	"andon/pipeline"
	"andon/pipeline/load"
	"andon/schemas/event"
)

// worker is the client of a detection process: what pipeline/kafka's Member is, on the simulated broker.
type worker struct {
	*proc
	b     *broker
	g     *group
	own   membership
	epoch int
	main  *stream
	flows map[pipeline.Lane]*pipeline.Offsets // where reading stands, of lanes whose records flow
	idle  int                                 // polls without anything since the last commit

	restores map[pipeline.Lane]int // steps of them so far
	controls *controls
}

// laneTopic names the input or side topic of a family.
func laneTopic(f event.Family, side bool) string {
	if side {
		return "side." + f.String()
	}
	return f.String()
}

func at(l pipeline.Lane, side bool) load.Partition {
	return load.Partition{Topic: laneTopic(l.Family, side), Number: l.Partition}
}

// start makes the process the writer of its transactional id and a member of its group, in either order, and reads the control records there are.
func (w *worker) start() error {
	steps := []func() error{
		func() error {
			return w.call(w.ctx, w.main, "init", func(fate) (err error) { w.epoch, err = w.b.init(w.name); return err })
		},
		func() error {
			return w.call(w.ctx, w.main, "join", func(fate) error { w.own = w.g.join(w.proc); return nil })
		},
		w.controls.open,
	}
	if w.dice(w.main.name+" order", 0).IntN(2) == 0 {
		slices.Reverse(steps[:2])
	}
	for _, step := range steps {
		err := step()
		for errors.Is(err, errBusy) {
			err = step()
		}
		if err != nil {
			return pipeline.Fail(pipeline.Lost, err)
		}
	}
	return nil
}

// Poll implements pipeline.Source.
func (w *worker) Poll(ctx context.Context, wait time.Duration, limit int) (p pipeline.Polled, err error) {
	w.await(ctx, w.patience(wait), func() bool { return w.g.news(&w.own) || w.controls.told < w.controls.next || limit > 0 && w.readable() })
	err = w.call(ctx, w.main, "poll", func(fate) error {
		taken, given, changed, err := w.g.poll(&w.own, w.proc)
		if len(taken) > 0 {
			p.Changes = append(p.Changes, pipeline.Change{Revoked: true, Lanes: lanesOf(taken)})
		}
		if changed {
			p.Changes = append(p.Changes, pipeline.Change{Lanes: lanesOf(given)})
		}
		if len(p.Changes) > 0 {
			clear(w.flows)
		}
		p.Fetched = w.fetch(limit)
		w.controls.told = w.controls.next
		w.idle++
		if len(p.Changes)+len(p.Fetched) > 0 {
			w.idle = 0
		}
		return err
	})
	if errors.Is(err, errAway) || errors.Is(err, context.Canceled) {
		return p, nil
	}
	return p, pipeline.Fail(kindOf(err), err)
}

// patience is how long a poll waits: longer and longer while there is nothing to do, so that quiet days pass quickly.
func (w *worker) patience(wait time.Duration) time.Duration {
	if w.idle > 1 && wait > 0 {
		return max(wait, time.Second<<min(2*w.idle, 15))
	}
	return max(wait, time.Millisecond)
}

func lanesOf(parts []load.Partition) (lanes []pipeline.Lane) {
	for _, f := range event.Families {
		for _, p := range parts {
			if p.Topic == f.String() {
				lanes = append(lanes, pipeline.Lane{Family: f, Partition: p.Number})
			}
		}
	}
	return lanes
}

// flowing lists the lanes whose records flow, in order.
func (w *worker) flowing() []pipeline.Lane {
	return slices.SortedFunc(maps.Keys(w.flows), pipeline.Lane.Compare)
}

func (w *worker) readable() bool {
	for l, place := range w.flows {
		if w.b.part(at(l, true)).stable() > place.Side || w.b.part(at(l, false)).stable() > place.Input {
			return true
		}
	}
	return false
}

// fetch reads on in the flowing lanes; how much of each is drawn.
func (w *worker) fetch(limit int) (list []pipeline.Fetched) {
	d := w.dice(w.main.name+" fetch", w.main.n)
	for _, l := range w.flowing() {
		place := w.flows[l]
		for _, side := range []bool{true, false} {
			next := &place.Input
			if side {
				next = &place.Side
			}
			part, from := w.b.part(at(l, side)), *next
			var records []pipeline.Record
			records, *next = part.read(from, part.high(), min(limit, 1+d.IntN(12)))
			if limit -= len(records); *next > from {
				list = append(list, pipeline.Fetched{Lane: l, Side: side, Records: records, Next: *next, High: part.high()})
			}
		}
	}
	return list
}

// Release implements pipeline.Source. Reading goes on from the committed offsets.
func (w *worker) Release(ready []pipeline.Lane) {
	w.mu.Lock()
	defer w.mu.Unlock()
	for _, l := range ready {
		w.flows[l] = &pipeline.Offsets{Side: w.g.positions[at(l, true)].offset, Input: w.g.positions[at(l, false)].offset}
	}
}

// Ends implements pipeline.Source.
func (w *worker) Ends(ctx context.Context, lanes []pipeline.Lane) (map[pipeline.Lane]pipeline.Offsets, error) {
	ends := map[pipeline.Lane]pipeline.Offsets{}
	err := w.call(ctx, w.main, "ends", func(fate) error {
		for _, l := range lanes {
			ends[l] = pipeline.Offsets{Side: w.b.part(at(l, true)).high(), Input: w.b.part(at(l, false)).high()}
		}
		return nil
	})
	return ends, err
}

// Commit implements pipeline.Sink: the steps of pipeline/kafka's.
func (w *worker) Commit(ctx context.Context, b pipeline.Beat) error {
	w.busy(b.Wall && w.skew != 0)
	err := w.produce(ctx, b)
	kind := kindOf(err)
	if err == nil && b.Wall && w.skew != 0 {
		err, kind = errors.New("the clock is off"), pipeline.Held
	}
	if err == nil {
		epoch, own, all := w.epoch, w.own, positions(b)
		err = w.again(func() error {
			return w.call(ctx, w.main, "offsets", func(fate) error { return w.b.offsets(w.name, epoch, w.g, own, all) })
		})
		kind = kindOf(err)
	}
	return w.end(ctx, kind, err)
}

// busy notes that there is something to commit.
func (w *worker) busy(held bool) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.idle = 0
	if held {
		w.fired["held back for its clock"]++
	}
}

// again repeats a request as long as the transaction before it has not ended.
func (w *worker) again(request func() error) error {
	for {
		if err := request(); !errors.Is(err, errBusy) {
			return err
		}
	}
}

// outTopics names the topics of pipeline.Output.
var outTopics = [...]string{pipeline.Exceptions: "exceptions", pipeline.Verdicts: "verdicts", pipeline.Costs: "costs", pipeline.DeadLetters: "deadletter", pipeline.Snapshots: "snapshots", pipeline.Journal: "journal"}

// produce writes the beat's records, one request for each topic and partition, and notes where they were written.
func (w *worker) produce(ctx context.Context, b pipeline.Beat) error {
	batches := map[load.Partition][]pipeline.Output{}
	notes := map[load.Partition][]*int64{} // for the offsets of the records
	var order []load.Partition
	for i := range b.Lanes {
		o := &b.Lanes[i]
		for _, r := range o.Outputs {
			to := load.Partition{Topic: outTopics[r.Topic], Number: o.Lane.Partition}
			if batches[to] == nil {
				order = append(order, to)
			}
			batches[to] = append(batches[to], pipeline.Output{Topic: r.Topic, Key: slices.Clone(r.Key), Value: slices.Clone(r.Value)})
			note := new(int64)
			switch {
			case r.Topic == pipeline.Journal:
				note = &o.EntryAt
			case r.Topic == pipeline.Snapshots && o.PartsAt == pipeline.Nowhere:
				o.PartsAt, note = 0, &o.PartsAt
			default:
			}
			notes[to] = append(notes[to], note)
		}
	}
	d := w.dice(w.main.name+" order", w.main.n)
	d.Shuffle(len(order), func(i, j int) { order[i], order[j] = order[j], order[i] })
	epoch := w.epoch
	for _, to := range order {
		err := w.again(func() error {
			return w.call(ctx, w.main, "produce", func(fate) error { return w.b.produce(w.name, epoch, to, batches[to], notes[to]) })
		})
		if err != nil {
			return err
		}
	}
	return nil
}

// place is the metadata of a lane's positions: the seq of the entry they stand after, and the marks of the newest snapshots.
const place = "%d %d %d"

// positions are those after a beat.
func positions(b pipeline.Beat) map[load.Partition]position {
	all := map[load.Partition]position{}
	for _, o := range b.Lanes {
		marks := o.Snapshots.With(&o)
		here := fmt.Sprintf(place, o.Entry.Seq, marks[0], marks[1])
		all[at(o.Lane, true)] = position{o.Entry.Side.To, here}
		all[at(o.Lane, false)] = position{o.Entry.Input.To, here}
	}
	return all
}

// end commits the transaction, or aborts it when err is set and returns that.
func (w *worker) end(ctx context.Context, kind pipeline.Kind, err error) error {
	epoch := w.epoch
	request := func(commit bool) error {
		return w.call(ctx, w.main, "end", func(fate) (err error) {
			next, err := w.b.end(w.name, epoch, commit)
			w.epoch = next
			return err
		})
	}
	if err == nil {
		if err = request(true); err == nil {
			return nil
		}
		if kind = kindOf(err); kind != pipeline.Aborted {
			return pipeline.Fail(pipeline.Lost, err)
		}
	}
	if kind == pipeline.Lost || kind == pipeline.Refused {
		return pipeline.Fail(kind, err)
	}
	if again := request(false); again != nil {
		return pipeline.Fail(pipeline.Lost, fmt.Errorf("abort: %w after %w", again, err))
	}
	return pipeline.Fail(kind, err)
}
