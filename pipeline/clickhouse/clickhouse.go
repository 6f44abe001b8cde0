// Package clickhouse is the adapter to ClickHouse over its native protocol: it applies the migrations of schemas/clickhouse, checks that the
// server treats inserts as the loader relies on, and inserts blocks of rows.
package clickhouse

import (
	"context"
	"fmt"
	"maps"
	"slices"

	"github.com/ClickHouse/clickhouse-go/v2"
	"github.com/ClickHouse/clickhouse-go/v2/lib/driver"
)

// DB is one database on a server. It is for concurrent use.
type DB struct {
	conn     driver.Conn
	name     string
	settings clickhouse.Settings // of each insert
}

// New is the database of that name, which need not exist yet. The connection belongs to the caller; it names no database, because this
// one may be missing. New asks the server which of the insert settings it knows.
func New(ctx context.Context, conn driver.Conn, database string) (*DB, error) {
	db := &DB{conn: conn, name: database, settings: maps.Clone(insertSettings)}
	known, err := db.settingValues(ctx)
	if err != nil {
		return nil, err
	}
	for _, name := range sinceLately {
		if _, ok := known[name]; !ok {
			delete(db.settings, name)
		}
	}
	return db, nil
}

// insertSettings go with each insert. None is left to a server's or a user's default: those moved from release to release, and with
// async_insert a block is neither whole nor known by its token.
var insertSettings = clickhouse.Settings{
	"async_insert":                    "0",
	"insert_deduplicate":              "1", // drop a block whose token is in the table's window
	"deduplicate_insert":              "enable",
	"max_partitions_per_insert_block": "0", // a block may hold events of any number of months
	// A block arrives in chunks: none is written before all are there, so that one insert makes one part of each month it holds, or nothing.
	"min_insert_block_size_rows":  "1000000000",
	"min_insert_block_size_bytes": "0",
	"optimize_on_insert":          "0", // a block never holds two rows of one key; looking for them costs more than all the rest of an insert
	// Strings go as strings and become LowCardinality in the server, which is faster at it than the client.
	"low_cardinality_allow_in_native_format": "0",
}

// sinceLately are those that older servers do not know; what they decide is decided by the others there.
var sinceLately = []string{"deduplicate_insert"}

// settingValues reads what the server knows of the insert settings, with their values in the query that ctx makes.
func (db *DB) settingValues(ctx context.Context) (map[string]string, error) {
	const query = `SELECT name, value FROM system.settings WHERE name IN (?)`
	rows, err := db.conn.Query(ctx, query, slices.Collect(maps.Keys(insertSettings)))
	if err != nil {
		return nil, fmt.Errorf("clickhouse: read settings: %w", err)
	}
	defer rows.Close()
	values := map[string]string{}
	for rows.Next() {
		var name, value string
		if err := rows.Scan(&name, &value); err != nil {
			return nil, fmt.Errorf("clickhouse: read settings: %w", err)
		}
		values[name] = value
	}
	if err := rows.Err(); err != nil {
		return nil, fmt.Errorf("clickhouse: read settings: %w", err)
	}
	return values, nil
}

// as makes the queries of ctx carry the insert settings and what else is given.
func (db *DB) as(ctx context.Context, further clickhouse.Settings) context.Context {
	settings := maps.Clone(db.settings)
	maps.Copy(settings, further)
	return clickhouse.Context(ctx, clickhouse.WithSettings(settings))
}
