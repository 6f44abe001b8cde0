package clickhouse

import (
	"context"
	"errors"
	"fmt"

	tables "andon/schemas/clickhouse"

	"github.com/ClickHouse/clickhouse-go/v2"
)

const migrationsTable = "schema_migrations"

const createMigrations = `CREATE TABLE IF NOT EXISTS %s.schema_migrations
(
    version    UInt32 COMMENT 'number of the migration, from 1 without a gap',
    name       String COMMENT 'file name',
    checksum   String COMMENT 'SHA-256 of the file, hexadecimal',
    applied_at DateTime64(6, 'UTC') DEFAULT now64(6) COMMENT 'when it was applied, the server''s clock, UTC'
)
ENGINE = ReplacingMergeTree
ORDER BY version
COMMENT 'Migrations applied to this database, one row each.'`

// Codes of a database or a table that is not there.
const (
	unknownTable    = 60
	unknownDatabase = 81
)

// Migrate makes the database what this build expects and returns the names of the migrations it applied: none on a second run. One that was
// applied with another content is refused before anything is changed.
func (db *DB) Migrate(ctx context.Context) (applied []string, err error) {
	pending, err := db.pending(ctx)
	if err != nil {
		return nil, err
	}
	for _, statement := range []string{"CREATE DATABASE IF NOT EXISTS %s", createMigrations} {
		if err := db.conn.Exec(ctx, fmt.Sprintf(statement, db.name)); err != nil {
			return nil, fmt.Errorf("clickhouse: migrate %s: %w", db.name, err)
		}
	}
	record := fmt.Sprintf("INSERT INTO %s.%s (version, name, checksum) SELECT {version:UInt32}, {name:String}, {checksum:String}", db.name, migrationsTable)
	for _, m := range pending {
		if err := db.conn.Exec(ctx, m.SQL); err != nil {
			return applied, fmt.Errorf("clickhouse: migration %s: %w", m.Name, err)
		}
		// Dying here, the next run applies it again, which changes nothing.
		parameters := clickhouse.WithParameters(clickhouse.Parameters{"version": fmt.Sprint(m.Version), "name": m.Name, "checksum": m.Checksum})
		if err := db.conn.Exec(db.as(clickhouse.Context(ctx, parameters), nil), record); err != nil {
			return applied, fmt.Errorf("clickhouse: record migration %s: %w", m.Name, err)
		}
		applied = append(applied, m.Name)
	}
	return applied, nil
}

// pending lists the migrations that are still to be applied.
func (db *DB) pending(ctx context.Context) ([]tables.Migration, error) {
	applied, err := db.applied(ctx)
	if err != nil {
		return nil, err
	}
	var pending []tables.Migration
	for _, m := range tables.Migrations(db.name) {
		checksum, ok := applied[m.Version]
		switch {
		case !ok:
			pending = append(pending, m)
		case checksum != m.Checksum:
			return nil, refuse("migration %s was applied to database %s with another content (checksum %.12s, this build has %.12s): "+
				"use the build that applied it or a newer one", m.Name, db.name, checksum, m.Checksum)
		}
		delete(applied, m.Version)
	}
	for version := range applied {
		return nil, refuse("database %s has migration %d, which this build does not know: use a newer build", db.name, version)
	}
	return pending, nil
}

// applied maps the version of each applied migration to its checksum; empty where nothing is there yet.
func (db *DB) applied(ctx context.Context) (map[uint32]string, error) {
	rows, err := db.conn.Query(ctx, fmt.Sprintf("SELECT version, checksum FROM %s.%s FINAL", db.name, migrationsTable))
	if missing, ok := errors.AsType[*clickhouse.Exception](err); ok && (missing.Code == unknownTable || missing.Code == unknownDatabase) {
		return nil, nil
	}
	if err != nil {
		return nil, fmt.Errorf("clickhouse: read %s.%s: %w", db.name, migrationsTable, err)
	}
	defer rows.Close()
	applied := map[uint32]string{}
	for rows.Next() {
		var version uint32
		var checksum string
		if err := rows.Scan(&version, &checksum); err != nil {
			return nil, fmt.Errorf("clickhouse: read %s.%s: %w", db.name, migrationsTable, err)
		}
		applied[version] = checksum
	}
	if err := rows.Err(); err != nil {
		return nil, fmt.Errorf("clickhouse: read %s.%s: %w", db.name, migrationsTable, err)
	}
	return applied, nil
}
