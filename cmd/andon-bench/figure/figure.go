// Package figure keeps what was measured: one JSON line for each case of a measurement, in docs/figures/<measurement>.jsonl, and the tables of
// the docs that are made of them. A line says how it can be measured again: command, commit, seed, machine.
package figure

import (
	"bufio"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"time"
)

// Row is one line: what one case of a measurement gave.
type Row struct {
	Figure  string             `json:"figure"`         // the measurement, and the name of its file
	Case    string             `json:"case"`           // what of it
	Run     time.Time          `json:"run"`            // when the command began, UTC: the cases of one run have it in common
	Step    string             `json:"step,omitempty"` // what had been changed since the run before
	Command string             `json:"command"`
	Commit  string             `json:"commit"`
	Dirty   bool               `json:"dirty"` // code differed from the commit
	Seed    uint64             `json:"seed"`
	Machine Machine            `json:"machine"`
	Start   time.Time          `json:"start"` // of this case, UTC
	End     time.Time          `json:"end"`
	Values  map[string]float64 `json:"values"` // each with its unit last in its name; one without a unit is a count

	Samples map[string][]float64 `json:"samples,omitempty"` // what was measured many times; tables pool those of all rows
}

// Book writes the rows of one run of a command.
type Book struct {
	Dir  string // of the files
	Head Row    // what all rows of the run have in common
}

// Open begins a run.
func Open(dir, command, step string, seed uint64) *Book {
	commit, dirty := revision()
	return &Book{dir, Row{Run: now(), Step: step, Command: command, Commit: commit, Dirty: dirty, Seed: seed, Machine: thisMachine()}}
}

// Begin starts a case now. The caller fills Values and gives the row to Write.
func (b *Book) Begin(figure, of string) *Row {
	r := b.Head
	r.Figure, r.Case, r.Start, r.Values = figure, of, now(), map[string]float64{}
	return &r
}

// Write ends the row now and appends it to its file. Dying here leaves part of a line, which Read names.
func (b *Book) Write(r *Row) error {
	r.End = now()
	line, err := json.Marshal(r)
	if err != nil {
		return fmt.Errorf("figure %s, %s: %w", r.Figure, r.Case, err)
	}
	if err := os.MkdirAll(b.Dir, 0o755); err != nil {
		return fmt.Errorf("figures: %w", err)
	}
	f, err := os.OpenFile(path(b.Dir, r.Figure), os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o644)
	if err != nil {
		return fmt.Errorf("figures: %w", err)
	}
	_, err = f.Write(append(line, '\n'))
	return errors.Join(err, f.Close())
}

// Read returns the rows of a measurement in the order they were written; none when it was never made.
func Read(dir, figure string) (rows []Row, err error) {
	f, err := os.Open(path(dir, figure))
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, fmt.Errorf("figures: %w", err)
	}
	defer f.Close()
	lines := bufio.NewScanner(f)
	for lines.Scan() {
		var r Row
		if err := json.Unmarshal(lines.Bytes(), &r); err != nil {
			return nil, fmt.Errorf("%s, line %d: %w", path(dir, figure), len(rows)+1, err)
		}
		rows = append(rows, r)
	}
	return rows, lines.Err()
}

// Latest returns the last row of each case of a measurement, whichever run it is of.
func Latest(dir, figure string) ([]Row, error) {
	rows, err := Read(dir, figure)
	if err != nil || len(rows) == 0 {
		return nil, err
	}
	return lastOfEach(rows), nil
}

func ofRun(rows []Row, run time.Time) []Row {
	return lastOfEach(slices.DeleteFunc(slices.Clone(rows), func(r Row) bool { return !r.Run.Equal(run) }))
}

func lastOfEach(rows []Row) (list []Row) {
	at := map[string]int{}
	for _, r := range rows {
		if i, there := at[r.Case]; there {
			list[i] = r
			continue
		}
		at[r.Case] = len(list)
		list = append(list, r)
	}
	return list
}

func path(dir, figure string) string { return filepath.Join(dir, figure+".jsonl") }

func now() time.Time { return time.Now().UTC().Truncate(time.Millisecond) }
