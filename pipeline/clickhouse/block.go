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

// Rows are gathered column by column: few at a time, so that the columns stay in the processor's cache. They are sent many at a time, since each
// message costs the server a millisecond, but not all at once, since the client's columns would have to grow to that size for each insert.
const (
	gatherRows = 1024
	sendRows   = 16 * gatherRows
)

// field is one column of a table whose rows are made of R: its name, how to collect its values, and its text for comparing.
type field[R any] struct {
	name   string
	column func() column[R]
	text   func([]byte, *R) []byte // appends what sql says
	sql    string
}

// column collects the values of one column for some rows.
type column[R any] interface {
	add(*R)
	into(driver.BatchColumn) error // and forgets them
}

// of is a field whose values are handed over as one slice.
func of[R, V any](name string, get func(*R) V) field[R] {
	return field[R]{name, func() column[R] { return &values[R, V]{get, make([]V, 0, gatherRows)} },
		func(b []byte, r *R) []byte { return appendText(b, get(r)) }, textSQL[V]("`" + name + "`")}
}

type values[R, V any] struct {
	get  func(*R) V
	list []V
}

func (v *values[R, V]) add(r *R) { v.list = append(v.list, v.get(r)) }

func (v *values[R, V]) into(c driver.BatchColumn) error {
	err := c.Append(v.list)
	clear(v.list) // the client has copied them; what they point to is not kept alive
	v.list = v.list[:0]
	return err
}

// lists is a field of arrays. They are handed over one by one: the client takes a slice of slices apart by reflection.
func lists[R, V any](name string, get func(*R) []V) field[R] {
	return field[R]{name, func() column[R] { return &arrays[R, V]{values[R, []V]{get, make([][]V, 0, gatherRows)}} },
		func(b []byte, r *R) []byte { return appendTexts(b, get(r)) }, textsSQL[V]("`" + name + "`")}
}

type arrays[R, V any] struct{ values[R, []V] }

func (a *arrays[R, V]) into(c driver.BatchColumn) error {
	for _, list := range a.list {
		if err := c.AppendRow(list); err != nil {
			return err
		}
	}
	clear(a.list)
	a.list = a.list[:0]
	return nil
}

// block is one insert under way: rows are added, sent in pieces, and become rows of the table all at once by commit.
type block[R any] struct {
	db           *DB
	table, token string
	fields       []field[R]
	columns      []column[R]
	batch        driver.Batch // nil until rows are handed over
	gathered     int          // rows in columns
	rows         int          // in all
}

func newBlock[R any](db *DB, table, token string, fields []field[R]) *block[R] {
	b := &block[R]{db: db, table: table, token: token, fields: fields}
	for _, f := range fields {
		b.columns = append(b.columns, f.column())
	}
	return b
}

// add takes the values of a row; it keeps no pointer to r, but for a while strings and slices of it.
func (b *block[R]) add(ctx context.Context, r *R) error {
	for _, c := range b.columns {
		c.add(r)
	}
	b.rows++
	if b.gathered++; b.gathered < gatherRows {
		return nil
	}
	if err := b.handOver(ctx); err != nil {
		return err
	}
	if b.rows%sendRows != 0 {
		return nil
	}
	if err := b.batch.Flush(); err != nil { // the server keeps them until the commit
		return b.failed("insert into", err)
	}
	return nil
}

// handOver gives the gathered rows to the client.
func (b *block[R]) handOver(ctx context.Context) error {
	if err := ctx.Err(); err != nil { // the client looks at ctx only when it begins and when it commits
		return b.failed("insert into", err)
	}
	if b.batch == nil {
		if err := b.begin(ctx); err != nil {
			return b.failed("begin insert into", err)
		}
	}
	for i, c := range b.columns {
		if err := c.into(b.batch.Column(i)); err != nil {
			return b.failed("column "+b.fields[i].name+" of", err)
		}
	}
	b.gathered = 0
	return nil
}

func (b *block[R]) begin(ctx context.Context) (err error) {
	names := make([]string, len(b.fields))
	for i, f := range b.fields {
		names[i] = "`" + f.name + "`"
	}
	ctx = b.db.as(ctx, clickhouse.Settings{"insert_deduplication_token": b.token})
	b.batch, err = b.db.conn.PrepareBatch(ctx, fmt.Sprintf("INSERT INTO %s.%s (%s)", b.db.name, b.table, strings.Join(names, ", ")))
	return err
}

// commit makes all rows rows of the table, as one block. After an error whether they are there is not known.
func (b *block[R]) commit(ctx context.Context) error {
	if b.rows == 0 {
		return nil
	}
	if b.gathered > 0 {
		if err := b.handOver(ctx); err != nil {
			return err
		}
	}
	// Dying until here, nothing is in the table: the server writes when it has all. Dying or failing from here on leaves the rows there or not
	// there; the same block under the same token settles it.
	if err := b.batch.Send(); err != nil {
		return b.failed("insert into", err)
	}
	return nil
}

// failed gives the insert up.
func (b *block[R]) failed(doing string, err error) error {
	if b.batch != nil {
		_ = b.batch.Abort() // ends the connection; after a Send it has ended
	}
	return fmt.Errorf("clickhouse: %s %s: %w", doing, b.table, err)
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
