package kafka

import (
	"testing"
	"time"

	"github.com/twmb/franz-go/pkg/kgo"

	"andon/schemas/deadletter"
	"andon/schemas/event"
)

// A record that was sent again stands at the time it first arrived, never later than the broker says, and only on a side topic.
func TestRedrivenRecords(t *testing.T) {
	sent := time.UnixMicro(1_700_000_000_000_000).UTC()
	origin := func(at event.Micros) []kgo.RecordHeader {
		o := deadletter.Origin{Topic: "in.asn", Partition: 1, Offset: 4, At: at, Redrives: 2}
		return []kgo.RecordHeader{{Key: "traceparent", Value: []byte("x")}, {Key: deadletter.OriginHeader, Value: deadletter.AppendOrigin(nil, &o)}}
	}
	for name, c := range map[string]struct {
		headers []kgo.RecordHeader
		side    bool
		at      event.Micros
		known   bool
	}{
		"sent again":             {origin(event.At(sent) - event.Hour), true, event.At(sent) - event.Hour, true},
		"from the future":        {origin(event.At(sent) + event.Hour), true, event.At(sent), true},
		"arrived nobody knows":   {origin(0), true, event.At(sent), true},
		"not of Andon":           {nil, true, event.At(sent), false},
		"a header that is none":  {[]kgo.RecordHeader{{Key: deadletter.OriginHeader, Value: []byte("{")}}, true, event.At(sent), false},
		"said by an input topic": {origin(event.At(sent) - event.Hour), false, event.At(sent), false},
	} {
		next := int64(0)
		p := kgo.FetchTopicPartition{FetchPartition: kgo.FetchPartition{Records: []*kgo.Record{{Offset: 9, Timestamp: sent, Headers: c.headers}}}}
		records, _, err := convert(p, &next, c.side)
		if err != nil || len(records) != 1 {
			t.Fatalf("%s: %v, %v", name, records, err)
		}
		r := records[0]
		if r.At != c.at || (r.Origin != nil) != c.known {
			t.Errorf("%s: at %s, origin %+v; want %s", name, r.At, r.Origin, c.at)
		}
		if c.known && (r.Origin.Topic != "in.asn" || r.Origin.Offset != 4 || r.Origin.Redrives != 2) {
			t.Errorf("%s: origin %+v", name, r.Origin)
		}
	}
}
