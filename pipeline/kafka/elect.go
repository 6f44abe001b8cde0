package kafka

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"sync"
	"time"

	"github.com/twmb/franz-go/pkg/kadm"
	"github.com/twmb/franz-go/pkg/kerr"
	"github.com/twmb/franz-go/pkg/kgo"
	"github.com/twmb/franz-go/pkg/kmsg"

	"andon/pipeline"
)

// Election is this process in the group of a role that one process at a time has: the one that was given the partition of decisions. It reads nothing.
// What it commits is no position: it says in the transaction of a record who writes it, and the group refuses whoever is not elected any more.
type Election struct {
	config Config
	group  string
	cl     *kgo.Client
	topic  kadm.TopicID         // of decisions
	turns  chan context.Context // of who was elected; ends when another may be

	mu         sync.Mutex // the client calls back
	elected    bool
	end        context.CancelFunc // of the turn
	id         string             // the member of the last assignment
	generation int32
}

// Stand makes this process a member of a group, Guard, that elects one of its members.
func Stand(ctx context.Context, c Config, group string, log *slog.Logger) (*Election, error) {
	if c.SessionTimeout == 0 {
		c.SessionTimeout = 30 * time.Second
	}
	e := &Election{config: c, group: c.Group(group), turns: make(chan context.Context, 1), end: func() {}}
	cl, err := connect(ctx, c, log,
		kgo.ConsumerGroup(e.group),
		kgo.ConsumeTopics(c.Decisions()),
		kgo.InstanceID(c.Instance),
		kgo.SessionTimeout(c.SessionTimeout),
		kgo.HeartbeatInterval(c.SessionTimeout/10),
		kgo.DisableAutoCommit(),
		kgo.OnPartitionsAssigned(func(_ context.Context, cl *kgo.Client, topics map[string][]int32) {
			cl.PauseFetchTopics(c.Decisions())
			e.assigned(ctx, cl, len(topics[c.Decisions()]) > 0)
		}),
		kgo.OnPartitionsRevoked(e.revoked),
		kgo.OnPartitionsLost(e.revoked),
	)
	if err != nil {
		return nil, err
	}
	e.cl = cl
	if err = c.allowed(ctx, cl, c.toGuard()); err == nil {
		e.topic, err = topicID(ctx, cl, c.Decisions())
	}
	if err != nil {
		e.Close()
		return nil, err
	}
	return e, nil
}

func topicID(ctx context.Context, cl *kgo.Client, topic string) (kadm.TopicID, error) {
	found, err := kadm.NewClient(cl).ListTopics(ctx, topic)
	switch {
	case err != nil:
		return kadm.TopicID{}, pipeline.Fail(pipeline.Lost, fmt.Errorf("ask for %s: %w", topic, err))
	case found[topic].Err != nil:
		return kadm.TopicID{}, pipeline.Fail(pipeline.Refused, fmt.Errorf("%w: there is no topic %s (setting kafka.own_prefix): run andon topics apply", ErrLayout, topic))
	}
	return found[topic].ID, nil
}

// assigned is called at the begin of each session of the group; won says that the partition is new to this process. Who had it may keep it.
func (e *Election) assigned(ctx context.Context, cl *kgo.Client, won bool) {
	e.mu.Lock()
	defer e.mu.Unlock()
	e.id, e.generation = cl.GroupMetadata()
	if !won {
		return
	}
	var turn context.Context
	turn, e.end = context.WithCancel(context.WithoutCancel(ctx))
	e.elected = true
	select {
	case <-e.turns: // one that ended before it was taken
	default:
	}
	e.turns <- turn
}

// revoked is called at the end of each session, whether it takes the partition away or not.
func (e *Election) revoked(_ context.Context, _ *kgo.Client, topics map[string][]int32) {
	if len(topics[e.config.Decisions()]) == 0 {
		return
	}
	e.mu.Lock()
	defer e.mu.Unlock()
	e.elected = false
	e.end()
}

// standing is by which membership this process is elected; false when it is not.
func (e *Election) standing() (id string, generation int32, elected bool) {
	e.mu.Lock()
	defer e.mu.Unlock()
	return e.id, e.generation, e.elected
}

// Appender is a NewAppender that writes only while this process is elected: see Append. Opening it ends what a former one left open, and whatever that
// one writes from then on the group refuses: so who reads the topic afterwards has all that was written in former turns.
func (e *Election) Appender(ctx context.Context, topic string, log *slog.Logger) (*Appender, error) {
	a, err := NewAppender(ctx, e.config, topic, log)
	if err == nil {
		a.election = e
	}
	return a, err
}

// vouchTime is how long a transaction waits for the group to settle who is elected; the broker gives up after transactionTime.
const vouchTime = 5 * time.Second

// vouch says in an open transaction by which membership it is written. A nil error means that the group knows it as that of who is elected.
func (e *Election) vouch(ctx context.Context, a *Appender) error {
	ctx, cancel := context.WithTimeout(ctx, vouchTime)
	defer cancel()
	again := time.NewTicker(50 * time.Millisecond)
	defer again.Stop()
	for {
		id, generation, elected := e.standing()
		if !elected {
			return ErrDeposed
		}
		err := e.commit(ctx, a, id, generation)
		if !errors.Is(err, kerr.RebalanceInProgress) && !errors.Is(err, kerr.IllegalGeneration) {
			return err
		}
		select { // members come and go; who is elected may stay it, and is told of the new generation
		case <-ctx.Done():
			return fmt.Errorf("%w: %w", ErrDeposed, err)
		case <-again.C:
		}
	}
}

func (e *Election) commit(ctx context.Context, a *Appender, member string, generation int32) error {
	producer, epoch, err := a.cl.ProducerID(ctx)
	if err != nil {
		return err
	}
	p := kmsg.NewTxnOffsetCommitRequestTopicPartition() // partition 0, offset 0: nobody reads on from there
	t := kmsg.NewTxnOffsetCommitRequestTopic()
	t.Topic, t.TopicID, t.Partitions = e.config.Decisions(), e.topic, append(t.Partitions, p)
	req := kmsg.NewPtrTxnOffsetCommitRequest()
	req.TransactionalID, req.ProducerID, req.ProducerEpoch = e.config.appender(a.topic), producer, epoch
	req.Group, req.Generation, req.MemberID, req.InstanceID = e.group, generation, member, &e.config.Instance
	req.Topics = append(req.Topics, t)
	resp, err := req.RequestWith(ctx, a.cl)
	if err != nil {
		return err
	}
	for _, t := range resp.Topics {
		for _, p := range t.Partitions {
			err = errors.Join(err, kerr.ErrorForCode(p.ErrorCode))
		}
	}
	if errors.Is(err, kerr.UnknownMemberID) || errors.Is(err, kerr.FencedInstanceID) {
		err = fmt.Errorf("%w: %w", ErrDeposed, err)
	}
	return err
}

// Turn waits until this process is elected, and returns what ends with ctx and when it may no longer be.
func (e *Election) Turn(ctx context.Context) (context.Context, context.CancelFunc, error) {
	for {
		wait, cancel := context.WithTimeout(ctx, time.Second)
		err := e.cl.PollRecords(wait, 1).Err0() // nothing is fetched; what is wrong with the session is told
		cancel()
		switch {
		case ctx.Err() != nil:
			return nil, nil, ctx.Err()
		case errors.Is(err, kerr.FencedInstanceID):
			return nil, nil, pipeline.Fail(pipeline.Refused, fmt.Errorf("%w %q: give each process a name of its own (setting instance)", ErrNameTaken, e.config.Instance))
		case errors.Is(err, kerr.GroupAuthorizationFailed):
			return nil, nil, e.config.lacks(onGroup, e.group, read)
		}
		select {
		case turn := <-e.turns:
			if turn.Err() != nil {
				continue
			}
			both, stop := context.WithCancel(ctx)
			release := context.AfterFunc(turn, stop)
			return both, func() { release(); stop() }, nil
		default:
		}
	}
}

// Leave hands the role over at once.
func (e *Election) Leave(ctx context.Context) error {
	id, _ := e.cl.GroupMetadata()
	return leave(ctx, e.cl, e.group, id, e.config.Instance)
}

// Close ends the client. Without Leave the group waits for the session timeout.
func (e *Election) Close() { e.cl.CloseAllowingRebalance() }
