package parquet

import (
	"bytes"
	"errors"
	"fmt"

	"andon/schemas/event"

	"github.com/apache/arrow/go/v17/parquet"
	"github.com/apache/arrow/go/v17/parquet/file"
	"github.com/apache/arrow/go/v17/parquet/schema"
)

// Read reads a table that Write wrote; of another's file it takes columns of the same types. A column without gaps comes back with Valid nil.
func Read(text []byte) (t *Table, err error) {
	defer func() { // the library panics on some files that are none
		if p := recover(); p != nil {
			t, err = nil, fmt.Errorf("read parquet: %v", p)
		}
	}()
	in, err := file.NewParquetReader(bytes.NewReader(text))
	if err != nil {
		return nil, fmt.Errorf("read parquet: %w", err)
	}
	defer func() { _ = in.Close() }() // it holds memory only
	t = &Table{Notes: map[string]string{}}
	for _, note := range in.MetaData().KeyValueMetadata() {
		t.Notes[note.GetKey()] = note.GetValue()
	}
	for i := range in.MetaData().Schema.NumColumns() {
		about := in.MetaData().Schema.Column(i)
		c := Column{Name: about.Name()}
		for group := range in.NumRowGroups() {
			from, err := in.RowGroup(group).Column(i)
			if err == nil {
				err = c.read(from, about, in.RowGroup(group).NumRows())
			}
			if err != nil {
				return nil, fmt.Errorf("read parquet: column %s: %w", c.Name, err)
			}
		}
		t.Columns = append(t.Columns, c)
	}
	return t, nil
}

// read appends the column's values of n rows.
func (c *Column) read(from file.ColumnChunkReader, about *schema.Column, n int64) (err error) {
	switch r := from.(type) {
	case *file.ByteArrayColumnChunkReader:
		c.Values, err = column(c, about, n, r.ReadBatch, func(b parquet.ByteArray) string { return string(b) })
	case *file.Int64ColumnChunkReader:
		if _, instant := about.LogicalType().(*schema.TimestampLogicalType); instant {
			c.Values, err = column(c, about, n, r.ReadBatch, func(v int64) event.Micros { return event.Micros(v) })
		} else {
			c.Values, err = column(c, about, n, r.ReadBatch, same)
		}
	case *file.Float64ColumnChunkReader:
		c.Values, err = column(c, about, n, r.ReadBatch, same)
	case *file.BooleanColumnChunkReader:
		c.Values, err = column(c, about, n, r.ReadBatch, same)
	default:
		err = fmt.Errorf("values of type %s", about.PhysicalType())
	}
	return err
}

// column reads n rows and appends them to what c has; a row without a value gets the zero value.
func column[F, T any](c *Column, about *schema.Column, n int64, batch func(int64, []F, []int16, []int16) (int64, int, error), as func(F) T) ([]T, error) {
	all, _ := c.Values.([]T)
	values, levels := make([]F, n), make([]int16, n)
	for n > 0 {
		rows, _, err := batch(n, values, levels, nil)
		if err != nil {
			return nil, err
		}
		if rows == 0 {
			return nil, errors.New("it ends before its last row")
		}
		next := 0
		for i := range rows {
			var v T
			there := about.MaxDefinitionLevel() == 0 || levels[i] > 0
			if there {
				v = as(values[next])
				next++
			}
			all = append(all, v)
			if about.MaxDefinitionLevel() > 0 {
				c.Valid = append(c.Valid, there)
			}
		}
		n -= rows
	}
	return all, nil
}
