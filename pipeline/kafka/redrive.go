package kafka

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"slices"

	"github.com/twmb/franz-go/pkg/kadm"
	"github.com/twmb/franz-go/pkg/kerr"
	"github.com/twmb/franz-go/pkg/kgo"

	"andon/pipeline"
	"andon/schemas/deadletter"
	"andon/schemas/event"
)

// ErrRedriving says that a later Redriver took over.
var ErrRedriving = errors.New("another redrive took over")

// redrives names the one writer of redrives: its transactional id is Config.Group of it.
const redrives = "redrive"

// Redriver sends the records of dead letters again. There is one at a time: a new one ends what the former left open and fences it, so the letters
// and marks that are read after NewRedriver are all there are until this one sends. It is not for concurrent use, and after an error of Send of no use.
type Redriver struct {
	Config
	cl   *kgo.Client
	ends map[pipeline.Lane]int64 // the side offsets after what was sent
}

// Redrive is a letter to be sent again for the nth time.
type Redrive struct {
	Letter
	Attempt int
}

// NewRedriver makes this process the one that redrives.
func NewRedriver(ctx context.Context, c Config, log *slog.Logger) (*Redriver, error) {
	cl, err := connect(ctx, c, log, kgo.TransactionalID(c.Group(redrives)), kgo.TransactionTimeout(transactionTime))
	if err != nil {
		return nil, err
	}
	if err = checkTransactions(ctx, cl); err == nil {
		err = c.allowed(ctx, cl, c.toRedrive())
	}
	if err == nil {
		if _, _, err = cl.ProducerID(ctx); errors.Is(err, kerr.TransactionalIDAuthorizationFailed) {
			err = c.lacks(onTransaction, c.Group(redrives), write)
		} else if err != nil {
			err = pipeline.Fail(pipeline.Lost, fmt.Errorf("become the writer %s: %w", c.Group(redrives), err))
		}
	}
	if err != nil {
		cl.Close()
		return nil, err
	}
	return &Redriver{Config: c, cl: cl, ends: map[pipeline.Lane]int64{}}, nil
}

// Close ends the client. What is open is aborted.
func (r *Redriver) Close() { r.cl.Close() }

// LaneOf is the lane whose record the letter is about; false when it is of no lane of this configuration.
func (c Config) LaneOf(l *deadletter.Letter) (pipeline.Lane, bool) {
	for _, f := range event.Families {
		if l.Topic == c.Input(f) || l.Topic == c.Side(f) {
			return pipeline.Lane{Family: f, Partition: l.Partition}, true
		}
	}
	return pipeline.Lane{}, false
}

// Send sends whole letters again in one transaction: each record to the side topic of its lane with its origin, and beside the letter the mark
// that it was sent. A lane reads the record only when the mark is there too. Dying before the end: neither is ever read, the next Redriver
// aborts both. Dying after it: both stand, and whoever reads the letters next finds the mark.
func (r *Redriver) Send(ctx context.Context, letters []Redrive) error {
	ctx, cancel := context.WithTimeout(ctx, commitTime)
	defer cancel()
	var records []*kgo.Record
	for i := range letters {
		l := &letters[i]
		lane, known := r.LaneOf(&l.Letter.Letter)
		if !known || !l.Whole() {
			return fmt.Errorf("redrive %s: it is not the whole record of a lane", l.Name)
		}
		records = append(records, r.side(lane, l), r.mark(l))
	}
	if err := r.cl.BeginTransaction(); err != nil {
		return r.failed(err)
	}
	if err := r.cl.ProduceSync(ctx, records...).FirstErr(); err != nil {
		_ = r.cl.EndTransaction(context.WithoutCancel(ctx), kgo.TryAbort) // else the next Redriver ends it, or its time
		return r.failed(err)
	}
	if err := r.cl.EndTransaction(ctx, kgo.TryCommit); err != nil {
		return r.failed(err)
	}
	for i := 0; i < len(records); i += 2 {
		lane, _ := r.LaneOf(&letters[i/2].Letter.Letter)
		r.ends[lane] = max(r.ends[lane], records[i].Offset+1)
	}
	return nil
}

// side is the record as its lane gets it. A topic that keeps the writer's time keeps the time it first arrived at.
func (r *Redriver) side(lane pipeline.Lane, l *Redrive) *kgo.Record {
	o := l.Origin(l.Attempt)
	return &kgo.Record{
		Topic: r.Side(lane.Family), Partition: lane.Partition, Key: l.Key, Value: l.Raw, Timestamp: o.At.UTC(),
		Headers: []kgo.RecordHeader{{Key: deadletter.OriginHeader, Value: deadletter.AppendOrigin(nil, &o)}},
	}
}

func (r *Redriver) mark(l *Redrive) *kgo.Record {
	m := l.Marker(l.Attempt)
	return &kgo.Record{Topic: r.DeadLetter(), Partition: m.Partition, Key: []byte(l.Name), Value: deadletter.Append(nil, &m)}
}

// failed says what a failed step of Send means.
func (r *Redriver) failed(err error) error {
	fenced := func(by error) bool { return errors.Is(err, by) }
	switch {
	case slices.ContainsFunc([]error{kerr.InvalidProducerEpoch, kerr.ProducerFenced, kerr.InvalidProducerIDMapping}, fenced):
		return pipeline.Fail(pipeline.Lost, fmt.Errorf("%w: let it end, then run this again: what was sent is not sent twice", ErrRedriving))
	case denied(err):
		return pipeline.Fail(pipeline.Refused, fmt.Errorf("send letters again: %w (docs/guides/operate.md lists the rights)", err))
	}
	return pipeline.Fail(pipeline.Lost, fmt.Errorf("send letters again: %w: run it again: what was sent is not sent twice", err))
}

// Judged reports whether the detection group has committed all that was sent.
func (r *Redriver) Judged(ctx context.Context) (bool, error) {
	at, err := kadm.NewClient(r.cl).FetchOffsets(ctx, r.Group(Detect))
	if err != nil && !errors.Is(err, kerr.GroupIDNotFound) {
		return false, fmt.Errorf("fetch the offsets of group %s: %w", r.Group(Detect), err)
	}
	for lane, end := range r.ends {
		if o, known := at.Lookup(r.Side(lane.Family), lane.Partition); !known || o.At < end {
			return false, nil
		}
	}
	return true, nil
}
