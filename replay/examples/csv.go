package examples

import (
	"encoding/csv"
	"fmt"
	"io"
	"strconv"

	"andon/replay/parquet"
	"andon/schemas/event"
)

// WriteCSV writes a table as CSV for tools without Parquet: the note in a first line after "# ", then the names, then the rows. What has no value is
// empty; a flag is 0 or 1; an instant is microseconds UTC.
func WriteCSV(w io.Writer, t *parquet.Table) error {
	if _, err := fmt.Fprintf(w, "# %s\n", t.Notes[NoteName]); err != nil {
		return fmt.Errorf("write CSV: %w", err)
	}
	out := csv.NewWriter(w)
	line := make([]string, len(t.Columns))
	for i, c := range t.Columns {
		line[i] = c.Name
	}
	err := out.Write(line)
	for row := range length(t) {
		for i := range t.Columns {
			line[i] = cell(&t.Columns[i], row)
		}
		if err == nil {
			err = out.Write(line)
		}
	}
	if out.Flush(); err == nil {
		err = out.Error()
	}
	if err != nil {
		return fmt.Errorf("write CSV: %w", err)
	}
	return nil
}

func length(t *parquet.Table) int {
	if len(t.Columns) == 0 {
		return 0
	}
	list, _ := t.Columns[0].Values.([]string)
	return len(list)
}

func cell(c *parquet.Column, row int) string {
	if c.Valid != nil && !c.Valid[row] {
		return ""
	}
	switch values := c.Values.(type) {
	case []string:
		return values[row]
	case []int64:
		return strconv.FormatInt(values[row], 10)
	case []float64:
		return strconv.FormatFloat(values[row], 'g', -1, 64)
	case []event.Micros:
		return strconv.FormatInt(int64(values[row]), 10)
	case []bool:
		if values[row] {
			return "1"
		}
		return "0"
	}
	return ""
}
