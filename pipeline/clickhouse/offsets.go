package clickhouse

import (
	"context"
	"fmt"
	"time"

	"andon/pipeline/load"
	tables "andon/schemas/clickhouse"
)

// lookTimeout bounds one look for the rows of a block: with the inserts before and after, it stays within the time that a consumer group waits for a member.
const lookTimeout = 30 * time.Second

// Offsets implements load.Table.
func (t events) Offsets(ctx context.Context, at load.Partition, from, to int64) ([]int64, error) {
	return t.db.offsets(ctx, tables.Events, at, from, to)
}

// Offsets implements load.Table.
func (t exceptions) Offsets(ctx context.Context, at load.Partition, from, to int64) ([]int64, error) {
	return t.db.offsets(ctx, tables.Exceptions, at, from, to)
}

// Offsets implements load.Table.
func (t costs) Offsets(ctx context.Context, at load.Partition, from, to int64) ([]int64, error) {
	return t.db.offsets(ctx, tables.Costs, at, from, to)
}

// offsets reads the offsets in [from, to) of a partition that have a row in the table, ascending and each once.
func (db *DB) offsets(ctx context.Context, table string, at load.Partition, from, to int64) ([]int64, error) {
	const query = "SELECT arraySort(groupUniqArray(`offset`)) FROM %s.%s WHERE " + ofRange
	ctx, cancel := context.WithTimeout(ctx, lookTimeout)
	defer cancel()
	var list []int64
	if err := db.conn.QueryRow(inRange(ctx, at, from, to), fmt.Sprintf(query, db.name, table)).Scan(&list); err != nil {
		return nil, fmt.Errorf("clickhouse: read offsets of %s: %w", table, err)
	}
	return list, nil
}
