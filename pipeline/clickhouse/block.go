package clickhouse

import (
	"context"
	"fmt"
	"strings"
	"time"

	"andon/schemas/event"

	"github.com/ClickHouse/clickhouse-go/v2"
	"github.com/ClickHouse/clickhouse-go/v2/lib/driver"
)

// insertTimeout bounds one insert: well within the time a consumer group waits for a member that does not let go of its partitions.
const insertTimeout = 30 * time.Second

// field is one column of a table whose rows are made of R: its name and how to collect its values.
type field[R any] struct {
	name   string
	column func(rows int) column[R] // for about that many rows
}

// column collects the values of one column of one block.
type column[R any] interface {
	add(*R)
	into(driver.BatchColumn) error
}

// of is a field whose values are sent as one slice.
func of[R, V any](name string, get func(*R) V) field[R] {
	return field[R]{name, func(rows int) column[R] { return &values[R, V]{get, make([]V, 0, rows)} }}
}

type values[R, V any] struct {
	get  func(*R) V
	list []V
}

func (v *values[R, V]) add(r *R)                        { v.list = append(v.list, v.get(r)) }
func (v *values[R, V]) into(c driver.BatchColumn) error { return c.Append(v.list) }

// lists is a field of arrays. They are sent one by one: the client takes a slice of slices apart by reflection.
func lists[R, V any](name string, get func(*R) []V) field[R] {
	return field[R]{name, func(rows int) column[R] { return &arrays[R, V]{values[R, []V]{get, make([][]V, 0, rows)}} }}
}

type arrays[R, V any] struct{ values[R, []V] }

func (a *arrays[R, V]) into(c driver.BatchColumn) error {
	for _, list := range a.list {
		if err := c.AppendRow(list); err != nil {
			return err
		}
	}
	return nil
}

// block is the columns of one insert.
type block[R any] struct {
	fields  []field[R]
	columns []column[R]
	rows    int
}

func newBlock[R any](fields []field[R], rows int) *block[R] {
	b := &block[R]{fields: fields}
	for _, f := range fields {
		b.columns = append(b.columns, f.column(rows))
	}
	return b
}

// add takes the values of a row; it keeps no pointer to r, but strings and slices of it.
func (b *block[R]) add(r *R) {
	for _, c := range b.columns {
		c.add(r)
	}
	b.rows++
}

// insert sends the block under the token: append everything, send once. After an error whether the rows are there is not known.
func (b *block[R]) insert(ctx context.Context, db *DB, table, token string) error {
	if b.rows == 0 {
		return nil
	}
	ctx, cancel := context.WithTimeout(ctx, insertTimeout)
	defer cancel()
	ctx = db.as(ctx, clickhouse.Settings{"insert_deduplication_token": token})
	names := make([]string, len(b.fields))
	for i, f := range b.fields {
		names[i] = "`" + f.name + "`"
	}
	batch, err := db.conn.PrepareBatch(ctx, fmt.Sprintf("INSERT INTO %s.%s (%s)", db.name, table, strings.Join(names, ", ")))
	if err != nil {
		return fmt.Errorf("clickhouse: begin insert into %s: %w", table, err)
	}
	for i, c := range b.columns {
		if err := c.into(batch.Column(i)); err != nil {
			_ = batch.Abort() // nothing was sent; its error could only say that again
			return fmt.Errorf("clickhouse: column %s of %s: %w", b.fields[i].name, table, err)
		}
	}
	// Dying or failing from here on leaves the rows there or not there; the same block under the same token settles it.
	if err := batch.Send(); err != nil {
		return fmt.Errorf("clickhouse: insert into %s: %w", table, err)
	}
	return nil
}

// instant is m as ClickHouse takes it.
func instant(m event.Micros) time.Time { return m.UTC() }

// orNull is m, or NULL when absent.
func orNull(m event.Micros) *time.Time {
	if m == 0 {
		return nil
	}
	t := m.UTC()
	return &t
}
