package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"andon/pipeline/kafka"
	tables "andon/schemas/clickhouse"
	"andon/schemas/cost"
	"andon/schemas/exception"

	"github.com/twmb/franz-go/pkg/kadm"
)

// loadCmd measures rows a second.
type loadCmd struct {
	Orders int    `default:"150000" help:"Orders of a simulated day."`
	Events int64  `default:"2000000" help:"Events that are detected and loaded."`
	Others int64  `default:"1000000" help:"Exceptions, and costs, that are loaded: what came of the events, repeated under other subjects up to this number."`
	Broker string `default:"kfake" enum:"kfake,Kafka" help:"kfake (a process of its own) or Kafka (4.3.1)."`
}

// Help is shown by --help.
func (loadCmd) Help() string {
	return `Simulated events are written and detected first, untimed, and what came of them is repeated under other subjects. Then the real loaders bring the topics into ClickHouse: each table alone, then all
at once, each time into new tables. ClickHouse, broker and loader share the cores.`
}

// Run measures each table and all.
func (c loadCmd) Run(ctx context.Context, b *bench) (err error) {
	dir, err := os.MkdirTemp("", "andon-bench-")
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, os.RemoveAll(dir)) }()
	on, err := startBroker(ctx, c.Broker, dir)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, on.stop()) }()
	s, err := startStore(ctx, filepath.Join(dir, "clickhouse"))
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, s.close()) }()
	m := &loadRun{bench: b, on: on, store: s, at: topics(on.addr, "load.")}
	if err := m.prepare(ctx, c); err != nil {
		return err
	}
	for _, table := range measured {
		if m.records[table] == 0 {
			say("no records for table %s: not measured", table)
			continue
		}
		if err := m.measure(ctx, table, table); err != nil {
			return fmt.Errorf("%s: %w", table, err)
		}
	}
	return m.measure(ctx, "all together", measured...)
}

// loadRun is one run of the measurement.
type loadRun struct {
	*bench
	on      broker
	store   *store
	at      kafka.Config
	records map[string]int64 // table -> records of its topics that become rows
	runs    int
}

// prepare fills the topics.
func (m *loadRun) prepare(ctx context.Context, c loadCmd) error {
	say("writing and detecting %d events", c.Events)
	if _, err := write(ctx, []broker{m.on}, c.Orders, m.Head.Seed, c.Events); err != nil {
		return err
	}
	d, err := detect(ctx, m.at, logSettings(), withRules(logSettings()))
	if err != nil {
		return err
	}
	stalled := d.wait(c.Events)
	if err := first(d.stop(), stalled, ctx.Err()); err != nil {
		return err
	}
	m.records = map[string]int64{tables.Events: c.Events, tables.Exceptions: d.exceptions.Load(), tables.Costs: d.costs.Load()}
	r, err := newTopicReader(m.at.Brokers)
	if err != nil {
		return err
	}
	defer r.close()
	for _, t := range []struct {
		table, topic string
		as           func(value []byte, copy int) (key, copied []byte, err error)
	}{{tables.Exceptions, m.at.Exceptions(), exceptionCopy}, {tables.Costs, m.at.Costs(), costCopy}} {
		if n := m.records[t.table]; n > 0 {
			if m.records[t.table], err = r.repeat(ctx, t.topic, n, c.Others, t.as); err != nil {
				return err
			}
		}
	}
	return nil
}

// exceptionCopy is a revision of an exception as that of another subject.
func exceptionCopy(value []byte, copy int) ([]byte, []byte, error) {
	var x exception.Exception
	if err := exception.Decode(value, &x); err != nil {
		return nil, nil, err
	}
	x.Subject = fmt.Sprintf("%s-%d", x.Subject, copy)
	x.ID = exception.NewID(x.Tenant, x.Code, x.Subject, x.Episode)
	return []byte(x.ID.String()), exception.Append(nil, &x), nil
}

// costCopy is a cost as that of another subject.
func costCopy(value []byte, copy int) ([]byte, []byte, error) {
	var x cost.Cost
	if err := cost.Decode(value, &x); err != nil {
		return nil, nil, err
	}
	x.Subject = fmt.Sprintf("%s-%d", x.Subject, copy)
	x.ID = cost.NewID(x.Tenant, x.Component, x.Subject, x.Part)
	return []byte(x.ID.String()), cost.Append(nil, &x), nil
}

// measure loads some tables from the beginning of their topics.
func (m *loadRun) measure(ctx context.Context, name string, names ...string) error {
	if err := m.rewind(ctx); err != nil {
		return err
	}
	m.runs++
	database := fmt.Sprintf("load%d", m.runs)
	db, err := m.store.database(ctx, database)
	if err != nil {
		return err
	}
	r := m.Begin("load", name)
	before, err := used(m.on.pid, m.store.PID())
	if err != nil {
		return err
	}
	l, err := loadInto(ctx, m.at, db, nil, names...)
	if err != nil {
		return err
	}
	stalled := l.wait(m.records)
	after, err := used(m.on.pid, m.store.PID())
	if err = first(l.stop(), stalled, err, ctx.Err()); err != nil {
		return err
	}
	rows := float64(l.rows())
	r.Values["rows"], r.Values["rows_per_s"] = rows, rows/after.at.Sub(before.at).Seconds()
	after.since(before, rows, r.Values)
	for _, x := range l.loaders {
		r.Values[x.table+"_rows"] = float64(x.rows.Load())
	}
	if r.Values["row_disk_bytes"], err = m.diskBytes(ctx, database, names); err != nil {
		return err
	}
	return m.record(r)
}

// rewind puts the loaders' groups back to the beginning of their topics, as an operator would.
func (m *loadRun) rewind(ctx context.Context) error {
	r, err := newTopicReader(m.at.Brokers)
	if err != nil {
		return err
	}
	defer r.close()
	for _, group := range []string{kafka.LoadEvents, kafka.LoadExceptions, kafka.LoadCosts} {
		at, err := r.admin.FetchOffsets(ctx, m.at.Group(group))
		if err != nil {
			return fmt.Errorf("offsets of %s: %w", group, err)
		}
		var starts kadm.Offsets
		at.Each(func(o kadm.OffsetResponse) {
			starts.Add(kadm.Offset{Topic: o.Topic, Partition: o.Partition, At: 0, LeaderEpoch: -1})
		})
		if err := r.admin.CommitAllOffsets(ctx, m.at.Group(group), starts); err != nil {
			return fmt.Errorf("rewind %s: %w", group, err)
		}
	}
	return nil
}

// diskBytes is what a row of the tables takes on disk.
func (m *loadRun) diskBytes(ctx context.Context, database string, names []string) (float64, error) {
	var bytes, rows uint64
	query := fmt.Sprintf("SELECT sum(bytes_on_disk), sum(rows) FROM system.parts WHERE active AND database = '%s' AND table IN ('%s')", database, strings.Join(names, "', '"))
	if err := m.store.conn.QueryRow(ctx, query).Scan(&bytes, &rows); err != nil {
		return 0, fmt.Errorf("size of the tables: %w", err)
	}
	return float64(bytes) / float64(max(rows, 1)), nil
}
