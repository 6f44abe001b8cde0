package examples

import (
	"encoding/json"
	"errors"
	"fmt"
	"math"

	"andon/replay/parquet"
	"andon/schemas/event"
)

// Labelled is the rows of a table that a model may learn from: labelled, mature, with all that is needed.
type Labelled struct {
	Note
	Values [][]float64 // of the features, NaN for what is missing
	Labels []bool
	Rule   []bool // whether the rule raised
	Groups []string
	At     []event.Micros // when it was judged; rising
	Known  []event.Micros // when its label was known
}

// Of takes them from a table that Table made.
func Of(t *parquet.Table) (*Labelled, error) {
	l := &Labelled{}
	if err := json.Unmarshal([]byte(t.Notes[NoteName]), &l.Note); err != nil {
		return nil, errors.New("it is no table of andon dataset export: it has no such note")
	}
	label, err1 := column[bool](t, "label")
	mature, err2 := column[bool](t, "mature")
	says, err3 := column[string](t, "rule_says")
	groups, err4 := column[string](t, "group")
	at, err5 := column[event.Micros](t, "judged_at")
	known, err6 := column[event.Micros](t, "matures_at")
	if err := errors.Join(err1, err2, err3, err4, err5, err6); err != nil {
		return nil, err
	}
	features := make([]typed[float64], len(l.Features))
	for j, f := range l.Features {
		var err error
		if features[j], err = column[float64](t, Prefix+f.Name); err != nil {
			return nil, err
		}
	}
	for i := range label.values {
		if !label.there(i) || !mature.values[i] {
			continue
		}
		row, covered := make([]float64, len(features)), true
		for j := range features {
			row[j] = features[j].values[i]
			if !features[j].there(i) {
				row[j] = math.NaN()
				covered = covered && l.Features[j].Missing != "needed"
			}
		}
		if !covered { // no model is asked
			continue
		}
		l.Values, l.Labels, l.Rule = append(l.Values, row), append(l.Labels, label.values[i]), append(l.Rule, says.values[i] == "raise")
		l.Groups, l.At = append(l.Groups, groups.values[i]), append(l.At, at.values[i])
		l.Known = append(l.Known, known.values[i])
	}
	return l, nil
}

// typed is a column of one type.
type typed[T any] struct {
	values []T
	valid  []bool
}

func (c *typed[T]) there(i int) bool { return c.valid == nil || c.valid[i] }

func column[T any](t *parquet.Table, name string) (typed[T], error) {
	for _, c := range t.Columns {
		if values, ok := c.Values.([]T); ok && c.Name == name {
			return typed[T]{values, c.Valid}, nil
		}
	}
	return typed[T]{}, fmt.Errorf("it has no column %s as andon dataset export writes it", name)
}
