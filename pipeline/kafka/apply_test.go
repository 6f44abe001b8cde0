package kafka

import (
	"context"
	"errors"
	"maps"
	"net"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/twmb/franz-go/pkg/kadm"
	"github.com/twmb/franz-go/pkg/kerr"
	"github.com/twmb/franz-go/pkg/kmsg"

	"andon/pipeline"
	"andon/schemas/event"
)

func TestApplyLaysOutOnce(t *testing.T) {
	s := real(t)
	if lines := s.apply(); !slices.Equal(lines, []string{"everything is in place, nothing changed"}) {
		t.Errorf("a second run: %q", lines)
	}
	for p := range int32(2) {
		for _, f := range event.Families {
			e := s.entries(pipeline.Lane{Family: f, Partition: p})
			if len(e) != 1 || e[0].Seq != 0 || e[0].InputID == "" || e[0].SideID == "" {
				t.Errorf("genesis of %s/%d: %+v", f, p, e)
			}
		}
	}
	for group, want := range map[string]int{Detect: 12, LoadExceptions: 2, LoadVerdicts: 2, LoadDecisions: 1, LoadHealth: 1, LoadEvents: 12} {
		offsets, err := s.admin.FetchOffsets(t.Context(), s.Group(group))
		if err != nil {
			t.Fatal(err)
		}
		n := 0
		offsets.Each(func(o kadm.OffsetResponse) {
			n++
			if meta := map[bool]string{true: "0"}[group == Detect]; o.At != 0 || o.Metadata != meta {
				t.Errorf("group %s stands at %+v", group, o)
			}
		})
		if n != want {
			t.Errorf("group %s has %d offsets, want %d", group, n, want)
		}
	}
	configs, err := configsOf(t.Context(), s.admin, s.Exceptions(), s.Verdicts(), s.Decisions(), s.Control())
	if err != nil {
		t.Fatal(err)
	}
	for topic, want := range map[string]map[string]string{
		s.Exceptions(): {"cleanup.policy": "compact", "min.compaction.lag.ms": "1209600000"},
		s.Verdicts():   {"cleanup.policy": "delete", "retention.ms": "2592000000"},
		s.Decisions():  {"cleanup.policy": "delete", "retention.ms": "-1", "retention.bytes": "-1"},
		s.Control():    {"cleanup.policy": "delete", "retention.ms": "-1", "retention.bytes": "-1"},
	} {
		for name, value := range want {
			if is := configs[topic][name]; is != value {
				t.Errorf("%s has %s=%s, want %s", topic, name, is, value)
			}
		}
	}
}

func TestApplyKeepsToTheOwnersPartitions(t *testing.T) {
	s := real(t)
	c := s.Config
	c.InputPrefix, c.OwnPrefix = c.InputPrefix+"wide.", c.OwnPrefix+"wide."
	if _, err := s.admin.CreateTopic(t.Context(), 5, 1, nil, c.Input(event.ASN)); err != nil {
		t.Fatal(err)
	}
	if _, err := Apply(t.Context(), c, Layout{Partitions: 2, ReplicationFactor: 1}, quiet(t)); err != nil {
		t.Fatal(err)
	}
	topics, err := s.admin.ListTopics(t.Context(), c.Side(event.ASN), c.Side(event.Carrier), c.Exceptions(), c.Verdicts(), c.Journal(), c.DeadLetter(), c.Decisions(), c.Control())
	if err != nil {
		t.Fatal(err)
	}
	for topic, want := range map[string]int{c.Side(event.ASN): 5, c.Side(event.Carrier): 2, c.Exceptions(): 5, c.Verdicts(): 5, c.Journal(): 5, c.DeadLetter(): 5, c.Decisions(): 1, c.Control(): 1} {
		if n := len(topics[topic].Partitions); n != want {
			t.Errorf("%s has %d partitions, want %d", topic, n, want)
		}
	}
}

func TestApplyRefuses(t *testing.T) {
	again := func(s *site) error {
		_, err := Apply(s.t.Context(), s.Config, Layout{Partitions: 2, ReplicationFactor: 1}, quiet(s.t))
		return err
	}
	s := real(t)
	if _, err := s.admin.CreatePartitions(t.Context(), 1, s.Input(event.ASN), s.Side(event.ASN)); err != nil {
		t.Fatal(err)
	}
	if _, err := s.admin.CreatePartitions(t.Context(), 1, s.outputs()...); err != nil {
		t.Fatal(err)
	}
	await(t, "more partitions", func() bool {
		topics, err := s.admin.ListTopics(t.Context(), append(s.outputs(), s.Input(event.ASN), s.Side(event.ASN))...)
		return err == nil && !slices.ContainsFunc(topics.Sorted(), func(d kadm.TopicDetail) bool { return len(d.Partitions) != 3 })
	})
	refused(t, again(s), ErrLayout, "asn/2")

	s = real(t)
	if _, err := s.admin.CreatePartitions(t.Context(), 1, s.Control()); err != nil {
		t.Fatal(err)
	}
	await(t, "a second partition", func() bool {
		topics, err := s.admin.ListTopics(t.Context(), s.Control())
		return err == nil && len(topics[s.Control()].Partitions) == 2
	})
	refused(t, again(s), ErrLayout, "it must have one")

	s = real(t)
	s.recreate(s.Input(event.Carrier))
	refused(t, again(s), pipeline.ErrTopicID, "own_prefix")

	s = real(t)
	compact := "compact"
	if _, err := s.admin.AlterTopicConfigs(t.Context(), []kadm.AlterConfig{{Op: kadm.SetConfig, Name: "cleanup.policy", Value: &compact}}, s.Input(event.ASN)); err != nil {
		t.Fatal(err)
	}
	refused(t, again(s), ErrLayout, "cleanup.policy=compact")
	refused(t, second(Join(t.Context(), s.Config, quiet(t))), ErrLayout, "cleanup.policy=compact")
}

// Retention that loses what lanes need is warned about, and what is long enough is not.
func TestApplyWarnsAboutRetention(t *testing.T) {
	for name, c := range map[string]struct {
		topic     string
		ms, bytes string
		history   bool
		says      string
	}{
		"nothing is deleted":    {"in.carrier", "-1", "-1", false, ""},
		"a week":                {"in.carrier", "604800000", "-1", false, ""},
		"a day":                 {"in.carrier", "86400000", "-1", false, "below 3 days"},
		"a day of side records": {"own.side.asn", "86400000", "-1", false, "below 3 days"},
		"some gigabytes":        {"in.asn", "-1", "4000000000", false, "retention.bytes=4000000000"},
		"a week of the journal": {"own.journal", "604800000", "-1", false, "set both to -1"},
		"a year of decisions":   {"own.decisions", "31536000000", "-1", false, "25 months"},
		"3 years of decisions":  {"own.decisions", "94608000000", "-1", false, ""},
		"3 years of control":    {"own.control", "94608000000", "-1", false, "set both to -1"},
		"a week of history":     {"in.carrier", "604800000", "-1", true, "deleted at once"},
	} {
		t.Run(name, func(t *testing.T) {
			a := &applied{Config: Config{InputPrefix: "in.", OwnPrefix: "own."}, Layout: Layout{History: c.history}, warned: map[string][]string{}}
			a.checkRetention(c.topic, c.ms, c.bytes)
			said := strings.Join(slices.Collect(maps.Keys(a.warned)), "\n")
			if c.says == "" && said != "" || !strings.Contains(said, c.says) {
				t.Errorf("it says %q", said)
			}
		})
	}
}

// recreate deletes a topic and makes it again.
func (s *site) recreate(topic string) {
	s.t.Helper()
	if _, err := s.admin.DeleteTopic(s.t.Context(), topic); err != nil && !errors.Is(err, kerr.UnknownTopicOrPartition) { // of a repeated request
		s.t.Fatal(err)
	}
	await(s.t, "the topic to be made again", func() bool {
		_, err := s.admin.CreateTopic(s.t.Context(), 2, 1, nil, topic)
		return err == nil
	})
}

// refused checks that err is refused for a reason, says what is wanted, and takes one line.
func refused(t *testing.T, err, want error, says string) {
	t.Helper()
	if !errors.Is(err, want) || pipeline.KindOf(err) != pipeline.Refused || !strings.Contains(err.Error(), says) || strings.Contains(err.Error(), "\n") {
		t.Errorf("%v (%s): %v", want, pipeline.KindOf(err), err)
	}
}

func TestApplyCommitsLostOffsetsFromTheJournal(t *testing.T) {
	s := real(t)
	n := s.start(s.Config, logClock)
	s.send(lane(0), manifest(1, start, start+event.Day))
	await(t, "the promise", func() bool { return s.folded(lane(0)) == 1 })
	n.stop()
	s.dropOffsets()
	if err := s.start(s.Config, logClock).wait(); !errors.Is(err, pipeline.ErrNoOffsets) {
		t.Fatal(err)
	}
	lines := s.apply()
	if len(lines) != 2 || lines[0] != "lane carrier/0 had no committed offsets: committed those of its last journal entry, 1" {
		t.Errorf("%q", lines)
	}
	n = s.start(s.Config, logClock)
	s.send(lane(0), tick(start+3*event.Day))
	await(t, "the tick", func() bool { return s.folded(lane(0)) == 2 })
	n.stop()
	if x := last(s.exceptions(0)); len(x) != 2 {
		t.Errorf("%d exceptions", len(x))
	}
}

// dropOffsets deletes the detection group with all its offsets.
func (s *site) dropOffsets() {
	s.t.Helper()
	await(s.t, "the empty group to be deleted", func() bool {
		_, err := s.admin.DeleteGroup(s.t.Context(), s.Group(Detect))
		return err == nil
	})
}

func TestKafkaAway(t *testing.T) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	addr := l.Addr().String()
	l.Close()
	c := Config{Brokers: []string{addr}, Instance: "one", InputPrefix: "in.", OwnPrefix: "own."}
	ctx, cancel := context.WithTimeout(t.Context(), time.Second) // else it tries for connectTime
	defer cancel()
	for _, err := range []error{
		second(Apply(ctx, c, Layout{Partitions: 1, ReplicationFactor: 1}, quiet(t))),
		second(Join(ctx, c, quiet(t))),
	} {
		if !errors.Is(err, ErrUnreachable) || !strings.Contains(err.Error(), addr+" (setting kafka.brokers)") || strings.Contains(err.Error(), "\n") {
			t.Error(err)
		}
	}
}

func second[A any](_ A, err error) error { return err }

func TestJoinRefuses(t *testing.T) {
	s, _ := fake(t)
	c := s.Config
	c.OwnPrefix += "nowhere."
	refused(t, second(Join(t.Context(), c, quiet(t))), ErrLayout, "run andon topics apply")

	two := kmsg.NewPtrUpdateFeaturesRequest()
	f := kmsg.NewUpdateFeaturesRequestFeatureUpdate()
	f.Feature, f.MaxVersionLevel, f.UpgradeType = "transaction.version", 1, 2
	two.FeatureUpdates = append(two.FeatureUpdates, f)
	if resp, err := two.RequestWith(t.Context(), s.cl); err != nil || resp.ErrorCode != 0 {
		t.Fatal(err, resp)
	}
	refused(t, second(Join(t.Context(), s.Config, quiet(t))), ErrTooOld, "kafka-features.sh")
}
