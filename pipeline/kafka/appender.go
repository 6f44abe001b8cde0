package kafka

import (
	"context"
	"errors"
	"fmt"
	"io"
	"iter"
	"log/slog"
	"slices"
	"strings"

	"github.com/twmb/franz-go/pkg/kerr"
	"github.com/twmb/franz-go/pkg/kgo"

	"andon/pipeline"
)

// What may keep an Appender from writing.
var (
	ErrAppending = errors.New("another writer took over")                     // a later Appender of the topic
	ErrDeposed   = errors.New("this process is not the elected one any more") // only where it writes for an Election
)

// Appender adds to a topic of one order, Decisions or Control. There is one at a time of each: a new one ends what the former left open and fences
// it, so what Records yields after NewAppender is all there is until this one writes. It is not for concurrent use, and after an error of Append
// of no use.
type Appender struct {
	Config
	topic    string
	cl       *kgo.Client
	log      *slog.Logger
	election *Election // that it writes for; nil: for a person
}

// appender is the transactional id of a topic's one writer, e.g. andon-control.
func (c Config) appender(topic string) string { return c.Group(strings.TrimPrefix(topic, c.OwnPrefix)) }

// NewAppender makes this process the one that adds to the topic.
func NewAppender(ctx context.Context, c Config, topic string, log *slog.Logger) (*Appender, error) {
	a := &Appender{Config: c, topic: topic, log: log}
	cl, err := connect(ctx, c, log, kgo.TransactionalID(c.appender(topic)), kgo.TransactionTimeout(transactionTime))
	if err != nil {
		return nil, err
	}
	if err = checkTransactions(ctx, cl); err == nil {
		err = c.allowed(ctx, cl, c.toAppend(topic))
	}
	if err == nil {
		if _, _, err = cl.ProducerID(ctx); errors.Is(err, kerr.TransactionalIDAuthorizationFailed) {
			err = c.lacks(onTransaction, c.appender(topic), write)
		} else if err != nil {
			err = pipeline.Fail(pipeline.Lost, fmt.Errorf("become the writer %s: %w", c.appender(topic), err))
		}
	}
	if err != nil {
		cl.Close()
		return nil, err
	}
	a.cl = cl
	return a, nil
}

// Close ends the client. What is open is aborted.
func (a *Appender) Close() { a.cl.Close() }

// Records yields what is committed to the topic up to now, in order. It ends with an error when it cannot read on.
func (a *Appender) Records(ctx context.Context) iter.Seq2[pipeline.Record, error] {
	return Ordered(ctx, a.Config, a.topic, a.log)
}

// Append adds records to the topic in one transaction; each is a key and a value. Dying before its end: none is ever read, the next Appender aborts
// them. Dying after it: all stand, and whoever reads next finds them. The error of one whose end is not known says so.
//
// Where it writes for an Election the group is asked in the same transaction whether this process still is the elected one. Deposed before that, nothing
// stands. Deposed after it, the one that is elected then begins by opening an Appender: either that aborts this transaction, or it was over and is read.
func (a *Appender) Append(ctx context.Context, records [][2][]byte) error {
	ctx, cancel := context.WithTimeout(ctx, commitTime)
	defer cancel()
	list := make([]*kgo.Record, len(records))
	for i, r := range records {
		list[i] = &kgo.Record{Topic: a.topic, Key: r[0], Value: r[1]}
	}
	if err := a.cl.BeginTransaction(); err != nil {
		return a.failed(err)
	}
	if err := a.cl.ProduceSync(ctx, list...).FirstErr(); err != nil {
		_ = a.cl.EndTransaction(context.WithoutCancel(ctx), kgo.TryAbort) // else the next Appender ends it, or its time
		return a.failed(err)
	}
	if a.election != nil {
		if err := a.election.vouch(ctx, a); err != nil {
			_ = a.cl.EndTransaction(context.WithoutCancel(ctx), kgo.TryAbort) // likewise
			return a.failed(err)
		}
	}
	if err := a.cl.EndTransaction(ctx, kgo.TryCommit); err != nil {
		return a.failed(err)
	}
	return nil
}

// failed says what a failed step of Append means.
func (a *Appender) failed(err error) error {
	fenced := func(by error) bool { return errors.Is(err, by) }
	switch {
	case slices.ContainsFunc([]error{kerr.InvalidProducerEpoch, kerr.ProducerFenced, kerr.InvalidProducerIDMapping}, fenced):
		return pipeline.Fail(pipeline.Lost, fmt.Errorf("%w of %s: run it again: what is there is not written twice", ErrAppending, a.topic))
	case fenced(ErrDeposed):
		return pipeline.Fail(pipeline.Lost, fmt.Errorf("write to %s: %w", a.topic, err))
	case denied(err):
		return pipeline.Fail(pipeline.Refused, fmt.Errorf("write to %s: %w (docs/guides/operate.md lists the rights)", a.topic, err))
	}
	return pipeline.Fail(pipeline.Lost, fmt.Errorf("write to %s: %w: run it again: what is there is not written twice", a.topic, err))
}

// Ordered yields the committed records of a topic of one order up to now: Decisions or Control. It ends with an error when it cannot read on.
func Ordered(ctx context.Context, c Config, topic string, log *slog.Logger) iter.Seq2[pipeline.Record, error] {
	return func(yield func(pipeline.Record, error) bool) {
		readers, err := openReaders(ctx, c, log, topic, AllPartitions, 0)
		if err != nil {
			yield(pipeline.Record{}, err)
			return
		}
		for _, r := range readers { // one, or none when nothing is there
			defer r.close()
			for {
				record, err := r.one(ctx)
				if errors.Is(err, io.EOF) {
					break
				}
				if !yield(record, err) || err != nil {
					return
				}
			}
		}
	}
}
