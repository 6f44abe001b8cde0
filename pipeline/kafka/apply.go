package kafka

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"maps"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/twmb/franz-go/pkg/kadm"
	"github.com/twmb/franz-go/pkg/kerr"
	"github.com/twmb/franz-go/pkg/kgo"

	"andon/pipeline"
	"andon/schemas/event"
)

// Layout is how Apply creates what is missing.
type Layout struct {
	Partitions        int // of each input topic; frozen from then on
	ReplicationFactor int
	History           bool // the inputs hold history: a record was known when its writer says, not when it is written down
}

// stamp is who says when a record was known.
func (l Layout) stamp() string {
	if l.History {
		return "CreateTime"
	}
	return brokerTime
}

// brokerTime stamps records as they are appended: within a partition, times follow offsets.
const brokerTime = "LogAppendTime"

// minCompactionLag is how long every revision of an exception stays readable: 14 days, in milliseconds.
const minCompactionLag = 14 * 24 * 3600 * 1000

// factRetention is how long a cost or a verdict waits to be loaded: 30 days, in milliseconds. No lane reads it again.
const factRetention = 30 * 24 * 3600 * 1000

// decisionRetention is for how long decisions must be kept, the source of labels: 25 months of 31 days, in milliseconds.
const decisionRetention = 25 * 31 * 24 * 3600 * 1000

// minRetention is for how long inputs must be kept: 3 days, in milliseconds. A lane is snapshotted each hour, so this bounds how long it may stand
// still, and leaves older snapshots of use.
const minRetention = 3 * 24 * 3600 * 1000

// snapshotSegment is how much of a partition's snapshots is never compacted, bytes.
const snapshotSegment = 128 << 20

// applied is one run of Apply.
type applied struct {
	Config
	Layout
	cl      *kgo.Client
	admin   *kadm.Client
	log     *slog.Logger
	topics  kadm.TopicDetails
	lines   []string
	changed bool
	warned  map[string][]string // what is to be warned about -> topics
}

// Apply creates the topics that are missing, and gives each lane its genesis entry and each group its first offsets. It says what it did, a
// line each, and warnings about settings that endanger the promises. What is right already it leaves alone, so it may run again at any time;
// what it may not mend it refuses, having changed nothing in the journal and the groups.
func Apply(ctx context.Context, c Config, l Layout, log *slog.Logger) ([]string, error) {
	cl, err := connect(ctx, c, log, kgo.TransactionalID(c.Group("apply")), kgo.TransactionTimeout(transactionTime))
	if err != nil {
		return nil, err
	}
	defer cl.Close()
	a := &applied{Config: c, Layout: l, cl: cl, admin: kadm.NewClient(cl), log: log, warned: map[string][]string{}}
	allowed := func(ctx context.Context) error { return c.allowed(ctx, cl, c.toApply()) }
	for _, step := range []func(context.Context) error{
		func(ctx context.Context) error { return checkTransactions(ctx, cl) },
		allowed, a.create, allowed, a.checkTopics, a.checkConfigs, a.begin,
	} {
		if err := step(ctx); err != nil {
			return a.lines, err
		}
	}
	for _, what := range slices.Sorted(maps.Keys(a.warned)) {
		a.lines = append(a.lines, "warning: "+strings.Join(a.warned[what], ", ")+" "+what)
	}
	if !a.changed {
		a.say("everything is in place, nothing changed")
	}
	return a.lines, nil
}

func (a *applied) say(format string, args ...any) {
	a.lines, a.changed = append(a.lines, fmt.Sprintf(format, args...)), true
}

// warn keeps a warning about a topic; the same about many makes one line.
func (a *applied) warn(topic, format string, args ...any) {
	what := fmt.Sprintf(format, args...)
	a.warned[what] = append(a.warned[what], topic)
}

// create makes the missing topics. Dying here leaves some made: the next run makes the rest.
func (a *applied) create(ctx context.Context) error {
	if err := a.list(ctx); err != nil {
		return err
	}
	for _, f := range event.Families {
		if err := a.createOne(ctx, a.Input(f), a.Partitions, keptLog(a.stamp())); err != nil {
			return err
		}
	}
	if err := a.list(ctx, a.laneTopics()[:len(event.Families)]...); err != nil { // how many partitions the inputs have
		return err
	}
	widest := 0
	for _, f := range event.Families {
		n := len(a.topics[a.Input(f)].Partitions)
		widest = max(widest, n)
		if err := a.createOne(ctx, a.Side(f), n, keptLog(a.stamp())); err != nil {
			return err
		}
	}
	facts := func() map[string]string {
		return map[string]string{"cleanup.policy": "delete", "retention.ms": strconv.Itoa(factRetention), "retention.bytes": "-1", "message.timestamp.type": brokerTime}
	}
	for topic, config := range map[string]map[string]string{
		a.Exceptions(): {"cleanup.policy": "compact", "min.compaction.lag.ms": strconv.Itoa(minCompactionLag), "message.timestamp.type": brokerTime},
		a.Verdicts():   facts(),
		a.Costs():      facts(),
		a.Snapshots():  {"cleanup.policy": "compact", "segment.bytes": strconv.Itoa(snapshotSegment), "message.timestamp.type": brokerTime},
		a.Journal():    keptLog(brokerTime),
		a.DeadLetter(): keptLog(brokerTime),
	} {
		if err := a.createOne(ctx, topic, widest, config); err != nil {
			return err
		}
	}
	for _, topic := range a.orders() {
		if err := a.createOne(ctx, topic, 1, keptLog(brokerTime)); err != nil {
			return err
		}
	}
	return a.list(ctx, a.allTopics()...)
}

// keptLog configures a log that nothing is deleted from until its owner says otherwise.
func keptLog(stamp string) map[string]string {
	return map[string]string{"cleanup.policy": "delete", "retention.ms": "-1", "retention.bytes": "-1", "message.timestamp.type": stamp}
}

// list reads the topics; those in made must be there, though brokers may learn of them late.
func (a *applied) list(ctx context.Context, made ...string) error {
	return patiently(ctx, func() (err error) {
		a.topics, err = a.admin.ListTopics(ctx, a.allTopics()...)
		if err != nil {
			return fmt.Errorf("list the topics: %w", err)
		}
		for _, topic := range made {
			if !a.ready(topic) {
				return fmt.Errorf("new topic %s: %w", topic, kerr.LeaderNotAvailable)
			}
		}
		return nil
	})
}

// patiently tries again, for stallTime, what a broker says will work later.
func patiently(ctx context.Context, try func() error) error {
	give := time.NewTimer(stallTime)
	defer give.Stop()
	again := time.NewTicker(20 * time.Millisecond)
	defer again.Stop()
	for {
		err := try()
		if !kerr.IsRetriable(err) {
			return err
		}
		select {
		case <-ctx.Done():
			return err
		case <-give.C:
			return err
		case <-again.C:
		}
	}
}

// ready says whether a topic is there with a leader for each partition.
func (a *applied) ready(topic string) bool {
	t := a.topics[topic]
	for _, p := range t.Partitions {
		if p.Err != nil || p.Leader < 0 {
			return false
		}
	}
	return t.Err == nil && len(t.Partitions) > 0
}

func (a *applied) createOne(ctx context.Context, topic string, partitions int, config map[string]string) error {
	if t, known := a.topics[topic]; known && t.Err == nil {
		return nil
	}
	config["unclean.leader.election.enable"] = "false"
	if a.ReplicationFactor >= 3 {
		config["min.insync.replicas"] = "2"
	}
	values := map[string]*string{}
	for k, v := range config {
		values[k] = &v
	}
	r, err := a.admin.CreateTopic(ctx, int32(partitions), int16(a.ReplicationFactor), values, topic)
	if errors.Is(err, kerr.TopicAlreadyExists) {
		return nil // the broker that listed the topics did not know it yet
	}
	if denied(err) {
		return a.lacks(onTopic, topic, create)
	}
	if err != nil {
		return fmt.Errorf("create topic %s (settings kafka.partitions %d, kafka.replication_factor %d): %w %s", topic, partitions, a.ReplicationFactor, err, r.ErrMessage)
	}
	a.say("created topic %s with %d partitions", topic, partitions)
	return nil
}

// checkTopics refuses topics whose partitions do not fit together.
func (a *applied) checkTopics(context.Context) error {
	widest := 0
	for _, f := range event.Families {
		n, side := len(a.topics[a.Input(f)].Partitions), len(a.topics[a.Side(f)].Partitions)
		widest = max(widest, n)
		if n != side {
			return a.refuse("%s has %d partitions, %s has %d: counts are frozen; start over under a new kafka.own_prefix", a.Input(f), n, a.Side(f), side)
		}
	}
	for _, topic := range a.outputs() {
		if n := len(a.topics[topic].Partitions); n < widest {
			return a.refuse("%s has %d partitions, the widest input %d: counts are frozen; start over under a new kafka.own_prefix", topic, n, widest)
		}
	}
	for _, topic := range a.orders() {
		if n := len(a.topics[topic].Partitions); n != 1 {
			return a.refuse("%s has %d partitions, it must have one: what is in it stands in one order; start over under a new kafka.own_prefix", topic, n)
		}
	}
	return nil
}

func (a *applied) refuse(format string, args ...any) error {
	return pipeline.Fail(pipeline.Refused, fmt.Errorf("%w: %s", ErrLayout, fmt.Sprintf(format, args...)))
}

// checkConfigs refuses what breaks a lane and warns about what endangers it.
func (a *applied) checkConfigs(ctx context.Context) error {
	all := a.allTopics()
	configs, err := configsOf(ctx, a.admin, all...)
	if err == nil {
		err = checkCompaction(a.Config, configs)
	}
	if err != nil {
		return err
	}
	for _, topic := range all {
		a.checkConfig(topic, configs[topic])
	}
	return nil
}

func (a *applied) checkConfig(topic string, config map[string]string) {
	switch {
	case topic == a.Exceptions():
		if config["cleanup.policy"] != "compact" {
			a.warn(topic, "has cleanup.policy=%s: old exceptions will be deleted; set it to compact", config["cleanup.policy"])
		}
		if lag, err := strconv.Atoi(config["min.compaction.lag.ms"]); err == nil && lag < minCompactionLag {
			a.warn(topic, "has min.compaction.lag.ms=%d, below 14 days: a loader that is away longer misses revisions, and andon verify misses what was compacted sooner", lag)
		}
	case topic == a.DeadLetter():
	case topic == a.Snapshots():
		if config["cleanup.policy"] != "compact" {
			a.warn(topic, "has cleanup.policy=%s: it keeps every snapshot there ever was, or deletes the newest; set it to compact", config["cleanup.policy"])
		}
	case topic == a.Costs() || topic == a.Verdicts():
		if ms, err := strconv.Atoi(config["retention.ms"]); err == nil && ms >= 0 && ms < minCompactionLag {
			a.warn(topic, "has retention.ms=%d, below 14 days: a loader that is away longer misses records", ms)
		}
	default:
		a.checkRetention(topic, config["retention.ms"], config["retention.bytes"])
		switch stamp := config["message.timestamp.type"]; {
		case topic == a.Journal() || slices.Contains(a.orders(), topic) || stamp == a.stamp():
		case a.History:
			a.warn(topic, "has message.timestamp.type=%s: all of the history will seem to have become known today (IN-01, IN-03); set CreateTime", stamp)
		default:
			a.warn(topic, "has message.timestamp.type=%s: with the wall clock, a producer whose clock is fast moves time; set LogAppendTime", stamp)
		}
	}
	replicas := a.topics[topic].Partitions.NumReplicas()
	if replicas < 3 {
		a.warn(topic, "has replication factor %d: nothing survives the loss of that many brokers; 3 is advised", replicas)
	} else if config["min.insync.replicas"] == "1" {
		a.warn(topic, "has min.insync.replicas=1: a record may be acknowledged by one broker alone; 2 is advised")
	}
	if config["unclean.leader.election.enable"] == "true" {
		a.warn(topic, "has unclean.leader.election.enable=true: acknowledged records can be lost; set it to false")
	}
}

// checkRetention warns about a log that loses what lanes need.
func (a *applied) checkRetention(topic, kept, size string) {
	ms, _ := strconv.ParseInt(kept, 10, 64)
	switch {
	case kept == "-1" && size == "-1":
	case topic == a.Decisions() && size == "-1" && ms >= decisionRetention:
	case topic == a.Decisions():
		a.warn(topic, "has retention.ms=%s and retention.bytes=%s: labels are lost before their 25 months are over; it is small, set both to -1", kept, size)
	case topic == a.Control():
		a.warn(topic, "has retention.ms=%s and retention.bytes=%s: what lanes work by is lost with its records; it is small, set both to -1", kept, size)
	case topic == a.Journal():
		a.warn(topic, "has retention.ms=%s and retention.bytes=%s: what is deleted can be neither verified nor restored; it is small, set both to -1", kept, size)
	case a.History:
		a.warn(topic, "has retention.ms=%s and retention.bytes=%s: history is old when it is written, and deleted at once; set both to -1", kept, size)
	case size != "-1":
		a.warn(topic, "has retention.bytes=%s: how many days that is depends on the traffic, and a lane that misses records cannot start again; set it to -1 and retention.ms to 7 days or more", size)
	case ms >= 0 && ms < minRetention:
		a.warn(topic, "has retention.ms=%s, below 3 days: a lane that stands still for longer, or whose snapshots are of no use, cannot start again; set it to 7 days (604800000) or more", kept)
	}
}
