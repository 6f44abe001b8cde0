package main

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"
)

// linesTaken bounds a file of records that is written in one transaction.
const linesTaken = 100_000

// numbered is what a line of a file says.
type numbered[T any] struct {
	line  int
	value T
}

// wrongLines are the errors of a file's lines, a line of text for each of the first of them.
type wrongLines struct {
	path  string
	first []error
	count int
}

func (w *wrongLines) add(line int, err error) {
	if w.count++; w.count <= kindsTold {
		w.first = append(w.first, fmt.Errorf("%s:%d: %w", w.path, line, err))
	}
}

// err is all of it; nil when nothing is wrong.
func (w *wrongLines) err() error {
	if w.count == 0 {
		return nil
	}
	return errors.Join(append(w.first, fmt.Errorf("%s: nothing is written, for lines that cannot be taken: %s", w.path, thousands(w.count)))...)
}

// readLines reads a file of JSON objects, one a line; blank lines are passed over. A line that is no T, or has a member that T has not, is added
// to the wrong ones.
func readLines[T any](path string, wrong *wrongLines) (list []numbered[T], err error) {
	text, err := os.ReadFile(path)
	if err != nil {
		return nil, err
	}
	n := 0
	for line := range bytes.Lines(text) {
		n++
		if len(bytes.TrimSpace(line)) == 0 {
			continue
		}
		if len(list) == linesTaken {
			return nil, fmt.Errorf("%s has more than %s records: split it", path, thousands(linesTaken))
		}
		l := numbered[T]{line: n}
		if err := strict(line, &l.value); err != nil {
			wrong.add(n, err)
			continue
		}
		list = append(list, l)
	}
	return list, nil
}

// strict decodes one object and nothing else.
func strict(text []byte, into any) error {
	d := json.NewDecoder(bytes.NewReader(text))
	d.DisallowUnknownFields()
	err := d.Decode(into)
	if err == nil {
		if _, more := d.Token(); !errors.Is(more, io.EOF) {
			err = errors.New("more than one object on the line")
		}
	}
	if err != nil {
		return errors.New(strings.TrimPrefix(err.Error(), "json: "))
	}
	return nil
}
