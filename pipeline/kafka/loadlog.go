package kafka

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/twmb/franz-go/pkg/kadm"
	"github.com/twmb/franz-go/pkg/kerr"
	"github.com/twmb/franz-go/pkg/kgo"
	"github.com/twmb/franz-go/pkg/kmsg"

	"andon/pipeline"
	"andon/pipeline/load"
)

// loadTime bounds a commit of a loader. The group waits longer for a member that holds on to its partitions than that, an insert, a look for its rows
// and a second insert take.
const (
	loadTime      = 20 * time.Second
	loadRebalance = 120 * time.Second
)

// LoadLog is this process in the group of a loader: the log of load.Run. Besides Close, its methods are for one goroutine.
type LoadLog struct {
	Config
	group string // full name
	cl    *kgo.Client
	log   *slog.Logger
	names map[kadm.TopicID]string

	next map[load.Partition]int64 // where reading stands

	mu      sync.Mutex // the client calls back while it polls
	lost    []load.Partition
	gained  []load.Position
	failure error
}

// JoinLoad makes this process a member of a loader's group, one of the Load constants. The group must have offsets for all partitions of the topics.
func JoinLoad(ctx context.Context, c Config, group string, topics []string, log *slog.Logger) (*LoadLog, error) {
	if c.SessionTimeout == 0 {
		c.SessionTimeout = 30 * time.Second
	}
	l := &LoadLog{Config: c, group: c.Group(group), log: log, names: map[kadm.TopicID]string{}, next: map[load.Partition]int64{}}
	cl, err := connect(ctx, c, log,
		kgo.ConsumerGroup(l.group),
		kgo.ConsumeTopics(topics...),
		kgo.Balancers(kgo.CooperativeStickyBalancer()), // what stays with a member goes on being loaded
		kgo.InstanceID(c.Instance),
		kgo.SessionTimeout(c.SessionTimeout),
		kgo.RebalanceTimeout(loadRebalance),
		kgo.HeartbeatInterval(c.SessionTimeout/10),
		kgo.DisableAutoCommit(),
		kgo.BlockRebalanceOnPoll(), // partitions are taken away only between blocks
		kgo.ConsumeStartOffset(kgo.NewOffset().AtCommitted()),
		kgo.ConsumeResetOffset(kgo.NewOffset().AtCommitted()),
		kgo.FetchMaxPartitionBytes(4<<20),
		kgo.OnOffsetsFetched(l.fetched),
		kgo.OnPartitionsRevoked(l.revoked),
		kgo.OnPartitionsLost(l.revoked),
	)
	if err != nil {
		return nil, err
	}
	l.cl = cl
	if err := l.layout(ctx, topics); err != nil {
		cl.CloseAllowingRebalance()
		return nil, err
	}
	return l, nil
}

// layout refuses a group that was never given its first offsets: its loader would not know where to begin.
func (l *LoadLog) layout(ctx context.Context, names []string) error {
	all, err := l.positions(ctx, names)
	if err != nil {
		return err
	}
	for _, p := range all {
		if p.Offset < 0 {
			return l.noOffset(p.Partition)
		}
	}
	return nil
}

// positions checks what this process may do, reads the topics' ids and returns where the group stands in each of their partitions, in order;
// load.NoPosition where it has no offset.
func (l *LoadLog) positions(ctx context.Context, names []string) (all []load.Position, err error) {
	if err := l.allowed(ctx, l.cl, l.toLoad(l.group, names)); err != nil {
		return nil, err
	}
	admin := kadm.NewClient(l.cl)
	topics, err := admin.ListTopics(ctx, names...)
	if err != nil {
		return nil, pipeline.Fail(pipeline.Lost, fmt.Errorf("list the topics: %w", err))
	}
	committed, err := admin.FetchOffsets(ctx, l.group)
	if err != nil {
		return nil, pipeline.Fail(pipeline.Lost, fmt.Errorf("read the offsets of group %s: %w", l.group, err))
	}
	for _, name := range names {
		t := topics[name]
		if t.Err != nil {
			return nil, pipeline.Fail(pipeline.Refused, fmt.Errorf("%w: topic %s: %w: run andon topics apply", ErrLayout, name, t.Err))
		}
		l.names[t.ID] = name
		for _, p := range t.Partitions.Numbers() {
			at := load.Position{Partition: load.Partition{Topic: name, Number: p}, Offset: load.NoPosition}
			if o, ok := committed.Lookup(name, p); ok && o.At >= 0 {
				at.Offset = o.At
			}
			all = append(all, at)
		}
	}
	return all, nil
}

func (l *LoadLog) noOffset(at load.Partition) error {
	return pipeline.Fail(pipeline.Refused, fmt.Errorf("%w of group %s for %s partition %d: run andon topics apply", pipeline.ErrNoOffsets, l.group, at.Topic, at.Number))
}

// Poll implements load.Log.
func (l *LoadLog) Poll(ctx context.Context, limit int) (load.Polled, error) {
	l.cl.AllowRebalance()
	if limit == 0 {
		<-ctx.Done()
		limit = 1 // with ctx ended the client fetches nothing, it only blocks rebalances again
	}
	fetches := l.cl.PollRecords(ctx, limit)
	l.mu.Lock()
	p := load.Polled{Lost: l.lost, Gained: l.gained, Stopped: map[load.Partition]error{}, Records: map[load.Partition][]pipeline.Record{}, Next: map[load.Partition]int64{}}
	err := l.failure
	l.lost, l.gained = nil, nil
	l.mu.Unlock()
	for _, at := range p.Lost {
		delete(l.next, at)
	}
	for _, position := range p.Gained {
		l.next[position.Partition] = position.Offset
	}
	fetches.EachPartition(func(f kgo.FetchTopicPartition) {
		if e := l.take(&p, f); err == nil {
			err = e
		}
	})
	return p, err
}

// take adds what one partition brought.
func (l *LoadLog) take(p *load.Polled, f kgo.FetchTopicPartition) error {
	if f.Topic == "" {
		return l.sessionError(f.Err)
	}
	at := load.Partition{Topic: f.Topic, Number: f.Partition}
	next := l.next[at]
	records, skipped, err := convert(f, &next, l.isSide(f.Topic))
	l.cl.SetOffsets(skipped)
	switch {
	case errors.Is(err, kerr.TopicAuthorizationFailed):
		return l.lacks(onTopic, f.Topic, read)
	case kerr.IsRetriable(err) && !errors.Is(err, kerr.UnknownTopicID): // leaders move, brokers learn late of new topics
		l.log.Warn("a partition cannot be read, trying again", "topic", f.Topic, "partition", f.Partition, "error", err)
	case err != nil:
		p.Stopped[at] = fmt.Errorf("read from offset %d: %w", next, err) // the client does not go on by itself
	}
	if next > l.next[at] {
		l.next[at] = next
		p.Records[at] = append(p.Records[at], records...)
		p.Next[at] = next
	}
	return nil
}

// sessionError classifies an error of the client as a whole; nil when it goes on by itself.
func (l *LoadLog) sessionError(err error) error {
	var session *kgo.ErrGroupSession
	switch {
	case errors.Is(err, context.DeadlineExceeded), errors.Is(err, context.Canceled):
		return nil
	case errors.Is(err, kerr.FencedInstanceID):
		return pipeline.Fail(pipeline.Refused, fmt.Errorf("%w %q: give each process a name of its own (setting instance)", ErrNameTaken, l.Instance))
	case errors.Is(err, kerr.GroupAuthorizationFailed):
		return l.lacks(onGroup, l.group, read)
	case errors.Is(err, kerr.TopicAuthorizationFailed):
		return l.lacks(onTopic, strings.Join(l.topics(), " or "), read)
	case errors.As(err, &session):
		if !l.Reach.lacks() {
			l.log.Warn("the group session ended, joining again", "group", l.group, "error", session.Err)
		}
		return nil
	}
	return pipeline.Fail(pipeline.Lost, fmt.Errorf("read as group %s: %w", l.group, err))
}

// Commit implements load.Log. The request carries the member and its generation: the broker refuses it once the partitions are another's.
func (l *LoadLog) Commit(ctx context.Context, positions []load.Position) error {
	ctx, cancel := context.WithTimeout(ctx, loadTime)
	defer cancel()
	offsets, metadata := map[string]map[int32]kgo.EpochOffset{}, map[load.Partition]string{}
	for _, p := range positions {
		if offsets[p.Topic] == nil {
			offsets[p.Topic] = map[int32]kgo.EpochOffset{}
		}
		offsets[p.Topic][p.Number] = kgo.EpochOffset{Epoch: -1, Offset: p.Offset}
		metadata[p.Partition] = p.Metadata
	}
	ctx = kgo.PreCommitFnContext(ctx, func(req *kmsg.OffsetCommitRequest) error {
		for i := range req.Topics {
			for j := range req.Topics[i].Partitions {
				p := &req.Topics[i].Partitions[j]
				m := metadata[load.Partition{Topic: req.Topics[i].Topic, Number: p.Partition}]
				p.Metadata = &m
			}
		}
		return nil
	})
	var failed error
	l.cl.CommitOffsetsSync(ctx, offsets, func(_ *kgo.Client, _ *kmsg.OffsetCommitRequest, resp *kmsg.OffsetCommitResponse, err error) {
		failed = commitError(len(positions), resp, err)
	})
	if errors.Is(failed, kerr.FencedInstanceID) || errors.Is(failed, kerr.GroupAuthorizationFailed) {
		return l.sessionError(failed)
	}
	if failed != nil {
		return fmt.Errorf("group %s: %w", l.group, failed)
	}
	return nil
}

// commitError is nil only if all positions are stored.
func commitError(positions int, resp *kmsg.OffsetCommitResponse, err error) error {
	if err != nil {
		return err
	}
	stored := 0
	for _, t := range resp.Topics {
		for _, p := range t.Partitions {
			if err := kerr.ErrorForCode(p.ErrorCode); err != nil {
				return fmt.Errorf("%s partition %d: %w", t.Topic, p.Partition, err)
			}
			stored++
		}
	}
	if stored != positions {
		return fmt.Errorf("%d of %d positions are answered", stored, positions)
	}
	return nil
}

// Ends implements load.Log.
func (l *LoadLog) Ends(ctx context.Context) (map[load.Partition]int64, error) {
	ctx, cancel := context.WithTimeout(ctx, 2*time.Second)
	defer cancel()
	topics := map[string][]int32{}
	for at := range l.next {
		topics[at.Topic] = append(topics[at.Topic], at.Number)
	}
	found, err := listOffsets(ctx, l.cl, topics, endOffset)
	if err != nil {
		return nil, err
	}
	ends := map[load.Partition]int64{}
	for at := range l.next {
		ends[at] = found[at.Topic][at.Number]
	}
	return ends, nil
}

// Leave hands the partitions over at once, for a planned stop. Without it the group waits for the session timeout, so that a process that
// crashed finds them again.
func (l *LoadLog) Leave(ctx context.Context) error {
	id, _ := l.cl.GroupMetadata()
	l.cl.AllowRebalance()
	return leave(ctx, l.cl, l.group, id, l.Instance)
}

// Close ends the client. What was committed stands.
func (l *LoadLog) Close() { l.cl.CloseAllowingRebalance() }

// fetched is called when partitions are ours and before any of their records comes: with their committed positions.
func (l *LoadLog) fetched(_ context.Context, _ *kgo.Client, resp *kmsg.OffsetFetchResponse) error {
	l.mu.Lock()
	defer l.mu.Unlock()
	for _, g := range resp.Groups {
		for _, t := range g.Topics {
			topic := t.Topic
			if topic == "" {
				topic = l.names[t.TopicID]
			}
			for _, p := range t.Partitions {
				if p.ErrorCode != 0 {
					continue // the client asks again, or reports it with the next poll
				}
				position := load.Position{Partition: load.Partition{Topic: topic, Number: p.Partition}, Offset: p.Offset}
				if p.Metadata != nil {
					position.Metadata = *p.Metadata
				}
				switch {
				case topic == "":
					l.failure = pipeline.Fail(pipeline.Refused, fmt.Errorf("%w: one of %s: start over under a new kafka.own_prefix",
						pipeline.ErrTopicID, strings.Join(l.topics(), ", ")))
				case p.Offset < 0:
					l.failure = l.noOffset(position.Partition)
				}
				l.gained = append(l.gained, position)
			}
		}
	}
	return nil
}

func (l *LoadLog) topics() (names []string) {
	for _, name := range l.names {
		names = append(names, name)
	}
	slices.Sort(names)
	return names
}

// revoked is called within Poll only.
func (l *LoadLog) revoked(_ context.Context, _ *kgo.Client, topics map[string][]int32) {
	l.mu.Lock()
	defer l.mu.Unlock()
	for topic, partitions := range topics {
		for _, p := range partitions {
			at := load.Partition{Topic: topic, Number: p}
			l.gained = slices.DeleteFunc(l.gained, func(g load.Position) bool { return g.Partition == at })
			l.lost = append(l.lost, at)
		}
	}
}
