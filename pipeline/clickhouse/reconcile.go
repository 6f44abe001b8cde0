package clickhouse

import (
	"context"
	"fmt"
	"log/slog"
	"strings"
	"time"

	"andon/pipeline"
	"andon/pipeline/load"
	tables "andon/schemas/clickhouse"
	"andon/schemas/event"

	"github.com/ClickHouse/clickhouse-go/v2"
	"github.com/cespare/xxhash/v2"
)

// ledger compares one table with its log: load.Ledger. The hash of a row is xxHash64 of the texts of all columns that Insert writes, so it proves
// that the row says what this build makes of the record, and where the record lay; only load_time, and what the server works out, are left out.
type ledger[R any] struct {
	load.Table
	db      *DB
	name    string
	fields  []field[R]
	reading func(load.Partition) (*R, func(pipeline.Record, *load.Inserted) bool)
}

// Ledgers are the tables the loader fills, by name, as they are compared with the log. families is that of Events.
func (db *DB) Ledgers(families map[string]event.Family) map[string]load.Ledger {
	e, x, c := events{db, families}, exceptions{db, quiet}, costs{db, quiet}
	v, d, h := verdicts{db, quiet}, decisions{db, quiet}, health{db, quiet}
	return map[string]load.Ledger{
		tables.Events:     ledger[eventRow]{e, db, tables.Events, eventFields, e.reading},
		tables.Exceptions: ledger[exceptionRow]{x, db, tables.Exceptions, exceptionFields, x.reading},
		tables.Costs:      ledger[costRow]{c, db, tables.Costs, costFields, c.reading},
		tables.Verdicts:   ledger[verdictRow]{v, db, tables.Verdicts, verdictFields, v.reading},
		tables.Decisions:  ledger[decisionRow]{d, db, tables.Decisions, decisionFields, d.reading},
		tables.Health:     ledger[healthRow]{h, db, tables.Health, healthFields, h.reading},
	}
}

// quiet is for what the loader has told already.
var quiet = slog.New(slog.DiscardHandler)

// Expect implements load.Ledger.
func (l ledger[R]) Expect(from load.Partition, records []pipeline.Record) (rows []load.Row) {
	row, read := l.reading(from)
	var skipped load.Inserted
	var text []byte
	for _, record := range records {
		if !read(record, &skipped) {
			continue
		}
		text = text[:0]
		for i := range l.fields {
			text = l.fields[i].text(text, row)
		}
		rows = append(rows, load.Row{Offset: record.Offset, Hash: xxhash.Sum64(text), Copies: 1})
	}
	return rows
}

// Sums implements load.Ledger.
func (l ledger[R]) Sums(ctx context.Context, at load.Partition, from, to, size int64) (map[int64]load.Sum, error) {
	sums := map[int64]load.Sum{}
	query := fmt.Sprintf("SELECT intDiv(`offset`, %d) AS n, toInt64(count()), sum(%s) FROM %s.%s WHERE %s GROUP BY n", size, l.hash(), l.db.name, l.name, ofRange)
	err := l.db.each(inRange(ctx, at, from, to), query, func(scan func(...any) error) error {
		var n, rows int64
		var hash uint64
		err := scan(&n, &rows, &hash)
		sums[n] = load.Sum{Rows: int(rows), Hash: hash}
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("clickhouse: add up %s: %w", l.name, err)
	}
	return sums, nil
}

// Rows implements load.Ledger. Of rows with one key the table shows the one that came in last.
func (l ledger[R]) Rows(ctx context.Context, at load.Partition, from, to int64) (list []load.Row, err error) {
	var key string
	const keys = "SELECT concat(sorting_key, if(partition_key = '', '', ', '), partition_key) FROM system.tables WHERE database = {database:String} AND name = {table:String}"
	named := clickhouse.Context(ctx, clickhouse.WithParameters(clickhouse.Parameters{"database": l.db.name, "table": l.name}))
	if err := l.db.conn.QueryRow(named, keys).Scan(&key); err != nil {
		return nil, fmt.Errorf("clickhouse: key of %s: %w", l.name, err)
	}
	query := fmt.Sprintf("SELECT any(`offset`) AS at, argMax(%s, load_time), toInt64(count()) FROM %s.%s WHERE %s GROUP BY tuple(%s) ORDER BY at",
		l.hash(), l.db.name, l.name, ofRange, key)
	err = l.db.each(inRange(ctx, at, from, to), query, func(scan func(...any) error) error {
		var row load.Row
		var copies int64
		err := scan(&row.Offset, &row.Hash, &copies)
		row.Copies = int(copies)
		list = append(list, row)
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("clickhouse: read rows of %s: %w", l.name, err)
	}
	return list, nil
}

// hash is the expression of a row's hash.
func (l ledger[R]) hash() string {
	texts := make([]string, len(l.fields))
	for i, f := range l.fields {
		texts[i] = f.sql
	}
	return "xxHash64(concat(" + strings.Join(texts, ", ") + "))"
}

// KeptSince is the instant of the oldest record that must have a row in the table, at a day's safety: what is older expires. An event is kept from
// its load on, so a table that is younger than that time has all; 0 says so.
func (db *DB) KeptSince(ctx context.Context, table string) (event.Micros, error) {
	since := time.Now().AddDate(0, -tables.KeptMonths[table], 1)
	if table != tables.Events {
		return event.At(since), nil
	}
	var made time.Time
	if err := db.conn.QueryRow(ctx, fmt.Sprintf("SELECT min(applied_at) FROM %s.%s", db.name, migrationsTable)).Scan(&made); err != nil {
		return 0, fmt.Errorf("clickhouse: age of %s: %w", table, err)
	}
	if made.After(since) {
		return 0, nil
	}
	return event.At(since), nil
}

const ofRange = "topic = {topic:String} AND partition = {partition:Int32} AND `offset` >= {from:Int64} AND `offset` < {to:Int64}"

func inRange(ctx context.Context, at load.Partition, from, to int64) context.Context {
	return clickhouse.Context(ctx, clickhouse.WithParameters(clickhouse.Parameters{
		"topic": at.Topic, "partition": fmt.Sprint(at.Number), "from": fmt.Sprint(from), "to": fmt.Sprint(to)}))
}

// each hands over the rows of a query.
func (db *DB) each(ctx context.Context, query string, row func(scan func(...any) error) error) error {
	rows, err := db.conn.Query(ctx, query)
	if err != nil {
		return err
	}
	defer rows.Close()
	for rows.Next() {
		if err := row(rows.Scan); err != nil {
			return err
		}
	}
	return rows.Err()
}
