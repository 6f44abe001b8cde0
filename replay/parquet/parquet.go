// Package parquet writes and reads tables as Parquet files, which every tool of data analysis opens. It is the one place that knows the library.
package parquet

import (
	"fmt"
	"io"
	"maps"
	"slices"

	"andon/schemas/event"

	"github.com/apache/arrow/go/v17/parquet"
	"github.com/apache/arrow/go/v17/parquet/compress"
	"github.com/apache/arrow/go/v17/parquet/file"
	"github.com/apache/arrow/go/v17/parquet/schema"
)

// Column is one column of a table. All columns of a table are of one length.
type Column struct {
	Name   string
	Values any    // []string, []int64, []float64, []bool or []event.Micros, which stand in the file as timestamps
	Valid  []bool // false: there is no value; nil: there is one everywhere
}

// Table is columns, and notes that travel with them.
type Table struct {
	Notes   map[string]string
	Columns []Column
}

// Write writes the table. The same table gives the same bytes.
func Write(w io.Writer, t *Table) error {
	if err := write(w, t); err != nil {
		return fmt.Errorf("write parquet: %w", err)
	}
	return nil
}

func write(w io.Writer, t *Table) error {
	var fields schema.FieldList
	for i := range t.Columns {
		node, err := t.Columns[i].node()
		if err != nil {
			return err
		}
		fields = append(fields, node)
	}
	root, err := schema.NewGroupNode("table", parquet.Repetitions.Required, fields, -1)
	if err != nil {
		return err
	}
	properties := parquet.NewWriterProperties(parquet.WithCompression(compress.Codecs.Zstd), parquet.WithCreatedBy("andon"))
	out := file.NewParquetWriter(w, root, file.WithWriterProps(properties))
	rows := out.AppendRowGroup()
	for i := range t.Columns {
		if err := t.Columns[i].write(rows); err != nil {
			return fmt.Errorf("column %s: %w", t.Columns[i].Name, err)
		}
	}
	for _, name := range slices.Sorted(maps.Keys(t.Notes)) {
		if err := out.AppendKeyValueMetadata(name, t.Notes[name]); err != nil {
			return err
		}
	}
	return out.Close()
}

// node describes the column in the file.
func (c *Column) node() (schema.Node, error) {
	repetition := parquet.Repetitions.Required
	if c.Valid != nil {
		repetition = parquet.Repetitions.Optional
	}
	switch c.Values.(type) {
	case []string:
		return schema.NewPrimitiveNodeLogical(c.Name, repetition, schema.StringLogicalType{}, parquet.Types.ByteArray, -1, -1)
	case []int64:
		return schema.NewInt64Node(c.Name, repetition, -1), nil
	case []float64:
		return schema.NewFloat64Node(c.Name, repetition, -1), nil
	case []bool:
		return schema.NewBooleanNode(c.Name, repetition, -1), nil
	case []event.Micros:
		return schema.NewPrimitiveNodeLogical(c.Name, repetition, schema.NewTimestampLogicalType(true, schema.TimeUnitMicros), parquet.Types.Int64, -1, -1)
	}
	return nil, fmt.Errorf("column %s: values of type %T", c.Name, c.Values)
}

// write writes the column as the next of the rows.
func (c *Column) write(rows file.SerialRowGroupWriter) error {
	to, err := rows.NextColumn()
	if err != nil {
		return err
	}
	var levels []int16
	if c.Valid != nil {
		levels = make([]int16, len(c.Valid))
		for i, there := range c.Valid {
			if there {
				levels[i] = 1
			}
		}
	}
	switch values := c.Values.(type) {
	case []string:
		_, err = to.(*file.ByteArrayColumnChunkWriter).WriteBatch(present(values, c.Valid, func(s string) parquet.ByteArray { return parquet.ByteArray(s) }), levels, nil)
	case []int64:
		_, err = to.(*file.Int64ColumnChunkWriter).WriteBatch(present(values, c.Valid, same), levels, nil)
	case []float64:
		_, err = to.(*file.Float64ColumnChunkWriter).WriteBatch(present(values, c.Valid, same), levels, nil)
	case []bool:
		_, err = to.(*file.BooleanColumnChunkWriter).WriteBatch(present(values, c.Valid, same), levels, nil)
	case []event.Micros:
		_, err = to.(*file.Int64ColumnChunkWriter).WriteBatch(present(values, c.Valid, func(m event.Micros) int64 { return int64(m) }), levels, nil)
	}
	if err != nil {
		return err
	}
	return to.Close()
}

func same[T any](v T) T { return v }

// present is the values that are there, as the file has them.
func present[T, F any](values []T, valid []bool, as func(T) F) []F {
	list := make([]F, 0, len(values))
	for i, v := range values {
		if valid == nil || valid[i] {
			list = append(list, as(v))
		}
	}
	return list
}
