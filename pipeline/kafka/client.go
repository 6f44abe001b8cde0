package kafka

import (
	"context"
	"fmt"
	"log/slog"
	"strings"
	"sync/atomic"
	"time"

	"github.com/twmb/franz-go/pkg/kerr"
	"github.com/twmb/franz-go/pkg/kgo"
	"github.com/twmb/franz-go/pkg/kmsg"

	"andon/pipeline"
)

const (
	connectTime     = 10 * time.Second
	commitTime      = 60 * time.Second // of one beat; the broker gives up before: transactionTime
	transactionTime = 15 * time.Second
	inflatedMax     = 16 << 20  // bytes of one batch, inflated
	fetchMax        = 8 << 20   // bytes of one fetch from a broker, as they are stored: a few beats
	partitionMax    = 512 << 10 // of it from one partition: the records of a beat are of several lanes, which fold side by side
)

// Dial makes a client of a cluster that answers, for the caller to close. It tries for connectTime, but not again what cannot mend itself: an
// error of kind Refused names the setting.
func Dial(ctx context.Context, c Config, log *slog.Logger, options ...kgo.Opt) (*kgo.Client, error) {
	secured, err := c.secured()
	if err != nil {
		return nil, err
	}
	said := &logger{Logger: log, reach: c.Reach}
	cl, err := kgo.NewClient(append(append(secured,
		kgo.SeedBrokers(c.Brokers...),
		kgo.ClientID("andon-"+c.Instance),
		kgo.WithLogger(said),
	), options...)...)
	if err != nil {
		return nil, fmt.Errorf("kafka: %w", err)
	}
	if err := c.reach(ctx, cl); err != nil {
		cl.Close()
		if pipeline.KindOf(err) == pipeline.Refused {
			return nil, err
		}
		return nil, pipeline.Fail(pipeline.Lost, fmt.Errorf("%w at %s (setting kafka.brokers): %w", ErrUnreachable, strings.Join(c.Brokers, ", "), err))
	}
	said.on.Store(true)
	return cl, nil
}

// connect dials as the loop and the loaders want it.
func connect(ctx context.Context, c Config, log *slog.Logger, options ...kgo.Opt) (*kgo.Client, error) {
	return Dial(ctx, c, log, append([]kgo.Opt{
		kgo.MaxDecompressBatchBytes(inflatedMax),
		kgo.RecordPartitioner(kgo.ManualPartitioner()),
		kgo.ProducerLinger(0), // a beat is gathered already
		kgo.FetchIsolationLevel(kgo.ReadCommitted()),
		kgo.KeepControlRecords(),                   // so that positions pass transaction markers
		kgo.MetadataMinAge(100 * time.Millisecond), // a topic just made is not known for long
		kgo.FetchMaxBytes(fetchMax),
		kgo.FetchMaxPartitionBytes(partitionMax),
		kgo.FetchMaxWait(250 * time.Millisecond), // a lane that begins to flow waits for the fetch that is under way without it
	}, options...)...)
}

func (c Config) reach(ctx context.Context, cl *kgo.Client) error {
	ctx, cancel := context.WithTimeout(ctx, connectTime)
	defer cancel()
	again := time.NewTicker(250 * time.Millisecond)
	defer again.Stop()
	var why error
	for {
		err := cl.Ping(ctx)
		if err == nil {
			return nil
		}
		if err = c.explain(ctx, err); pipeline.KindOf(err) == pipeline.Refused {
			return err
		}
		if why == nil || ctx.Err() == nil { // what was in the way says more than that the time is up
			why = err
		}
		select {
		case <-ctx.Done():
			return why
		case <-again.C:
		}
	}
}

// checkTransactions refuses a cluster whose transactions can be committed by a delayed request of an earlier one (KAFKA-17754): each must have
// an epoch of its own.
func checkTransactions(ctx context.Context, cl *kgo.Client) error {
	resp, err := kmsg.NewPtrApiVersionsRequest().RequestWith(ctx, cl)
	if err == nil {
		err = kerr.ErrorForCode(resp.ErrorCode)
	}
	if err != nil {
		return pipeline.Fail(pipeline.Lost, fmt.Errorf("ask for the cluster's features: %w", err))
	}
	level := int16(0)
	for _, f := range resp.FinalizedFeatures {
		if f.Name == "transaction.version" {
			level = f.MaxVersionLevel
		}
	}
	if level < 2 {
		return pipeline.Fail(pipeline.Refused, fmt.Errorf("%w (it is %d): run Kafka 4.0 or later and kafka-features.sh upgrade --feature transaction.version=2", ErrTooOld, level))
	}
	return nil
}

// logger passes the client's warnings on, once the cluster is reached: until then the error says it all. While a broker is away they are about that.
type logger struct {
	*slog.Logger
	reach *Reach
	on    atomic.Bool
}

// Level implements kgo.Logger.
func (l *logger) Level() kgo.LogLevel { return kgo.LogLevelWarn }

// Log implements kgo.Logger.
func (l *logger) Log(level kgo.LogLevel, msg string, kv ...any) {
	if !l.on.Load() || l.reach.lacks() {
		return
	}
	at := slog.LevelWarn
	if level == kgo.LogLevelError {
		at = slog.LevelError
	}
	l.Logger.Log(context.Background(), at, "kafka client", append([]any{"said", msg}, kv...)...)
}
