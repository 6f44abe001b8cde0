package deadletter

import (
	"errors"

	"andon/schemas/event"

	"github.com/segmentio/encoding/json"
)

// OriginHeader is the header of a side record that was a dead letter before: its Origin, as JSON.
const OriginHeader = "andon-origin"

// Origin is where a record that was sent again first lay.
type Origin struct {
	Topic     string       `json:"topic"`
	Partition int32        `json:"partition"`
	Offset    int64        `json:"offset"`
	At        event.Micros `json:"at,omitempty"` // broker timestamp of the record then
	Redrives  int          `json:"redrives"`     // how often it was sent again, this time included
}

// Origin is what the side record says that sends the letter's record again for the nth time.
func (l *Letter) Origin(n int) Origin {
	return Origin{Topic: l.Topic, Partition: l.Partition, Offset: l.Offset, At: l.At, Redrives: n}
}

// From makes it a letter about the record that first lay there: of one record there is one story, however often it is put aside.
func (l *Letter) From(o *Origin) {
	l.Topic, l.Partition, l.Offset, l.At, l.Redrives = o.Topic, o.Partition, o.Offset, o.At, o.Redrives
}

// Marker is what andon.deadletter holds beside the side record that sends the letter's record again for the nth time. It has no bytes: the
// letter has.
func (l *Letter) Marker(n int) Letter {
	return Letter{Topic: l.Topic, Partition: l.Partition, Offset: l.Offset, At: l.At, Reason: l.Reason, Bytes: l.Bytes, SHA256: l.SHA256,
		Redrives: n, Redriven: true}
}

// AppendOrigin appends o as JSON.
func AppendOrigin(dst []byte, o *Origin) []byte {
	out, err := json.Append(dst, o, 0)
	if err != nil {
		panic("deadletter: encode origin: " + err.Error()) // no field can fail to encode
	}
	return out
}

// DecodeOrigin reads the value of an OriginHeader.
func DecodeOrigin(value []byte) (o Origin, err error) {
	if err = json.Unmarshal(value, &o); err == nil && (o.Topic == "" || o.Partition < 0 || o.Offset < 0 || o.Redrives < 1) {
		err = errors.New("no place a record was sent again from")
	}
	return o, err
}
