package detectors

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"

	"andon/detectors/setting"
	"andon/detectors/unitcost"
	"andon/schemas/control"
	"andon/schemas/event"
)

// terms is what an engine judges by, worked out of settings. Nothing but the scratch of its book is written again: other settings make another.
type terms struct {
	settings  setting.Settings
	hash      string // names them, and those the lane began with when they came as a record
	rules     []compiled
	sends     sources
	forget    forget
	book      unitcost.Book
	priced    string // version of its rates
	reference *setting.Tables
}

// compile works out what settings mean for a family. The error names a setting that does not exist or makes no sense.
func compile(family event.Family, s setting.Settings) (t *terms, err error) {
	t = &terms{settings: s, hash: s.Hash(), book: unitcost.Book{Rates: s.Costs}, priced: s.Costs.Version()}
	if s.Clock != setting.Log && s.Clock != setting.Wall {
		return nil, fmt.Errorf("settings.clock: %q is neither log nor wall", s.Clock)
	}
	if t.rules, err = compileRules(family, s); err != nil {
		return nil, err
	}
	if t.forget, err = compileForget(s.Forget); err != nil {
		return nil, err
	}
	if err = checkCosts(s.Costs); err != nil {
		return nil, err
	}
	if t.reference, err = s.Reference.Tables(); err != nil {
		return nil, err
	}
	t.sends, err = compileSources(family, s.Sources)
	return t, err
}

// Revised is the settings a control record makes of those that hold: all of them, written as in the configuration; what it leaves out is as by
// default, but for the clock, which a lane keeps for good. The error names the setting that is wrong.
func Revised(s setting.Settings, r *control.Record) (setting.Settings, error) {
	revised, err := setting.Parse(r.Settings, s.Clock)
	if err != nil {
		return s, err
	}
	for _, family := range event.Families {
		if _, err := compile(family, revised); err != nil {
			return s, err
		}
	}
	return revised, nil
}

// revise judges by the settings of a control record from here on, all entities first. A record that makes no sense, which andon control apply
// refuses, changes nothing, today and whenever it is read again: then it reports false.
func (e *Engine) revise(r *control.Record) bool {
	was := e.lane.terms
	s, err := Revised(was.settings, r)
	if err != nil {
		return false
	}
	t, err := compile(e.family, s)
	if err != nil {
		return false
	}
	t.hash = RevisedHash(e.began, s)
	if t.hash == was.hash {
		return true
	}
	if was.forget.closed > 0 { // what may have been forgotten does not come back
		e.lane.floor = max(e.lane.floor, e.lane.time-was.forget.closed)
	}
	e.lane.terms = t
	e.lane.sweep = e.sweepAll()
	return true
}

// Settings names the settings in force: setting.Settings.Hash of those the lane began with, RevisedHash of others.
func (e *Engine) Settings() string { return e.lane.terms.hash }

// RevisedHash names settings that came as a record, on a lane that began with settings of the hash began: both are needed to run its journal again.
func RevisedHash(began string, s setting.Settings) string {
	sum := sha256.Sum256([]byte(began + " " + s.Hash()))
	return hex.EncodeToString(sum[:8])
}
