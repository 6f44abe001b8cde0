package bundle

import (
	"errors"
	"fmt"
	"regexp"
	"slices"
	"strings"

	"andon/schemas/event"
)

// Layout is the version of the bundle's layout that this program reads and writes.
const Layout = 1

// Manifest says what the model is, what it is fed, and how it came about.
type Manifest struct {
	Layout     int         `json:"layout"`  // Layout
	Name       string      `json:"name"`    // lower case letters, digits and '-'
	Version    int         `json:"version"` // 1 and up; what was given out under a name and version never changes
	Format     Format      `json:"format"`
	Model      File        `json:"model"`
	Golden     File        `json:"golden"` // its file is always golden.jsonl
	Features   Features    `json:"features"`
	Training   Training    `json:"training"`
	Label      Label       `json:"label"`
	Metrics    []Metric    `json:"metrics"`
	Calibrator Calibrator  `json:"calibrator"`
	Thresholds []Threshold `json:"thresholds"` // proposed; what is in force is the policy's
	Author     string      `json:"author"`
	Approver   string      `json:"approver,omitempty"` // who looked it over: another than the author; empty: nobody yet
	Card       string      `json:"card"`               // the model card, plain text or Markdown: what it is for, what it was trained on, where it fails
}

// ID is the name models are asked for by, e.g. carrier-lateness@1.
func (m *Manifest) ID() string { return fmt.Sprintf("%s@%d", m.Name, m.Version) }

// Format is what the model file holds.
type Format string

// The formats.
const (
	LightGBM Format = "lightgbm" // text, v2 to v4
	XGBoost  Format = "xgboost"  // JSON or UBJSON
	Logistic Format = "logistic" // JSON, see package logistic
	Remote   Format = "remote"   // JSON that names a server, see package oip
)

// File is one of the bundle's files. A directory that is yet to be packed may leave out hash and size.
type File struct {
	Name      string `json:"name"` // without folders
	SHA256    string `json:"sha256,omitempty"`
	SizeBytes int64  `json:"size_bytes,omitempty"`
}

// Features is what the model is fed: the columns of a row, in order.
type Features struct {
	Set     string   `json:"set"` // name and version, e.g. carrier/1
	Columns []Column `json:"columns"`
}

// Column is one feature.
type Column struct {
	Name    string  `json:"name"`
	Unit    string  `json:"unit"` // empty: a plain number
	Missing Missing `json:"missing"`
}

// Missing says what happens when a feature has no value.
type Missing string

// The policies.
const (
	Keep   Missing = "keep"   // the model is told that it is missing
	Needed Missing = "needed" // the model is not asked
)

// Training is what the model was fitted to.
type Training struct {
	Source    string       `json:"source"` // where the rows are from, e.g. "simulator, seed 7, 200,000 orders"
	From      event.Micros `json:"from"`   // of the judgements: the first, and the end after the last
	Until     event.Micros `json:"until"`
	Rows      int64        `json:"rows"`
	Positives int64        `json:"positives"`
}

// Label is what the probability is a probability of.
type Label struct {
	Definition string `json:"definition"`
	Maturity   string `json:"maturity"` // when a label counts as known
}

// Metric is a figure of merit with its 95 % interval.
type Metric struct {
	Name  string  `json:"name"` // e.g. pr_auc
	Value float64 `json:"value"`
	Low   float64 `json:"low"`
	High  float64 `json:"high"`
	On    string  `json:"on"` // the rows it was measured on
}

// Threshold proposes, for one code, from which score on the model raises, and below which it clears, in basis points.
type Threshold struct {
	Code        string `json:"code"`
	ThresholdBP int32  `json:"threshold_bp"`
	ClearBP     int32  `json:"clear_bp"`
}

// What a manifest may hold.
const (
	columnsMax = 4096
	textMax    = 1024
	cardMax    = 64 << 10
	listMax    = 1000
	versionMax = 1_000_000
	fullBP     = 10_000
)

var (
	bundleName  = regexp.MustCompile(`^[a-z0-9][a-z0-9-]{0,63}$`)
	fileName    = regexp.MustCompile(`^[A-Za-z0-9_][A-Za-z0-9._-]{0,99}$`)
	featureSet  = regexp.MustCompile(`^[a-z][a-z0-9_]{0,63}/[1-9][0-9]{0,5}$`)
	featureName = regexp.MustCompile(`^[A-Za-z][A-Za-z0-9_]{0,99}$`)
)

// check says what is wrong with the first wrong value, and what it may be.
func (m *Manifest) check() error {
	switch {
	case m.Layout != Layout:
		return fmt.Errorf("layout is %d, this program knows %d", m.Layout, Layout)
	case !bundleName.MatchString(m.Name):
		return fmt.Errorf("name %q: lower case letters, digits and '-', e.g. carrier-lateness", m.Name)
	case m.Version < 1 || m.Version > versionMax:
		return fmt.Errorf("version %d: 1 to %d", m.Version, versionMax)
	case !slices.Contains([]Format{LightGBM, XGBoost, Logistic, Remote}, m.Format):
		return fmt.Errorf("format %q: lightgbm, xgboost, logistic or remote", m.Format)
	case !fileName.MatchString(m.Model.Name) || m.Model.Name == manifestFile || m.Model.Name == goldenFile:
		return fmt.Errorf("model.name %q: the name of the model file beside the manifest, e.g. model.txt", m.Model.Name)
	case m.Golden.Name != goldenFile:
		return fmt.Errorf("golden.name %q: it is %s", m.Golden.Name, goldenFile)
	case m.Author == "":
		return errors.New("author: say who made the model")
	case m.Approver == m.Author:
		return errors.New("approver: another than the author, or nobody yet")
	case m.Card == "" || len(m.Card) > cardMax:
		return fmt.Errorf("card: say what the model is for and where it fails, in 1 to %d bytes", cardMax)
	}
	for _, check := range []func() error{m.Features.check, m.Training.check, m.checkLists, m.checkTexts, m.Calibrator.check} {
		if err := check(); err != nil {
			return err
		}
	}
	return nil
}

func (f *Features) check() error {
	if !featureSet.MatchString(f.Set) {
		return fmt.Errorf("features.set %q: name and version, e.g. carrier/1", f.Set)
	}
	if n := len(f.Columns); n == 0 || n > columnsMax {
		return fmt.Errorf("features.columns: %d of them; 1 to %d", n, columnsMax)
	}
	seen := map[string]bool{}
	for i, c := range f.Columns {
		switch {
		case !featureName.MatchString(c.Name) || seen[c.Name]:
			return fmt.Errorf("features.columns: the name of column %d, %q: letters, digits and '_', and each once", i, c.Name)
		case len(c.Unit) > textMax:
			return fmt.Errorf("features.columns: %s: a unit of %d bytes", c.Name, len(c.Unit))
		case c.Missing != Keep && c.Missing != Needed:
			return fmt.Errorf("features.columns: %s: missing is %q; keep or needed", c.Name, c.Missing)
		}
		seen[c.Name] = true
	}
	return nil
}

// Names are the names of the columns, in order.
func (f *Features) Names() []string {
	names := make([]string, len(f.Columns))
	for i := range f.Columns {
		names[i] = f.Columns[i].Name
	}
	return names
}

func (t *Training) check() error {
	if t.Source == "" {
		return errors.New("training.source: say where the rows are from")
	}
	if t.From < event.MinTime || t.From >= t.Until {
		return errors.New("training: from and until are instants in RFC 3339, UTC, the first before the second, e.g. 2026-03-01T00:00:00Z")
	}
	if t.Positives < 0 || t.Positives > t.Rows {
		return fmt.Errorf("training: %d positives of %d rows", t.Positives, t.Rows)
	}
	return nil
}

func (m *Manifest) checkLists() error {
	if len(m.Metrics) > listMax || len(m.Thresholds) > listMax {
		return fmt.Errorf("metrics, thresholds: %d each at most", listMax)
	}
	for _, x := range m.Metrics {
		if x.Name == "" || x.On == "" {
			return errors.New("metrics: each needs its name, and on which rows it was measured")
		}
	}
	for _, t := range m.Thresholds {
		if t.Code == "" || t.ClearBP < 0 || t.ClearBP > t.ThresholdBP || t.ThresholdBP > fullBP {
			return fmt.Errorf("thresholds: %q raises at %d and clears below %d: a code, and basis points from 0 to %d, clear_bp the lower",
				t.Code, t.ThresholdBP, t.ClearBP, fullBP)
		}
	}
	return nil
}

func (m *Manifest) checkTexts() error {
	if m.Label.Definition == "" || m.Label.Maturity == "" {
		return errors.New("label: say what it is, and when it counts as known")
	}
	texts := []string{m.Author, m.Approver, m.Training.Source, m.Label.Definition, m.Label.Maturity}
	for _, x := range m.Metrics {
		texts = append(texts, x.Name, x.On)
	}
	for _, t := range m.Thresholds {
		texts = append(texts, t.Code)
	}
	for _, s := range texts {
		if len(s) > textMax {
			return fmt.Errorf("a text of %d bytes that begins %q: %d at most, longer ones belong into the card", len(s), strings.ToValidUTF8(s[:40], ""), textMax)
		}
	}
	return nil
}

// Calibrator turns what the model says into a probability, and never changes which of two rows it holds for likelier.
type Calibrator struct {
	Kind CalibratorKind `json:"kind"`
	A    float64        `json:"a,omitempty"` // platt: the log-odds times a, above 0, plus b
	B    float64        `json:"b,omitempty"`
	X    []float64      `json:"x,omitempty"` // isotonic: where the line through the points (x, y) stands; x rises, y never falls
	Y    []float64      `json:"y,omitempty"`
}

// CalibratorKind names a way of calibrating.
type CalibratorKind string

// The kinds.
const (
	None     CalibratorKind = "none" // the model says probabilities already
	Platt    CalibratorKind = "platt"
	Isotonic CalibratorKind = "isotonic"
)

func (c *Calibrator) check() error {
	points := len(c.X)
	switch {
	case c.Kind == None && c.A == 0 && c.B == 0 && points == 0 && len(c.Y) == 0:
		return nil
	case c.Kind == Platt && c.A > 0 && points == 0 && len(c.Y) == 0:
		return nil
	case c.Kind == Isotonic && c.A == 0 && c.B == 0 && points >= 2 && points <= 10_000 && points == len(c.Y):
		for i := range points {
			if !(c.X[i] >= 0 && c.X[i] <= 1 && c.Y[i] >= 0 && c.Y[i] <= 1) || i > 0 && (c.X[i] <= c.X[i-1] || c.Y[i] < c.Y[i-1]) {
				return fmt.Errorf("calibrator: point %d: within 0 and 1, x above the one before, y not below it", i)
			}
		}
		return nil
	default:
		return fmt.Errorf("calibrator %q: none, or platt with a above 0 and b, or isotonic with 2 to 10,000 points x and y", c.Kind)
	}
}
