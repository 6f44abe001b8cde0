package kafka

import (
	"fmt"

	"github.com/twmb/franz-go/pkg/kgo"

	"andon/pipeline"
	"andon/schemas/cost"
	"andon/schemas/deadletter"
	"andon/schemas/exception"
	"andon/schemas/identity"
	"andon/schemas/journal"
)

// outgoing is the records of a beat and the memory they are written into, which the next beat uses again: a beat is over only when the client
// has let go of all of them.
type outgoing struct {
	records []kgo.Record
	bytes   []byte
}

func (o *outgoing) begin() { o.records, o.bytes = o.records[:0], o.bytes[:0] }

// add encodes an outcome. All its records go to the partition of the lane's number.
func (o *outgoing) add(c Config, b *pipeline.Outcome) {
	exceptions, costs, letters := c.Exceptions(), c.Costs(), c.DeadLetter()
	for i := range b.Exceptions {
		x := &b.Exceptions[i]
		key := o.id(x.ID)
		o.put(exceptions, b.Lane.Partition, key, exception.Append(o.bytes, x))
	}
	for _, id := range b.Forgotten {
		o.put(exceptions, b.Lane.Partition, o.id(id), nil) // compaction removes what has the key
	}
	for i := range b.Costs {
		x := &b.Costs[i]
		key := o.id(x.ID)
		o.put(costs, b.Lane.Partition, key, cost.Append(o.bytes, x))
	}
	for i := range b.Letters {
		l := &b.Letters[i]
		key := fmt.Sprintf("%s/%d/%d", l.Topic, l.Partition, l.Offset)
		if l.Timer != "" {
			key = fmt.Sprintf("%s/%d/%s", l.Topic, l.Partition, l.Timer)
		}
		o.put(letters, b.Lane.Partition, []byte(key), deadletter.Append(o.bytes, l))
	}
	o.put(c.Journal(), b.Lane.Partition, []byte(b.Entry.Lane), journal.Append(o.bytes, &b.Entry))
}

// id writes an id as a key.
func (o *outgoing) id(id identity.ID) []byte {
	from := len(o.bytes)
	o.bytes, _ = id.AppendText(o.bytes) // it cannot fail
	return o.bytes[from:len(o.bytes):len(o.bytes)]
}

// put adds a record; written is what was written before and its value behind that, or nothing.
func (o *outgoing) put(topic string, partition int32, key, written []byte) {
	var value []byte
	if written != nil {
		value = written[len(o.bytes):len(written):len(written)]
		o.bytes = written
	}
	o.records = append(o.records, kgo.Record{Topic: topic, Partition: partition, Key: key, Value: value})
}
