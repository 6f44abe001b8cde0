package pipeline

import (
	"fmt"

	"andon/schemas/cost"
	"andon/schemas/deadletter"
	"andon/schemas/exception"
	"andon/schemas/identity"
	"andon/schemas/journal"
	"andon/schemas/verdict"
)

// Topic is one of the topics of records. A beat writes to all of them but Decisions and Control.
type Topic uint8

// The topics.
const (
	Exceptions Topic = iota
	Verdicts
	Costs
	DeadLetters
	Snapshots
	Journal
	Decisions
	Control
)

// Output is one record a beat writes, to the partition of the lane's number. A nil value is a tombstone.
type Output struct {
	Topic      Topic
	Key, Value []byte
}

// outputs is the records of one outcome and the memory they are written into, which the lane's next beat uses again: a beat is over only when
// the sink has let go of all of them.
type outputs struct {
	list   []Output
	bytes  []byte
	digest journal.Digest
}

// Seal completes the entry of an outcome that stands after the entry of hash before, and encodes all that the outcome writes, the entry last.
func (o *Outcome) Seal(before journal.Hash) { o.seal(&outputs{}, before) }

func (o *Outcome) seal(to *outputs, before journal.Hash) {
	o.Entry.Outputs, o.Entry.Before = to.judged(o), before
	for i := range o.Letters {
		l := &o.Letters[i]
		to.put(DeadLetters, letterKey(l), deadletter.Append(to.bytes, l))
	}
	for i, part := range o.parts {
		to.list = append(to.list, Output{Snapshots, fmt.Appendf(nil, "%s/%d/%d", o.Entry.Lane, o.slot, o.part+i), part})
	}
	to.put(Journal, []byte(o.Entry.Lane), journal.Append(to.bytes, &o.Entry))
	o.Outputs, o.hash = to.list, journal.HashOf(to.list[len(to.list)-1].Value)
}

// judged encodes what was judged, anew, and returns its digest.
func (to *outputs) judged(o *Outcome) journal.Hash {
	to.list, to.bytes = to.list[:0], to.bytes[:0]
	for i := range o.Exceptions {
		x := &o.Exceptions[i]
		key := to.id(x.ID)
		to.put(Exceptions, key, exception.Append(to.bytes, x))
	}
	for _, id := range o.Forgotten {
		to.put(Exceptions, to.id(id), nil) // compaction removes what has the key
	}
	for i := range o.Verdicts {
		x := &o.Verdicts[i]
		to.put(Verdicts, []byte(x.Subject), verdict.Append(to.bytes, x))
	}
	for i := range o.Costs {
		x := &o.Costs[i]
		key := to.id(x.ID)
		to.put(Costs, key, cost.Append(to.bytes, x))
	}
	return to.digest.Hash()
}

func letterKey(l *deadletter.Letter) []byte {
	if l.Timer != "" {
		return fmt.Appendf(nil, "%s/%d/%s", l.Topic, l.Partition, l.Timer)
	}
	return fmt.Appendf(nil, "%s/%d/%d", l.Topic, l.Partition, l.Offset)
}

// id writes an id as a key.
func (to *outputs) id(id identity.ID) []byte {
	from := len(to.bytes)
	to.bytes, _ = id.AppendText(to.bytes) // it cannot fail
	return to.bytes[from:len(to.bytes):len(to.bytes)]
}

// put adds a record; written is what was written before and its value behind that, or nothing.
func (to *outputs) put(topic Topic, key, written []byte) {
	var value []byte
	if written != nil {
		value = written[len(to.bytes):len(written):len(written)]
		to.bytes = written
	}
	switch topic {
	case Exceptions:
		to.digest.Add(journal.Exceptions, key, value)
	case Verdicts:
		to.digest.Add(journal.Verdicts, key, value)
	case Costs:
		to.digest.Add(journal.Costs, key, value)
	default:
	}
	to.list = append(to.list, Output{topic, key, value})
}
