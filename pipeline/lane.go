package pipeline

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"
	"time"

	"andon/schemas/beat"
	"andon/schemas/control"
	"andon/schemas/deadletter"
	"andon/schemas/event"
	"andon/schemas/journal"
)

// lane is one lane's memory: the engine, the last committed entry, and the records polled but not folded.
type lane struct {
	id          Lane
	topics      [2]string // input, side
	fresh       bool      // it beats, but its records do not flow yet
	engine      Engine
	head        journal.Entry // the engine stands at the end of this entry
	hash        journal.Hash  // of the head
	at          int64         // its offset in the journal
	ids         [2]string     // of the input and side topic
	shot        *shot         // the snapshot under way
	marks       Marks         // of the newest snapshots
	slot        int           // of the next one
	folded      time.Duration // what a restore from the newest one has to redo
	rejudge     bool          // the next beats judge every entity anew, by other logic than the entries before
	anew        bool          // that is done, and no snapshot of it begun
	revised     bool          // andon.control has settings for it, which other logic may have read otherwise
	began       time.Time     // when the newest snapshot was begun, or the lane came
	out         outputs       // of the beat that is being folded or committed
	side, input tail
	controls    []control.Record // of the beat that is run again
	*desk                        // while it folds
}

// desk is what a lane needs while it folds and no longer: as many lie about as lanes fold at a time, not as there are lanes, so a beat's events
// stay in memory that is warm.
type desk struct {
	items   []beat.Item // side records, then input records, one item each
	rejects []reject    // why items[i] is skipped; blank when it is not
}

var desks = sync.Pool{New: func() any { return new(desk) }}

// sit takes a desk; what it returns gives it back.
func (l *lane) sit() (leave func()) {
	l.desk = desks.Get().(*desk)
	return func() {
		desks.Put(l.desk)
		l.desk = nil
	}
}

type reject struct {
	reason event.Reason
	detail string
}

// tail is the polled end of one partition of the lane.
type tail struct {
	records []Record
	next    int64 // offset after all that was polled
	high    int64
}

// stand puts the lane at committed positions, with nothing polled.
func (l *lane) stand() {
	l.side = tail{next: l.head.Side.To}
	l.input = tail{next: l.head.Input.To}
}

// stands takes an entry for the head.
func (l *lane) stands(e Written) { l.head, l.hash, l.at = e.Entry, e.Hash, e.At }

// is reports whether the lane's memory is what stands committed.
func (l *lane) is(c Committed) bool {
	return l.head.Seq == c.Seq && l.head.Side.To == c.Side && l.head.Input.To == c.Input
}

// due reports whether a timer is due by the lane's time or by end.
func (l *lane) due(end event.Micros) bool {
	due := l.engine.Due()
	return due != 0 && due <= max(l.head.End, end)
}

// sweeps reports whether entities are left to be judged anew: by other logic, or other settings.
func (l *lane) sweeps() bool { return l.rejudge || l.engine.Size().Unjudged > 0 }

func (l *lane) pending() int { return len(l.side.records) + len(l.input.records) }

// add takes what a poll brought.
func (l *lane) add(f Fetched) error {
	t := &l.input
	if f.Side {
		t = &l.side
	}
	if first := f.first(); first < t.next {
		return fmt.Errorf("lane %s: reading went back from offset %d to %d", l.id, t.next, first)
	}
	t.next, t.high = f.Next, f.High
	if t.records == nil {
		t.records = f.Records
	} else {
		t.records = append(t.records, f.Records...)
	}
	return nil
}

// to is the offset after the first n records.
func (t *tail) to(n int) int64 {
	if n < len(t.records) {
		return t.records[n].Offset
	}
	return t.next
}

func (t *tail) drop(n int) {
	clear(t.records[:n]) // let go of their bytes
	if t.records = t.records[n:]; len(t.records) == 0 {
		t.records = nil
	}
}

// record is the record of item i, and whether it is a side record.
func (l *lane) record(i int) (r *Record, side bool) {
	if n := len(l.side.records); i >= n {
		return &l.input.records[i-n], false
	}
	return &l.side.records[i], true
}

// fold runs the lane's share of a beat: what was polled, and the timers due by end. What the engine refuses is put aside and the beat undone
// and run again without it, so the run that counts had nothing to refuse: exactly the run that a restore repeats.
func (l *lane) fold(ctx context.Context, c *Config, end event.Micros, ruled int64) (Outcome, error) {
	defer l.sit()()
	l.decode()
	if c.Controls != nil && ruled < l.head.Control {
		return Outcome{}, Fail(Refused, fmt.Errorf("%w: lane %s goes by what stands before offset %d of the control topic, it ends at %d: the topic was cut or made again; "+
			"start over under a new kafka.own_prefix with andon topics apply", ErrControl, l.id, l.head.Control, ruled))
	}
	controls, err := Between(ctx, c.Controls, l.head.Control, ruled)
	if err != nil {
		return Outcome{}, err
	}
	b := beat.Batch{Control: controls, Items: l.items, End: end, Rejudge: l.rejudge}
	var disarmed []beat.Disarmed
	for {
		stepped := l.engine.Step(b)
		replies := c.score(ctx, stepped.Requests)
		settled := l.engine.Settle(replies)
		poison := append(stepped.Rejected, settled.Poisoned...)
		panicked := append(stepped.Disarmed, settled.Disarm...)
		if len(poison)+len(panicked) == 0 {
			o, err := l.outcome(stepped, settled, disarmed)
			o.Entry.Logic, o.Entry.Settings, o.Entry.Replies = c.Logic, l.engine.Settings(), journal.Fold(replies)
			o.Entry.Rejudged, o.Entry.Control = l.rejudge, max(ruled, l.head.Control)
			l.shoot(&o)
			o.seal(&l.out, l.hash)
			return o, err
		}
		l.engine.Undo()
		known := len(disarmed)
		disarmed = disarm(&b, panicked, disarmed)
		if !l.exclude(poison) && len(disarmed) == known {
			return Outcome{}, fmt.Errorf("lane %s: the engine refuses again what it was run without", l.id)
		}
	}
}

// score asks for the scores an engine wants.
func (c *Config) score(ctx context.Context, requests []beat.Request) []beat.Reply {
	if len(requests) == 0 {
		return nil
	}
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), c.ScoreWithin) // a beat begun is finished
	defer cancel()
	return c.Scorer.Score(ctx, requests)
}

// decode makes an item of each pending record; what cannot become an event is skipped.
func (l *lane) decode() {
	n := l.pending()
	l.items = slices.Grow(l.items[:0], n)[:n]
	l.rejects = slices.Grow(l.rejects[:0], n)[:n]
	for i := range l.items {
		r, _ := l.record(i)
		it := &l.items[i]
		it.At, l.rejects[i] = r.At, reject{}
		if r.Unreadable {
			l.rejects[i] = reject{event.Unreadable, fmt.Sprintf("the batch of offsets %d to %d", r.Offset, r.Next-1)}
		} else if err := event.Decode(l.id.Family, r.Key, r.Value, &it.Event); err != nil {
			l.rejects[i] = rejectOf(err)
		}
		it.Skip = l.rejects[i].reason != ""
	}
}

func rejectOf(err error) reject {
	if r, said := errors.AsType[*event.Reject](err); said {
		return reject{r.Reason, r.Detail}
	}
	return reject{event.Malformed, err.Error()}
}

// exclude marks the poisoned items as skipped; false when all were.
func (l *lane) exclude(poison []beat.Rejected) (news bool) {
	for _, p := range poison {
		if !l.items[p.Index].Skip {
			l.items[p.Index].Skip, news = true, true
			l.rejects[p.Index] = reject{p.Reason, p.Detail}
		}
	}
	return news
}

// disarm adds the panicked timers that are not in the batch yet to it and to the list.
func disarm(b *beat.Batch, panicked, list []beat.Disarmed) []beat.Disarmed {
	for _, p := range panicked {
		if !slices.Contains(b.Disarm, p.Timer) {
			b.Disarm = append(b.Disarm, p.Timer)
			list = append(list, p)
		}
	}
	return list
}

// outcome says what the beat did to the lane.
func (l *lane) outcome(stepped beat.Stepped, settled beat.Settled, disarmed []beat.Disarmed) (Outcome, error) {
	side, input := l.split(stepped.Items)
	o := Outcome{Lane: l.id, stepped: stepped, Exceptions: settled.Exceptions, Forgotten: settled.Forgotten, Verdicts: settled.Verdicts, Costs: settled.Costs, Entry: journal.Entry{
		Version: journal.Version,
		Lane:    l.id.String(),
		Seq:     l.head.Seq + 1,
		Side:    journal.Range{From: l.head.Side.To, To: l.side.to(side)},
		Input:   journal.Range{From: l.head.Input.To, To: l.input.to(input)},
		Models:  stepped.Models,
		Start:   stepped.Start,
		End:     stepped.End,
		Counts:  stepped.Counts,
	}}
	for i := range stepped.Items {
		if l.items[i].Skip {
			l.bury(&o, i)
		}
		if r, _ := l.record(i); r.Misplaced {
			o.misplaced++
		}
	}
	for _, d := range disarmed {
		o.Entry.Disarmed = append(o.Entry.Disarmed, d.Timer)
		o.Letters = append(o.Letters, deadletter.Letter{Topic: l.topics[0], Partition: l.id.Partition, Offset: o.Entry.Input.To,
			Reason: event.TimerPanic, Detail: d.Detail, Timer: d.Subject + " " + d.Due.String()})
	}
	if c := o.Entry.Counts; !c.Balanced() || c.Read+c.Ticks != l.length(stepped.Items) {
		return Outcome{}, fmt.Errorf("%w: lane %s, entry %d: %+v of %d records", ErrUnaccounted, l.id, o.Entry.Seq, c, stepped.Items)
	}
	return o, nil
}

// split says how many of the first n items are side records and how many input records.
func (l *lane) split(n int) (side, input int) {
	side = min(n, len(l.side.records))
	return side, n - side
}

// bury writes the dead letter of item i. An unreadable batch is one item to the engine; it counts as its offsets.
func (l *lane) bury(o *Outcome, i int) {
	r, side := l.record(i)
	topic := l.topics[0]
	if side {
		topic = l.topics[1]
	}
	why := l.rejects[i]
	letter := deadletter.Letter{Topic: topic, Partition: l.id.Partition, Offset: r.Offset, At: r.At, Reason: why.reason, Detail: why.detail}
	if r.Origin != nil {
		letter.From(r.Origin)
	}
	if r.Unreadable {
		o.Entry.Counts.Add(beat.Counts{Read: r.Next - r.Offset - 1, DeadLettered: r.Next - r.Offset - 1})
	} else {
		letter.Keep(r.Key, r.Value)
	}
	o.Letters = append(o.Letters, letter)
	o.Entry.DeadLettered = appendRange(o.Entry.DeadLettered, side, journal.Range{From: r.Offset, To: r.Next})
}

// appendRange appends the records, joined to the last range where they follow it.
func appendRange(to []journal.DeadRange, side bool, r journal.Range) []journal.DeadRange {
	if n := len(to) - 1; n >= 0 && to[n].Side == side && to[n].To == r.From {
		to[n].To = r.To
		return to
	}
	return append(to, journal.DeadRange{Side: side, Range: r})
}

// length is how many records the first n items stand for.
func (l *lane) length(n int) (records int64) {
	for i := range n {
		if r, _ := l.record(i); r.Unreadable {
			records += r.Next - r.Offset
		} else {
			records++
		}
	}
	return records
}

// keep makes the beat's outcome the lane's memory: it is committed.
func (l *lane) keep(o Outcome) {
	l.engine.Keep()
	if o.stepped.Items+o.stepped.Fired+o.stepped.Rejudged > 0 {
		l.folded += o.took
	}
	l.shotKept(&o)
	l.stands(Written{o.Entry, o.hash, o.EntryAt})
	if o.Entry.Rejudged {
		l.rejudge, l.anew = o.stepped.Unjudged > 0, true
	}
	side, input := l.split(o.stepped.Items)
	l.side.drop(side)
	l.input.drop(input)
}
