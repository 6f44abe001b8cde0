package kafka

import (
	"github.com/twmb/franz-go/pkg/kgo"

	"andon/pipeline"
	"andon/schemas/deadletter"
)

// redriven gives a side record that was a dead letter its origin back, and the time it first arrived at: that it is sent again says nothing of
// the time in its lane, and a newer statement of the same event stays the newer one. A header that is none of ours is passed over.
func redriven(r *pipeline.Record, headers []kgo.RecordHeader) {
	for _, h := range headers {
		if h.Key != deadletter.OriginHeader {
			continue
		}
		o, err := deadletter.DecodeOrigin(h.Value)
		if err != nil {
			return
		}
		if r.Origin = &o; o.At > 0 {
			r.At = min(r.At, o.At)
		}
		return
	}
}
