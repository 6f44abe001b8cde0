package kafka

import (
	"context"
	"fmt"
	"log/slog"
	"maps"
	"slices"
	"sync"
	"time"

	"github.com/twmb/franz-go/pkg/kadm"
	"github.com/twmb/franz-go/pkg/kgo"

	"andon/pipeline"
	"andon/schemas/event"
)

// Member is this process in the detection group: source, sink and history of one loop. Poll, Release, Ends and Commit are for the loop's
// goroutine; Committed and Open are for any.
type Member struct {
	Config
	cl    *kgo.Client
	log   *slog.Logger
	ids   map[string]kadm.TopicID
	parts map[event.Family]int // partitions of the family's input topic
	now   func() time.Time

	flows map[pipeline.Lane]*lanePlace // lanes whose records flow; the loop's
	out   outgoing                     // of the beat under way; the loop's
	ahead []pipeline.Fetched           // of these lanes: fetched, not yet asked for

	mu         sync.Mutex // the client calls back while the loop polls
	changes    []pipeline.Change
	failure    error
	id         string // the member of the last assignment
	generation int32
}

// lanePlace is where reading a lane stands.
type lanePlace struct{ side, input int64 }

// Join makes this process a member of the detection group. The cluster must be reachable, new enough, and laid out by Apply.
func Join(ctx context.Context, c Config, log *slog.Logger) (*Member, error) {
	if c.SessionTimeout == 0 {
		c.SessionTimeout = 30 * time.Second
	}
	m := &Member{Config: c, log: log, parts: map[event.Family]int{}, now: time.Now, flows: map[pipeline.Lane]*lanePlace{}}
	cl, err := connect(ctx, c, log,
		kgo.ConsumerGroup(c.Group(Detect)),
		kgo.ConsumeTopics(c.laneTopics()...),
		kgo.Balancers(kgo.RangeBalancer()), // partition p of all topics with as many partitions goes to one member
		kgo.InstanceID(c.Instance),
		kgo.TransactionalID(c.Instance),
		kgo.TransactionTimeout(transactionTime),
		kgo.SessionTimeout(c.SessionTimeout),
		kgo.RebalanceTimeout(c.SessionTimeout), // how long the group waits for a beat to end
		kgo.HeartbeatInterval(c.SessionTimeout/10),
		kgo.DisableAutoCommit(),
		kgo.BlockRebalanceOnPoll(), // lanes are taken away only between beats
		kgo.ConsumeStartOffset(kgo.NewOffset().AtCommitted()),
		kgo.ConsumeResetOffset(kgo.NewOffset().AtCommitted()),
		kgo.OnPartitionsAssigned(m.assigned),
		kgo.OnPartitionsRevoked(m.revoked),
		kgo.OnPartitionsLost(m.revoked),
	)
	if err != nil {
		return nil, err
	}
	m.cl = cl
	if err = checkTransactions(ctx, cl); err == nil {
		err = m.layout(ctx)
	}
	if err == nil { // what a former process of this name left open is aborted now, not when its time is up
		if _, _, err = cl.ProducerID(ctx); err != nil {
			err = c.writerError(err)
		}
	}
	if err != nil {
		cl.CloseAllowingRebalance()
		return nil, err
	}
	return m, nil
}

// layout checks what this process may do, and reads and checks the topics.
func (m *Member) layout(ctx context.Context) error {
	if err := m.allowed(ctx, m.cl, m.toDetect()); err != nil {
		return err
	}
	names := append(m.laneTopics(), m.outputs()...)
	topics, err := kadm.NewClient(m.cl).ListTopics(ctx, names...)
	if err != nil {
		return pipeline.Fail(pipeline.Lost, fmt.Errorf("list the topics: %w", err))
	}
	m.ids = map[string]kadm.TopicID{}
	for _, name := range names {
		t := topics[name]
		if t.Err != nil {
			return pipeline.Fail(pipeline.Refused, fmt.Errorf("%w: topic %s: %w: run andon topics apply", ErrLayout, name, t.Err))
		}
		m.ids[name] = t.ID
	}
	widest := 0
	for _, f := range event.Families {
		m.parts[f] = len(topics[m.Input(f)].Partitions)
		widest = max(widest, m.parts[f])
		if side := len(topics[m.Side(f)].Partitions); side != m.parts[f] {
			return pipeline.Fail(pipeline.Refused, fmt.Errorf("%w: %s has %d partitions, %s has %d: partition counts are frozen; start over under a new kafka.own_prefix",
				ErrLayout, m.Input(f), m.parts[f], m.Side(f), side))
		}
	}
	for _, name := range m.outputs() {
		if n := len(topics[name].Partitions); n < widest {
			return pipeline.Fail(pipeline.Refused, fmt.Errorf("%w: %s has %d partitions and the widest input %d: partition counts are frozen; start over under a new kafka.own_prefix",
				ErrLayout, name, n, widest))
		}
	}
	configs, err := configsOf(ctx, kadm.NewClient(m.cl), append(m.laneTopics(), m.Verdicts(), m.Costs(), m.Journal(), m.DeadLetter())...)
	if err != nil {
		return pipeline.Fail(pipeline.Lost, err)
	}
	return checkCompaction(m.Config, configs)
}

// Leave hands the lanes over at once, for a planned stop. Without it the group waits for the session timeout, so that a process that crashed
// finds its lanes again.
func (m *Member) Leave(ctx context.Context) error {
	m.cl.AllowRebalance()
	m.mu.Lock()
	id := m.id
	m.mu.Unlock()
	return leave(ctx, m.cl, m.Group(Detect), id, m.Instance)
}

// Close ends the client. An open transaction is aborted by the next client of this name, or by its timeout.
func (m *Member) Close() { m.cl.CloseAllowingRebalance() }

// assigned is called between polls with everything that is assigned: the range balancer revokes all before.
func (m *Member) assigned(_ context.Context, cl *kgo.Client, topics map[string][]int32) {
	cl.PauseFetchPartitions(topics) // until the lane is restored
	m.mu.Lock()
	defer m.mu.Unlock()
	m.id, m.generation = cl.GroupMetadata()
	lanes, err := m.lanes(topics)
	if err != nil {
		m.failure = err
	}
	m.changes = append(m.changes, pipeline.Change{Lanes: lanes})
	m.log.Info("lanes assigned", "generation", m.generation, "lanes", len(lanes))
}

// revoked is called between polls.
func (m *Member) revoked(_ context.Context, _ *kgo.Client, topics map[string][]int32) {
	m.mu.Lock()
	defer m.mu.Unlock()
	lanes, _ := m.lanes(topics)
	m.changes = append(m.changes, pipeline.Change{Revoked: true, Lanes: lanes})
}

// lanes pairs input and side partitions.
func (m *Member) lanes(topics map[string][]int32) (lanes []pipeline.Lane, err error) {
	for _, f := range event.Families {
		input, side := slices.Sorted(slices.Values(topics[m.Input(f)])), slices.Sorted(slices.Values(topics[m.Side(f)]))
		if !slices.Equal(input, side) {
			err = pipeline.Fail(pipeline.Refused, fmt.Errorf("%w: %s %v and %s %v: the partitions of a topic were changed, or a member of group %s has another configuration",
				pipeline.ErrAssignment, m.Input(f), input, m.Side(f), side, m.Group(Detect)))
		}
		for _, p := range input {
			lanes = append(lanes, pipeline.Lane{Family: f, Partition: p})
		}
	}
	return lanes, err
}

// lane is the lane of a partition.
func (m *Member) lane(topic string, partition int32) (l pipeline.Lane, side bool) {
	for _, f := range event.Families {
		if topic == m.Input(f) || topic == m.Side(f) {
			return pipeline.Lane{Family: f, Partition: partition}, topic == m.Side(f)
		}
	}
	return l, false
}

// partitions names the partitions of lanes as the client wants them.
func (m *Member) partitions(lanes ...pipeline.Lane) map[string][]int32 {
	topics := map[string][]int32{}
	for _, l := range lanes {
		for _, side := range []bool{false, true} {
			t := m.Topic(l.Family, side)
			topics[t] = append(topics[t], l.Partition)
		}
	}
	return topics
}

// stop forgets what flows of lanes that changed hands.
func (m *Member) stop(c pipeline.Change) {
	if !c.Revoked {
		clear(m.flows)
		return
	}
	maps.DeleteFunc(m.flows, func(l pipeline.Lane, _ *lanePlace) bool { return slices.Contains(c.Lanes, l) })
}
