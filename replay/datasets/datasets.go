// Package datasets reads public data of other people's warehouses and carriers as canonical events. Each set is one file of this package,
// with the settings its data calls for. The data itself is not part of Andon; every set is read from the folder its publisher's files are in.
package datasets

import (
	"fmt"
	"maps"
	"slices"

	"andon/detectors/setting"
	"andon/replay/history"
	"andon/schemas/event"
)

// Set is one data set, read.
type Set struct {
	Name     string
	Settings setting.Settings
	Records  []history.Record // in event time order, which is arrival order; without ticks
	Skipped  []Skip           // rows that could not be read, in file order
}

// Skip is a row that became no event.
type Skip struct {
	File string
	Line int
	Why  string
}

func (s Skip) String() string { return fmt.Sprintf("%s:%d: %s", s.File, s.Line, s.Why) }

var readers = map[string]func(dir string, s *Set) error{
	"adventureworks": adventureWorks,
	"cargo2000":      cargo2000,
	"olist":          olist,
	"valio_aimo":     valioAimo,
	"wwi":            wideWorldImporters,
}

// Names lists the sets that can be read, sorted.
func Names() []string { return slices.Sorted(maps.Keys(readers)) }

// Open reads the set of that name from its folder. A row that cannot be read is skipped and listed; a file that cannot is an error.
func Open(name, dir string) (*Set, error) {
	read, ok := readers[name]
	if !ok {
		return nil, fmt.Errorf("no data set %q: known are %v", name, Names())
	}
	s := &Set{Name: name, Settings: setting.Settings{Clock: setting.Log, Costs: setting.DefaultCosts()}}
	if err := read(dir, s); err != nil {
		return nil, fmt.Errorf("data set %s: %w", name, err)
	}
	slices.SortStableFunc(s.Records, func(a, b history.Record) int { return int(a.At - b.At) })
	return s, nil
}

// add appends an event that arrived when it happened.
func (s *Set) add(family event.Family, e event.Event) {
	e.Source = s.Name
	s.Records = append(s.Records, history.New(family, &e, e.Time))
}
