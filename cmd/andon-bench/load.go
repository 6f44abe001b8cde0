package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"andon/pipeline/kafka"
	"andon/replay/baseline"
	tables "andon/schemas/clickhouse"

	"github.com/twmb/franz-go/pkg/kadm"
)

// loadCmd measures rows a second.
type loadCmd struct {
	Orders int    `default:"150000" help:"Orders of a simulated day."`
	Events int64  `default:"2000000" help:"Events that are detected and loaded."`
	Others int64  `default:"1000000" help:"Exceptions, verdicts, costs and decisions that are loaded, of each so many: what came of the events, repeated under other subjects."`
	Broker string `default:"kfake" enum:"kfake,Kafka" help:"kfake (a process of its own) or Kafka (4.3.1)."`
}

// Help is shown by --help.
func (loadCmd) Help() string {
	return `Simulated events are written and detected first, untimed, and what came of them is repeated under other subjects; what people decided is made up
of the exceptions. Then the real loaders bring the topics into ClickHouse: each table alone, then all at once, each time into new tables. ClickHouse,
broker and loader share the cores.`
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
	_, err := write(ctx, []broker{m.on}, c.Orders, m.Head.Seed, c.Events)
	if err != nil {
		return err
	}
	s := logSettings()
	if s.Reference, err = baseline.Simulated(); err != nil { // what is usual: without it the contested rules say nothing
		return err
	}
	d, err := detect(ctx, m.at, s, withRules(s))
	if err != nil {
		return err
	}
	stalled := d.wait(c.Events)
	if err := first(d.stop(), stalled, ctx.Err()); err != nil {
		return err
	}
	r, err := newTopicReader(m.at.Brokers)
	if err != nil {
		return err
	}
	defer r.close()
	m.records = map[string]int64{tables.Events: c.Events}
	for _, t := range []struct {
		table, from, to string
		as              copied
	}{
		{tables.Decisions, m.at.Exceptions(), m.at.Decisions(), decided},
		{tables.Exceptions, m.at.Exceptions(), m.at.Exceptions(), exceptionCopy},
		{tables.Verdicts, m.at.Verdicts(), m.at.Verdicts(), verdictCopy},
		{tables.Costs, m.at.Costs(), m.at.Costs(), costCopy},
	} {
		if m.records[t.table], err = r.repeat(ctx, t.from, t.to, c.Others, t.as); err != nil {
			return err
		}
	}
	return nil
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
		r.Values[x.name+"_rows"] = float64(x.rows.Load())
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
	for _, group := range kafka.LoadGroups {
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
