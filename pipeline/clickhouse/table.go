package clickhouse

import (
	"context"
	"fmt"
	"iter"
	"log/slog"
	"strings"
	"time"

	"andon/pipeline"
	"andon/pipeline/load"
	"andon/schemas/event"
	"andon/schemas/identity"

	"github.com/ClickHouse/clickhouse-go/v2"
)

// table is one table, whose rows are made of what records say as T: load.Ledger. Of a table its own are its columns and how it reads a record.
type table[T any] struct {
	db     *DB
	name   string
	fields []field[row[T]]
	read   reader[T]
}

// reader sets what a record says and reports true, or counts in Inserted what the record is instead of a row.
type reader[T any] func(load.Partition, pipeline.Record, *T, *load.Inserted) bool

// decoded reads records that are all to be decoded by decode. One that cannot be is told to log, with what it should be.
func decoded[T any](log *slog.Logger, what string, decode func([]byte, *T) error) reader[T] {
	return func(from load.Partition, record pipeline.Record, is *T, done *load.Inserted) bool {
		if err := decode(record.Value, is); err != nil {
			done.Undecodable++
			log.Error("a record is not what it should be", "expected", what, "topic", from.Topic, "partition", from.Number, "offset", record.Offset, "error", err)
			return false
		}
		return true
	}
}

// bears refuses a record that does not bear the id of its facts: it would take another's place.
func bears(id, facts identity.ID) error {
	if id != facts {
		return fmt.Errorf("its id is %s, that of its facts %s", id, facts)
	}
	return nil
}

// row is what a row is made of: what the record says, and where it lies.
type row[T any] struct {
	is        T
	topic     string
	partition int32
	offset    int64
	at        event.Micros
}

// placed are the fields of a table with those that say where the record lies.
func placed[T any](fields ...field[row[T]]) []field[row[T]] {
	return append(fields,
		of("topic", func(r *row[T]) string { return r.topic }),
		of("partition", func(r *row[T]) int32 { return r.partition }),
		of("offset", func(r *row[T]) int64 { return r.offset }),
		of("record_time", func(r *row[T]) time.Time { return instant(r.at) }),
	)
}

// rows makes the rows of the records, each in the place of the one before, and counts in done what other records are.
func (t table[T]) rows(from load.Partition, records []pipeline.Record, done *load.Inserted) iter.Seq[*row[T]] {
	return func(yield func(*row[T]) bool) {
		r := &row[T]{topic: from.Topic, partition: from.Number}
		for _, record := range records {
			if !t.read(from, record, &r.is, done) {
				continue
			}
			r.offset, r.at = record.Offset, record.At
			if !yield(r) {
				return
			}
		}
	}
}

// insertTimeout bounds one insert: well within the time a consumer group waits for a member that does not let go of its partitions.
const insertTimeout = 30 * time.Second

// Insert implements load.Table.
func (t table[T]) Insert(ctx context.Context, token string, from load.Partition, records []pipeline.Record) (done load.Inserted, err error) {
	ctx, cancel := context.WithTimeout(ctx, insertTimeout)
	defer cancel()
	b := newBlock(t.db, t.name, token, t.fields)
	for r := range t.rows(from, records, &done) {
		if err := b.add(ctx, r); err != nil {
			return load.Inserted{}, err
		}
	}
	if err := b.commit(ctx); err != nil {
		return load.Inserted{}, err
	}
	done.Rows = b.rows
	return done, nil
}

// lookTimeout bounds one look for the rows of a block: with the inserts before and after, it stays within the time that a consumer group waits for a member.
const lookTimeout = 30 * time.Second

// Offsets implements load.Table.
func (t table[T]) Offsets(ctx context.Context, at load.Partition, from, to int64) ([]int64, error) {
	const query = "SELECT arraySort(groupUniqArray(`offset`)) FROM %s.%s WHERE " + ofRange
	ctx, cancel := context.WithTimeout(ctx, lookTimeout)
	defer cancel()
	var list []int64
	if err := t.db.conn.QueryRow(inRange(ctx, at, from, to), fmt.Sprintf(query, t.db.name, t.name)).Scan(&list); err != nil {
		return nil, fmt.Errorf("clickhouse: read offsets of %s: %w", t.name, err)
	}
	return list, nil
}

// Count implements load.Table: it reads the table once for all ranges.
func (t table[T]) Count(ctx context.Context, ranges []load.Closed) (map[load.Partition]int, error) {
	in, values := make([]string, len(ranges)), clickhouse.Parameters{}
	for i, r := range ranges {
		in[i] = fmt.Sprintf("topic = {topic%[1]d:String} AND partition = %[2]d AND `offset` >= %[3]d AND `offset` < %[4]d", i, r.Number, r.From, r.To)
		values[fmt.Sprintf("topic%d", i)] = r.Topic
	}
	found := map[load.Partition]int{}
	query := fmt.Sprintf("SELECT topic, partition, toInt64(uniqExact(`offset`)) FROM %s.%s WHERE %s GROUP BY topic, partition",
		t.db.name, t.name, strings.Join(in, " OR "))
	err := t.db.each(clickhouse.Context(ctx, clickhouse.WithParameters(values)), query, func(scan func(...any) error) error {
		var at load.Partition
		var n int64
		err := scan(&at.Topic, &at.Number, &n)
		found[at] = int(n)
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("clickhouse: count %s: %w", t.name, err)
	}
	return found, nil
}
