package clickhouse

import (
	"context"
	"fmt"
	"strings"
	"time"

	"andon/pipeline/load"
	tables "andon/schemas/clickhouse"

	"github.com/ClickHouse/clickhouse-go/v2"
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

// Count implements load.Table.
func (t events) Count(ctx context.Context, ranges []load.Closed) (map[load.Partition]int, error) {
	return t.db.count(ctx, tables.Events, ranges)
}

// Count implements load.Table.
func (t exceptions) Count(ctx context.Context, ranges []load.Closed) (map[load.Partition]int, error) {
	return t.db.count(ctx, tables.Exceptions, ranges)
}

// Count implements load.Table.
func (t costs) Count(ctx context.Context, ranges []load.Closed) (map[load.Partition]int, error) {
	return t.db.count(ctx, tables.Costs, ranges)
}

// count reads the table once for all ranges.
func (db *DB) count(ctx context.Context, table string, ranges []load.Closed) (map[load.Partition]int, error) {
	in, values := make([]string, len(ranges)), clickhouse.Parameters{}
	for i, r := range ranges {
		in[i] = fmt.Sprintf("topic = {topic%[1]d:String} AND partition = %[2]d AND `offset` >= %[3]d AND `offset` < %[4]d", i, r.Number, r.From, r.To)
		values[fmt.Sprintf("topic%d", i)] = r.Topic
	}
	found := map[load.Partition]int{}
	query := fmt.Sprintf("SELECT topic, partition, toInt64(uniqExact(`offset`)) FROM %s.%s WHERE %s GROUP BY topic, partition",
		db.name, table, strings.Join(in, " OR "))
	err := db.each(clickhouse.Context(ctx, clickhouse.WithParameters(values)), query, func(scan func(...any) error) error {
		var at load.Partition
		var n int64
		err := scan(&at.Topic, &at.Number, &n)
		found[at] = int(n)
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("clickhouse: count %s: %w", table, err)
	}
	return found, nil
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
