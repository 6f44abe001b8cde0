package kafka

import (
	"github.com/twmb/franz-go/pkg/kgo"

	"andon/pipeline"
)

// outgoing is the records of a beat, which the next beat uses again: a beat is over only when the client has let go of all of them.
type outgoing struct {
	records []kgo.Record
}

func (o *outgoing) begin() { o.records = o.records[:0] }

// add takes what an outcome writes. All of it goes to the partition of the lane's number.
func (o *outgoing) add(c Config, b *pipeline.Outcome) {
	topics := [...]string{pipeline.Exceptions: c.Exceptions(), pipeline.Verdicts: c.Verdicts(), pipeline.Costs: c.Costs(), pipeline.DeadLetters: c.DeadLetter(),
		pipeline.Snapshots: c.Snapshots(), pipeline.Journal: c.Journal()}
	for _, out := range b.Outputs {
		o.records = append(o.records, kgo.Record{Topic: topics[out.Topic], Partition: b.Lane.Partition, Key: out.Key, Value: out.Value})
	}
}

// tell says in the outcomes where their records were written.
func (o *outgoing) tell(lanes []pipeline.Outcome) {
	written := o.records
	for i := range lanes {
		b := &lanes[i]
		for j, out := range b.Outputs {
			switch at := written[j].Offset; {
			case out.Topic == pipeline.Journal:
				b.EntryAt = at
			case out.Topic == pipeline.Snapshots && b.PartsAt == pipeline.Nowhere:
				b.PartsAt = at
			default:
			}
		}
		written = written[len(b.Outputs):]
	}
}
