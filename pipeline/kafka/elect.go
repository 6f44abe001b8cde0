package kafka

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"time"

	"github.com/twmb/franz-go/pkg/kerr"
	"github.com/twmb/franz-go/pkg/kgo"

	"andon/pipeline"
)

// Election is this process in the group of a role that one process at a time has: the one that was given the partition of decisions. It reads nothing
// and commits nothing.
type Election struct {
	config Config
	group  string
	cl     *kgo.Client
	turns  chan context.Context // of who was elected; ends when another may be
}

// Stand makes this process a member of a group, Guard, that elects one of its members.
func Stand(ctx context.Context, c Config, group string, log *slog.Logger) (*Election, error) {
	if c.SessionTimeout == 0 {
		c.SessionTimeout = 30 * time.Second
	}
	e := &Election{config: c, group: c.Group(group), turns: make(chan context.Context, 1)}
	end := func() {}
	ended := func(context.Context, *kgo.Client, map[string][]int32) { end() } // the client calls one at a time
	cl, err := connect(ctx, c, log,
		kgo.ConsumerGroup(e.group),
		kgo.ConsumeTopics(c.Decisions()),
		kgo.InstanceID(c.Instance),
		kgo.SessionTimeout(c.SessionTimeout),
		kgo.HeartbeatInterval(c.SessionTimeout/10),
		kgo.DisableAutoCommit(),
		kgo.OnPartitionsAssigned(func(_ context.Context, cl *kgo.Client, topics map[string][]int32) {
			cl.PauseFetchTopics(c.Decisions())
			if len(topics[c.Decisions()]) == 0 {
				return
			}
			var turn context.Context
			turn, end = context.WithCancel(context.WithoutCancel(ctx))
			select {
			case <-e.turns: // one that ended before it was taken
			default:
			}
			e.turns <- turn
		}),
		kgo.OnPartitionsRevoked(ended),
		kgo.OnPartitionsLost(ended),
	)
	if err != nil {
		return nil, err
	}
	e.cl = cl
	if err := c.allowed(ctx, cl, c.toGuard()); err != nil {
		e.Close()
		return nil, err
	}
	return e, nil
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
