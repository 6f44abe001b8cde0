package main

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"sync"
	"sync/atomic"
	"time"

	"andon/cmd/andon/config"
	"andon/internal/embedded"
	"andon/pipeline"
	"andon/pipeline/clickhouse"
	"andon/pipeline/kafka"
	"andon/pipeline/load"
	tables "andon/schemas/clickhouse"
	"andon/schemas/event"

	ch "github.com/ClickHouse/clickhouse-go/v2"
	"github.com/ClickHouse/clickhouse-go/v2/lib/driver"
	"github.com/prometheus/client_golang/prometheus"
)

// store is ClickHouse in a process of its own and a connection to it.
type store struct {
	*embedded.ClickHouse
	conn driver.Conn
}

func startStore(ctx context.Context, dir string) (*store, error) {
	server, err := embedded.StartClickHouse(ctx, dir)
	if err != nil {
		return nil, err
	}
	conn, err := ch.Open(&ch.Options{Addr: []string{server.Addr()}, Auth: ch.Auth{Username: "default"}, ReadTimeout: 20 * time.Minute})
	if err != nil {
		return nil, errors.Join(fmt.Errorf("clickhouse client: %w", err), server.Stop())
	}
	return &store{server, conn}, nil
}

// close ends the connection and the server.
func (s *store) close() error { return errors.Join(s.conn.Close(), s.Stop()) }

// database makes the tables in a database of their own.
func (s *store) database(ctx context.Context, name string) (*clickhouse.DB, error) {
	db, err := clickhouse.New(ctx, s.conn, name)
	if err == nil {
		_, err = db.Migrate(ctx)
	}
	return db, err
}

// loading is the role load in this process: one loader for each of some tables.
type loading struct {
	loaders []*loader
	cancel  context.CancelFunc
	running sync.WaitGroup
}

// loader loads one table.
type loader struct {
	load.Table
	name  string
	from  *kafka.LoadLog
	seen  func(load.Partition, []pipeline.Record) // of each block, once its rows are there; may be nil
	rows  atomic.Int64
	done  atomic.Int64 // records that should be rows: rows and undecodable ones
	err   error        // why it ended; read after running
	ended atomic.Bool
}

// Insert implements load.Table.
func (l *loader) Insert(ctx context.Context, token string, from load.Partition, records []pipeline.Record) (load.Inserted, error) {
	in, err := l.Table.Insert(ctx, token, from, records)
	if err == nil {
		if l.seen != nil {
			l.seen(from, records)
		}
		l.rows.Add(int64(in.Rows))
		l.done.Add(int64(in.Rows + in.Undecodable))
	}
	return in, err
}

// measured are the tables that grow with what happens. Only model_health does not: a guard changes a few times a day.
var measured = []string{tables.Events, tables.Exceptions, tables.Verdicts, tables.Costs, tables.Decisions}

// loadInto starts the loaders of some tables (none named: all) from the topics of at into a database; each block's records are shown to seen.
func loadInto(ctx context.Context, at kafka.Config, db *clickhouse.DB, seen func(load.Partition, []pipeline.Record), names ...string) (*loading, error) {
	log := slog.New(slog.NewTextHandler(os.Stderr, &slog.HandlerOptions{Level: slog.LevelWarn}))
	families := map[string]event.Family{}
	var inputs []string
	for _, f := range event.Families {
		families[at.Input(f)] = f
		inputs = append(inputs, at.Input(f))
	}
	if len(names) == 0 {
		names = measured
	}
	l := &loading{}
	ctx, l.cancel = context.WithCancel(ctx)
	for _, name := range names {
		x := &loader{name: name, seen: seen}
		var group string
		var topics []string
		switch name {
		case tables.Events:
			group, topics, x.Table = kafka.LoadEvents, inputs, db.Events(families)
		case tables.Exceptions:
			group, topics, x.Table = kafka.LoadExceptions, []string{at.Exceptions()}, db.Exceptions(log)
		case tables.Verdicts:
			group, topics, x.Table = kafka.LoadVerdicts, []string{at.Verdicts()}, db.Verdicts(log)
		case tables.Costs:
			group, topics, x.Table = kafka.LoadCosts, []string{at.Costs()}, db.Costs(log)
		case tables.Decisions:
			group, topics, x.Table = kafka.LoadDecisions, []string{at.Decisions()}, db.Decisions(log)
		}
		from, err := kafka.JoinLoad(ctx, at, group, topics, log)
		if err != nil {
			return nil, errors.Join(err, l.stop())
		}
		x.from = from
		l.loaders = append(l.loaders, x)
		l.running.Go(func() { x.run(ctx, at.Group(group), log) })
	}
	return l, nil
}

func (l *loader) run(ctx context.Context, group string, log *slog.Logger) {
	as := config.Default().Load
	l.err = load.Run(ctx, load.Config{Table: l.name, Group: group, Linger: time.Duration(as.FlushMS) * time.Millisecond, BlockRows: as.RowsMax,
		Logger: log, Registerer: prometheus.NewRegistry()}, l.from, l)
	l.ended.Store(true)
}

// wait returns when each loader has at least as many records as given for its table, or one has ended; nothing loaded for long is an error.
func (l *loading) wait(records map[string]int64) error {
	var p progress
	for tick := time.NewTicker(time.Millisecond); ; <-tick.C {
		all, sum := true, int64(0)
		for _, x := range l.loaders {
			if x.ended.Load() {
				return nil // stop says why
			}
			sum += x.done.Load()
			all = all && x.done.Load() >= records[x.name]
		}
		if all {
			return nil
		}
		if p.stalled(sum) {
			return fmt.Errorf("no row was loaded for %s: %d rows of %v are there", stallLimit, sum, records)
		}
	}
}

// rows is how many rows are in.
func (l *loading) rows() (n int64) {
	for _, x := range l.loaders {
		n += x.rows.Load()
	}
	return n
}

// stop ends the loaders and hands their partitions over.
func (l *loading) stop() error {
	l.cancel()
	l.running.Wait()
	var errs []error
	for _, x := range l.loaders {
		errs = append(errs, first(x.err), first(x.from.Leave(context.Background())))
		x.from.Close()
	}
	return errors.Join(errs...)
}
