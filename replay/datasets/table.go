package datasets

import (
	"encoding/csv"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"time"

	"andon/schemas/event"
)

// table is a file of separated values.
type table struct {
	file    string
	columns []string // of a file without a header; else the header names them
	comma   rune     // 0 is a comma
}

// row is one row being read. The first cell that cannot be read sets err, and then nothing read from the row counts.
type row struct {
	number  int // of the data row in its file, from 1
	columns map[string]int
	cells   []string
	err     error
}

// read calls each for every row of the table in dir and lists the rows that it could not read.
func (s *Set) read(dir string, t table, each func(*row)) error {
	file, err := os.Open(filepath.Join(dir, t.file))
	if err != nil {
		return err
	}
	defer file.Close()
	cells := csv.NewReader(file)
	cells.FieldsPerRecord = -1
	if t.comma != 0 {
		cells.Comma, cells.LazyQuotes = t.comma, true
	}
	columns := t.columns
	if columns == nil {
		if columns, err = cells.Read(); err != nil {
			return fmt.Errorf("%s: header: %w", t.file, err)
		}
		columns[0] = strings.TrimPrefix(columns[0], "\ufeff")
	}
	index := make(map[string]int, len(columns))
	for i, name := range columns {
		index[name] = i
	}
	for number := 1; ; number++ {
		r := row{number: number, columns: index}
		r.cells, r.err = cells.Read()
		if errors.Is(r.err, io.EOF) {
			return nil
		}
		bad := (*csv.ParseError)(nil)
		if r.err != nil && !errors.As(r.err, &bad) {
			return fmt.Errorf("%s: %w", t.file, r.err)
		}
		if r.err == nil {
			each(&r)
		}
		if r.err != nil {
			s.skip(t.file, cells, bad, r.err)
		}
	}
}

func (s *Set) skip(file string, cells *csv.Reader, bad *csv.ParseError, why error) {
	var line int
	if bad != nil {
		line, why = bad.StartLine, bad.Err
	} else {
		line, _ = cells.FieldPos(0)
	}
	s.Skipped = append(s.Skipped, Skip{file, line, why.Error()})
}

func (r *row) fail(column, why string) {
	if r.err == nil {
		r.err = fmt.Errorf("%s: %s", column, why)
	}
}

// text is a cell, trimmed; it may be empty.
func (r *row) text(column string) string {
	i, ok := r.columns[column]
	if !ok || i >= len(r.cells) {
		r.fail(column, "no such column")
		return ""
	}
	return strings.TrimSpace(r.cells[i])
}

// id is a cell that may not be empty.
func (r *row) id(column string) string {
	s := r.text(column)
	if s == "" {
		r.fail(column, "empty")
	}
	return s
}

// milli is a decimal cell in thousandths.
func (r *row) milli(column string) int64 {
	s := r.text(column)
	m, ok := parseMilli(s)
	if !ok {
		r.fail(column, fmt.Sprintf("%q is no quantity of at most three decimals", s))
	}
	return m
}

// instants are the forms of local time seen in the sets; a fraction of a second may follow the seconds. None carries a zone.
var instants = []string{"2006-01-02 15:04:05", "1/2/2006 15:04", "2006-01-02", "1/2/2006", "2006-01-02 150405"}

// time reads the cells of the columns, joined by a space, as an instant in UTC, the one zone that is stated for all sets.
// All empty is no instant: 0.
func (r *row) time(columns ...string) event.Micros {
	parts := make([]string, 0, 2)
	for _, c := range columns {
		parts = append(parts, r.text(c))
	}
	s := strings.TrimSpace(strings.Join(parts, " "))
	if s == "" {
		return 0
	}
	for _, layout := range instants {
		t, err := time.Parse(layout, s)
		if at := event.At(t); err == nil && at >= event.MinTime && at < event.MaxTime {
			return at
		}
	}
	r.fail(columns[0], fmt.Sprintf("%q is no date between 1990 and 2100", s))
	return 0
}

// must is time for a row that is nothing without it.
func (r *row) must(columns ...string) event.Micros {
	at := r.time(columns...)
	if at == 0 {
		r.fail(columns[0], "empty")
	}
	return at
}

// endOfDay is the last second of the instant's day.
func endOfDay(at event.Micros) event.Micros { return at - at%event.Day + event.Day - event.Second }

// parseMilli reads a decimal that is not negative ("2", "2.50", ".5") exactly.
func parseMilli(s string) (milli int64, ok bool) {
	whole, fraction, point := strings.Cut(s, ".")
	if whole == "" && fraction == "" || point && fraction == "" {
		return 0, false
	}
	for len(fraction) < 3 {
		fraction += "0"
	}
	if strings.Trim(fraction[3:], "0") != "" {
		return 0, false
	}
	for _, c := range whole + fraction[:3] {
		if c < '0' || c > '9' || milli > event.MaxQtyMilli {
			return 0, false
		}
		milli = milli*10 + int64(c-'0')
	}
	return milli, milli <= event.MaxQtyMilli
}
