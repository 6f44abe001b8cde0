package kafka

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"os"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/twmb/franz-go/pkg/kadm"
	"github.com/twmb/franz-go/pkg/kfake"
	"github.com/twmb/franz-go/pkg/kgo"

	"andon/detectors"
	"andon/detectors/setting"
	"andon/internal/enginetest"
	"andon/pipeline"
	"andon/schemas/event"
	"andon/schemas/exception"
	"andon/schemas/journal"
)

func TestMain(m *testing.M) { enginetest.Main(m) }

const start event.Micros = 1_700_000_000_000_000

// site is one deployment on a broker: topics of its own, laid out, with two partitions each.
type site struct {
	Config
	t     *testing.T
	cl    *kgo.Client
	admin *kadm.Client
	redo  time.Duration
}

func real(t *testing.T) *site { return newSite(t, enginetest.Kafka(t).Addr()) }

// fake is a site on a broker inside the test, which can be told to misbehave.
func fake(t *testing.T) (*site, *kfake.Cluster) {
	c, err := kfake.NewCluster(kfake.NumBrokers(1), kfake.BrokerConfigs(map[string]string{"group.min.session.timeout.ms": "100"}))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(c.Close)
	return newSite(t, c.ListenAddrs()[0]), c
}

func newSite(t *testing.T, addr string) *site {
	prefix := enginetest.Prefix(t)
	s := &site{t: t, Config: Config{
		Brokers: []string{addr}, Instance: prefix + "one", InputPrefix: prefix + "in.", OwnPrefix: prefix + "own.", SessionTimeout: 3 * time.Second,
	}}
	var err error
	if s.cl, err = kgo.NewClient(kgo.SeedBrokers(addr), kgo.RecordPartitioner(kgo.ManualPartitioner())); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(s.cl.Close)
	s.admin = kadm.NewClient(s.cl)
	s.apply()
	return s
}

func quiet(t *testing.T) *slog.Logger {
	if testing.Verbose() {
		return slog.New(slog.NewTextHandler(os.Stderr, nil)).With("test", t.Name())
	}
	return slog.New(slog.DiscardHandler)
}

func (s *site) apply() []string {
	s.t.Helper()
	lines, err := Apply(s.t.Context(), s.Config, Layout{Partitions: 2, ReplicationFactor: 1}, quiet(s.t))
	if err != nil {
		s.t.Fatal(err)
	}
	return slices.DeleteFunc(lines, func(l string) bool { return strings.HasPrefix(l, "warning: ") })
}

// named is the same site seen by another process.
func (s *site) named(instance string) Config {
	c := s.Config
	c.Instance = c.OwnPrefix + instance
	return c
}

// send writes an event to the lane's input.
func (s *site) send(l pipeline.Lane, events ...event.Event) {
	s.t.Helper()
	var records []*kgo.Record
	for _, e := range events {
		records = append(records, &kgo.Record{Topic: s.Input(l.Family), Partition: l.Partition, Key: []byte(e.Key(l.Family)), Value: event.Append(nil, &e)})
	}
	if err := s.cl.ProduceSync(s.t.Context(), records...).FirstErr(); err != nil {
		s.t.Fatal(err)
	}
}

// node is one process of the site.
type node struct {
	t      *testing.T
	member *Member
	cancel context.CancelFunc
	done   chan struct{}
	err    error
	lanes  atomic.Int32 // it was given
}

// watched is a member whose lanes are counted.
type watched struct {
	*Member
	lanes *atomic.Int32
}

func (w watched) Poll(ctx context.Context, wait time.Duration, limit int) (pipeline.Polled, error) {
	p, err := w.Member.Poll(ctx, wait, limit)
	for _, c := range p.Changes {
		if c.Revoked {
			w.lanes.Store(0)
		} else {
			w.lanes.Store(int32(len(c.Lanes)))
		}
	}
	return p, err
}

func (s *site) start(c Config, settings setting.Settings) *node {
	s.t.Helper()
	m, err := Join(s.t.Context(), c, quiet(s.t))
	if err != nil {
		s.t.Fatal(err)
	}
	return s.run(m, c, settings)
}

// run runs a loop on a member.
func (s *site) run(m *Member, c Config, settings setting.Settings) *node {
	ctx, cancel := context.WithCancel(s.t.Context())
	n := &node{t: s.t, member: m, cancel: cancel, done: make(chan struct{})}
	loop := pipeline.NewLoop(s.config(c, settings, pipeline.NewMetrics(prometheus.NewRegistry())), watched{m, &n.lanes}, m, m)
	go func() {
		defer close(n.done)
		n.err = loop.Run(ctx)
	}()
	s.t.Cleanup(n.crash)
	return n
}

// config is the loop's.
func (s *site) config(c Config, settings setting.Settings, metrics *pipeline.Metrics) pipeline.Config {
	return pipeline.Config{
		Engine:  func(f event.Family) (pipeline.Engine, error) { return detectors.New(f, settings) },
		Topic:   func(l pipeline.Lane, side bool) string { return c.Topic(l.Family, side) },
		Logic:   detectors.Logic(),
		Wall:    settings.Clock == setting.Wall,
		Now:     time.Now,
		Log:     quiet(s.t),
		Metrics: metrics,
		Linger:  20 * time.Millisecond,
		Redo:    s.redo,
	}
}

// crash ends the process without a word to the group.
func (n *node) crash() {
	n.cancel()
	<-n.done
	n.member.Close()
}

// stop ends the process as planned.
func (n *node) stop() {
	n.t.Helper()
	n.cancel()
	<-n.done
	if n.err != nil {
		n.t.Fatal(n.err)
	}
	if err := n.member.Leave(n.t.Context()); err != nil {
		n.t.Fatal(err)
	}
	n.member.Close()
}

// await waits until a condition holds.
func await(t *testing.T, what string, ok func() bool) {
	t.Helper()
	deadline := time.NewTimer(30 * time.Second)
	defer deadline.Stop()
	tick := time.NewTicker(20 * time.Millisecond)
	defer tick.Stop()
	for !ok() {
		select {
		case <-deadline.C:
			t.Fatalf("waited in vain for %s", what)
		case <-tick.C:
		}
	}
}

// read returns the committed records of a topic's partition, waiting for open transactions.
func (s *site) read(topic string, partition int32) (out []pipeline.Record) {
	s.t.Helper()
	ends, err := listOffsets(s.t.Context(), s.cl, map[string][]int32{topic: {partition}}, endOffset)
	if err != nil {
		s.t.Fatal(err)
	}
	r := &reader{config: s.Config, log: quiet(s.t), topic: topic, partition: partition, end: ends[topic][partition]}
	defer r.close()
	for {
		record, err := r.one(s.t.Context())
		if errors.Is(err, io.EOF) {
			return out
		}
		if err != nil {
			s.t.Fatal(err)
		}
		out = append(out, record)
	}
}

// entries are a lane's journal.
func (s *site) entries(l pipeline.Lane) (out []journal.Entry) {
	s.t.Helper()
	for _, r := range s.read(s.Journal(), l.Partition) {
		var e journal.Entry
		if err := journal.Decode(r.Value, &e); err != nil {
			s.t.Fatal(err)
		}
		if e.Lane == l.String() {
			out = append(out, e)
		}
	}
	return out
}

// exceptions are the revisions of a partition; each (id, revision) must be there once.
func (s *site) exceptions(partition int32) (out []exception.Exception) {
	s.t.Helper()
	seen := map[string]bool{}
	for _, r := range s.read(s.Exceptions(), partition) {
		var x exception.Exception
		if err := exception.Decode(r.Value, &x); err != nil {
			s.t.Fatal(err)
		}
		if name := fmt.Sprint(x.ID, x.Revision); seen[name] || string(r.Key) != x.ID.String() {
			s.t.Fatalf("twice, or under a wrong key: %s", r.Value)
		} else {
			seen[name] = true
		}
		out = append(out, x)
	}
	return out
}

// folded is how many records of the lane are journaled.
func (s *site) folded(l pipeline.Lane) (n int64) {
	for _, e := range s.entries(l) {
		n += e.Counts.Read + e.Counts.Ticks
	}
	return n
}

func tick(at event.Micros) event.Event { return event.Event{Type: event.ClockTick, Time: at} }

func manifest(n int, at, promise event.Micros) event.Event {
	return event.Event{ID: fmt.Sprintf("m%d", n), Type: event.ShipmentManifested, Time: at, Carrier: "c", TrackingNo: fmt.Sprint(n), PromiseDeliverBy: promise}
}

func delivered(n int, at event.Micros) event.Event {
	return event.Event{ID: fmt.Sprintf("d%d", n), Type: event.CarrierScan, Time: at, Carrier: "c", TrackingNo: fmt.Sprint(n), Status: event.Delivered}
}

func lane(p int32) pipeline.Lane { return pipeline.Lane{Family: event.Carrier, Partition: p} }

var logClock = setting.Settings{Clock: setting.Log}
