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

// Ledgers are the tables the loader fills, by name, as they are compared with the log. families is that of Events.
func (db *DB) Ledgers(families map[string]event.Family) map[string]load.Ledger {
	return map[string]load.Ledger{
		tables.Events: db.Events(families), tables.Exceptions: db.Exceptions(quiet), tables.Costs: db.Costs(quiet),
		tables.Verdicts: db.Verdicts(quiet), tables.Decisions: db.Decisions(quiet), tables.Health: db.Health(quiet),
	}
}

// quiet is for what the loader has told already.
var quiet = slog.New(slog.DiscardHandler)

// Expect implements load.Ledger.
func (t table[T]) Expect(from load.Partition, records []pipeline.Record) (rows []load.Row) {
	var skipped load.Inserted
	var text []byte
	for r := range t.rows(from, records, &skipped) {
		text = text[:0]
		for i := range t.fields {
			text = t.fields[i].text(text, r)
		}
		rows = append(rows, load.Row{Offset: r.offset, Hash: xxhash.Sum64(text), Copies: 1})
	}
	return rows
}

// Sums implements load.Ledger.
func (t table[T]) Sums(ctx context.Context, at load.Partition, from, to, size int64) (map[int64]load.Sum, error) {
	sums := map[int64]load.Sum{}
	query := fmt.Sprintf("SELECT intDiv(`offset`, %d) AS n, toInt64(count()), sum(%s) FROM %s.%s WHERE %s GROUP BY n", size, t.hash(), t.db.name, t.name, ofRange)
	err := t.db.each(inRange(ctx, at, from, to), query, func(scan func(...any) error) error {
		var n, rows int64
		var hash uint64
		err := scan(&n, &rows, &hash)
		sums[n] = load.Sum{Rows: int(rows), Hash: hash}
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("clickhouse: add up %s: %w", t.name, err)
	}
	return sums, nil
}

// Rows implements load.Ledger. Of rows with one key the table shows the one that came in last.
func (t table[T]) Rows(ctx context.Context, at load.Partition, from, to int64) (list []load.Row, err error) {
	var key string
	const keys = "SELECT concat(sorting_key, if(partition_key = '', '', ', '), partition_key) FROM system.tables WHERE database = {database:String} AND name = {table:String}"
	named := clickhouse.Context(ctx, clickhouse.WithParameters(clickhouse.Parameters{"database": t.db.name, "table": t.name}))
	if err := t.db.conn.QueryRow(named, keys).Scan(&key); err != nil {
		return nil, fmt.Errorf("clickhouse: key of %s: %w", t.name, err)
	}
	query := fmt.Sprintf("SELECT any(`offset`) AS at, argMax(%s, load_time), toInt64(count()) FROM %s.%s WHERE %s GROUP BY tuple(%s) ORDER BY at",
		t.hash(), t.db.name, t.name, ofRange, key)
	err = t.db.each(inRange(ctx, at, from, to), query, func(scan func(...any) error) error {
		var row load.Row
		var copies int64
		err := scan(&row.Offset, &row.Hash, &copies)
		row.Copies = int(copies)
		list = append(list, row)
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("clickhouse: read rows of %s: %w", t.name, err)
	}
	return list, nil
}

// hash is the expression of a row's hash: xxHash64 of the texts of all columns that Insert writes, so it proves that the row says what this build
// makes of the record, and where the record lay; only load_time, and what the server works out, are left out.
func (t table[T]) hash() string {
	texts := make([]string, len(t.fields))
	for i, f := range t.fields {
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
