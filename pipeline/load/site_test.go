package load_test

import (
	"context"
	"fmt"
	"log/slog"
	"strings"
	"testing"
	"time"

	"andon/internal/enginetest"
	"andon/pipeline/clickhouse"
	"andon/pipeline/kafka"
	"andon/pipeline/load"
	"andon/schemas/cost"
	"andon/schemas/event"
	"andon/schemas/exception"

	client "github.com/ClickHouse/clickhouse-go/v2"
	"github.com/ClickHouse/clickhouse-go/v2/lib/driver"
	"github.com/prometheus/client_golang/prometheus"
	"github.com/twmb/franz-go/pkg/kgo"
)

func TestMain(m *testing.M) { enginetest.Main(m) }

const base event.Micros = 1_767_225_600_000_000 // 2026-01-01T00:00:00Z

// site is topics and tables of one test.
type site struct {
	kafka.Config
	t        *testing.T
	log      *slog.Logger
	conn     driver.Conn
	producer *kgo.Client
	database string
	events   int // sent and committed: what must become rows
	changes  int // and as many costs
	sent     int // records of the input topics so far
}

func newSite(t *testing.T) *site {
	prefix := enginetest.Prefix(t)
	s := &site{t: t, Config: kafka.Config{
		Brokers: []string{enginetest.Kafka(t).Addr()}, Instance: prefix + "one", InputPrefix: prefix + "in.", OwnPrefix: prefix + "own.", SessionTimeout: 6 * time.Second,
	}}
	s.log = slog.New(slog.NewTextHandler(t.Output(), nil))
	if _, err := kafka.Apply(t.Context(), s.Config, kafka.Layout{Partitions: 3, ReplicationFactor: 1}, s.log); err != nil {
		t.Fatal(err)
	}
	var err error
	if s.conn, err = client.Open(&client.Options{Addr: []string{enginetest.ClickHouse(t).Addr()}}); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { s.conn.Close() })
	s.producer, err = kgo.NewClient(kgo.SeedBrokers(s.Brokers...), kgo.RecordPartitioner(kgo.ManualPartitioner()), kgo.TransactionalID(s.OwnPrefix+"producer"))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(s.producer.Close)
	s.database = enginetest.Database(t, enginetest.ClickHouse(t))
	if _, err := s.db().Migrate(t.Context()); err != nil {
		t.Fatal(err)
	}
	return s
}

func (s *site) db() *clickhouse.DB {
	s.t.Helper()
	db, err := clickhouse.New(s.t.Context(), s.conn, s.database)
	if err != nil {
		s.t.Fatal(err)
	}
	return db
}

// produce writes n events, n revisions and n costs in transactions of 500, every tenth of which is aborted and written again. With them go ticks and
// records that are no events.
func (s *site) produce(n int) {
	s.t.Helper()
	cl := s.producer
	for from := 0; from < n; from += 500 {
		for _, commit := range []kgo.TransactionEndTry{kgo.TransactionEndTry(from%5000 != 0), kgo.TryCommit} {
			var records []*kgo.Record
			for i := range 500 {
				records = append(records, s.event(s.sent+i), s.change(s.sent+i), s.cost(s.sent+i))
			}
			gone := s.change(s.sent) // a lane forgets an exception, though the loader has still to read of it
			gone.Value = nil
			records = append(records, gone)
			tick := event.Event{Type: event.ClockTick, Time: base}
			records = append(records, &kgo.Record{Topic: s.Input(event.Carrier), Partition: 1, Value: event.Append(nil, &tick)},
				&kgo.Record{Topic: s.Input(event.ASN), Key: []byte("x"), Value: []byte(`{"event_id":`)})
			if err := cl.BeginTransaction(); err != nil {
				s.t.Fatal(err)
			}
			if err := cl.ProduceSync(s.t.Context(), records...).FirstErr(); err != nil {
				s.t.Fatal(err)
			}
			if err := cl.EndTransaction(s.t.Context(), commit); err != nil {
				s.t.Fatal(err)
			}
			if commit {
				break
			}
		}
		s.sent += 500
		s.events += 500
		s.changes += 500
	}
}

func (s *site) event(i int) *kgo.Record {
	family := event.Families[i%3]
	e := event.Event{ID: fmt.Sprintf("e-%d", i), Time: base + event.Micros(i%70)*event.Day}
	switch family {
	case event.ASN:
		e.Type, e.DespatchID = event.ASNDespatched, fmt.Sprintf("D-%d", i/9)
		e.Lines = []event.Line{{Line: "1", SKU: "a", QtyMilli: 1000}, {Line: "2", SKU: "b", QtyMilli: int64(i), UnitCostMinor: 5, Currency: "EUR"}}
	case event.Carrier:
		e.Type, e.Carrier, e.TrackingNo, e.Status = event.CarrierScan, "dhl", fmt.Sprint(i/9), event.InTransit
	default:
		e.Type, e.FulfilmentID, e.Line, e.QtyMilli = event.PickConfirmed, fmt.Sprintf("F-%d", i/9), "1", 1000
	}
	return &kgo.Record{Topic: s.Input(family), Partition: int32(i / 9 % 3), Key: []byte(e.Key(family)), Value: event.Append(nil, &e)}
}

// change is revision i%2+1 of exception i/2.
func (s *site) change(i int) *kgo.Record {
	x := exception.Exception{
		Revision: int32(i%2 + 1), Tenant: "default", Code: "CA-04", Subject: fmt.Sprintf("dhl/%d", i/2), Episode: "promise", State: exception.Open,
		Severity: exception.Major, DecidedBy: exception.DecidedByRule, OpenedAt: base, DetectedAt: base, Deadline: base + 1, ActBy: base, Unit: exception.Seconds,
		Reasons: []string{"late"}, Evidence: exception.Evidence{event.IDHash(fmt.Sprintf("e-%d", i))}, Rule: "CA-04/1",
	}
	if x.Revision == 2 {
		x.State, x.ClearedAt = exception.Cleared, base+1
	}
	x.ID = exception.NewID(x.Tenant, x.Code, x.Subject, x.Episode)
	return &kgo.Record{Topic: s.Exceptions(), Partition: int32(i / 2 % 3), Key: []byte(x.ID.String()), Value: exception.Append(nil, &x)}
}

// cost is record i%2+1 of cost i/2: the second corrects the first, or withdraws it.
func (s *site) cost(i int) *kgo.Record {
	amount := int64(i) * 1_000_000
	c := cost.Cost{
		Tenant: "default", Component: cost.PickLabour, Subject: fmt.Sprintf("F-%d", i/6), Part: fmt.Sprint(i / 2 % 3), IncurredAt: base + event.Micros(i%70)*event.Day,
		Basis: cost.Measured, QtyMilli: 1000, AmountMicro: &amount, Currency: "EUR", Rates: "r1", Withdrawn: i%10 == 9,
	}
	c.ID = cost.NewID(c.Tenant, c.Component, c.Subject, c.Part)
	return &kgo.Record{Topic: s.Costs(), Partition: int32(i / 6 % 3), Key: []byte(c.ID.String()), Value: cost.Append(nil, &c)}
}

// owed is what the costs that count add up to, in minor units.
func (s *site) owed() (sum int) {
	for i := 1; i < s.changes; i += 2 {
		if i%10 != 9 {
			sum += i
		}
	}
	return sum
}

// loader is one running loader.
type loader struct {
	t       *testing.T
	log     *kafka.LoadLog
	metrics *prometheus.Registry
	cancel  context.CancelFunc
	done    chan struct{}
	err     error
}

// sources are the group and the topics of a table's loader.
func (s *site) sources(table string) (group string, topics []string) {
	switch table {
	case "exceptions":
		return kafka.LoadExceptions, []string{s.Exceptions()}
	case "costs":
		return kafka.LoadCosts, []string{s.Costs()}
	}
	for _, f := range event.Families {
		topics = append(topics, s.Input(f))
	}
	return kafka.LoadEvents, topics
}

func (s *site) families() map[string]event.Family {
	of := map[string]event.Family{}
	for _, f := range event.Families {
		of[s.Input(f)] = f
	}
	return of
}

// start runs a loader of a table, with what wrap makes of its log and table.
func (s *site) start(c kafka.Config, table string, wrap func(context.CancelFunc, load.Log, load.Table) (load.Log, load.Table)) *loader {
	s.t.Helper()
	group, topics := s.sources(table)
	into := map[string]load.Table{"events": s.db().Events(s.families()), "exceptions": s.db().Exceptions(s.log), "costs": s.db().Costs(s.log)}[table]
	joined, err := kafka.JoinLoad(s.t.Context(), c, group, topics, s.log)
	if err != nil {
		s.t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(s.t.Context())
	l := &loader{t: s.t, log: joined, metrics: prometheus.NewRegistry(), cancel: cancel, done: make(chan struct{})}
	var log load.Log = joined
	if wrap != nil {
		log, into = wrap(cancel, log, into)
	}
	cfg := load.Config{Table: table, Group: c.Group(group), Linger: 20 * time.Millisecond, BlockRows: 400, Logger: s.log, Registerer: l.metrics}
	go func() {
		defer close(l.done)
		l.err = load.Run(ctx, cfg, log, into)
	}()
	s.t.Cleanup(func() { l.cancel(); <-l.done; l.log.Close() })
	return l
}

// end waits until the loader has ended by itself or by what wrap did, as a process that died.
func (l *loader) end() {
	l.t.Helper()
	<-l.done
	if l.err != nil {
		l.t.Fatal(l.err)
	}
	l.log.Close()
}

// stop ends the loader as planned.
func (l *loader) stop() {
	l.t.Helper()
	l.cancel()
	<-l.done
	if l.err != nil {
		l.t.Fatal(l.err)
	}
	if err := l.log.Leave(context.Background()); err != nil {
		l.t.Fatal(err)
	}
	l.log.Close()
}

// value is that of a gauge or a counter.
func (l *loader) value(name string) float64 {
	families, err := l.metrics.Gather()
	if err != nil {
		l.t.Fatal(err)
	}
	for _, f := range families {
		if f.GetName() == name {
			m := f.GetMetric()[0]
			return m.GetGauge().GetValue() + m.GetCounter().GetValue()
		}
	}
	l.t.Fatalf("no metric %s", name)
	return 0
}

// await waits until ok, or says how far the tables are.
func (s *site) await(what string, ok func() bool) {
	s.t.Helper()
	deadline := time.NewTimer(time.Minute)
	defer deadline.Stop()
	tick := time.NewTicker(50 * time.Millisecond)
	defer tick.Stop()
	for !ok() {
		select {
		case <-deadline.C:
			s.check()
			s.t.Fatalf("waited in vain for %s", what)
		case <-tick.C:
		}
	}
}

// count is the answer of a query for one number; -1 while the server is away.
func (s *site) count(query string) int {
	var n uint64
	if err := s.conn.QueryRow(s.t.Context(), strings.ReplaceAll(query, "DB", s.database)).Scan(&n); err != nil {
		return -1
	}
	return int(n)
}

// complete reports whether each table shows all that was sent.
func (s *site) complete() bool {
	return s.count("SELECT count() FROM DB.events_current") == s.events && s.count("SELECT count() FROM DB.exceptions FINAL") == s.changes &&
		s.count("SELECT count() FROM DB.costs FINAL") == s.changes
}

// check compares every table and view with what was sent.
func (s *site) check() {
	s.t.Helper()
	for query, want := range map[string]int{
		"SELECT count() FROM DB.events FINAL":                                                                                          s.events,
		"SELECT count() FROM DB.events_current":                                                                                        s.events,
		"SELECT uniqExact(event_id) FROM DB.events_current":                                                                            s.events,
		"SELECT sum(toUInt64(substring(event_id, 3))) FROM DB.events FINAL":                                                            s.events * (s.events - 1) / 2,
		"SELECT toUInt64(sum(lines.qty_milli)) FROM DB.events FINAL ARRAY JOIN lines WHERE line = ''":                                  s.quantities(),
		"SELECT count() FROM DB.exceptions FINAL":                                                                                      s.changes,
		"SELECT count() FROM DB.costs FINAL":                                                                                           s.changes,
		"SELECT toUInt64(sum(amount_micro)) DIV 1000000 FROM DB.costs_current":                                                         s.owed(),
		"SELECT count() FROM DB.exceptions_current":                                                                                    s.changes / 2,
		"SELECT countIf(revision = 2) FROM DB.exceptions_current WHERE state = 'cleared'":                                              s.changes / 2,
		"SELECT count() FROM DB.exceptions_current WHERE state = 'open'":                                                               0,
		"SELECT count() FROM (SELECT arrayJoin(evidence) AS e FROM DB.exceptions FINAL) WHERE e IN (SELECT event_hash FROM DB.events)": s.changes,
	} {
		if is := s.count(query); is != want {
			s.t.Errorf("%s: %d, want %d", query, is, want)
		}
	}
}

func (s *site) quantities() (sum int) {
	for i := 0; i < s.events; i += 3 {
		sum += 1000 + i
	}
	return sum
}
