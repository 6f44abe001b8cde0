package examples

import (
	"encoding/json"
	"math"

	"andon/replay/parquet"
	"andon/schemas/event"
	"andon/schemas/verdict"
)

// Note is what a table says of itself: under the name "andon", as JSON.
type Note struct {
	Code     string    `json:"code"`
	Set      string    `json:"set"` // of features, e.g. carrier/1
	Maturity string    `json:"maturity"`
	Features []Feature `json:"features"` // the last columns, in order
}

// Feature is a column that a model is fed.
type Feature struct {
	Name    string `json:"name"`
	Unit    string `json:"unit"`
	Missing string `json:"missing"` // keep or needed
}

// NoteName is the name of the note.
const NoteName = "andon"

// Prefix stands before the names of features among the columns.
const Prefix = "x_"

// Table is the rows as columns: what was judged, by whom, what became of it, then the features.
func (r *Rows) Table() *parquet.Table {
	code := ""
	if len(r.List) > 0 {
		code = r.List[0].Code
	}
	note := Note{Code: code, Set: r.Set.ID(), Maturity: Maturity(code)}
	t := &parquet.Table{}
	for _, name := range []string{"verdict_id", "tenant", "code", "subject", "episode", "site", "group"} {
		t.Columns = append(t.Columns, texts(name, r.List, texted[name]))
	}
	t.Columns = append(t.Columns,
		times("judged_at", r.List, func(x *Row) event.Micros { return x.JudgedAt }),
		texts("rule", r.List, func(x *Row) string { return x.Rule }),
		texts("rule_says", r.List, func(x *Row) string { return string(x.RuleSays) }),
		numbers("score", r.List, func(x *Row) float64 {
			if x.Score == nil {
				return math.NaN()
			}
			return *x.Score
		}),
		texts("bundle", r.List, func(x *Row) string { return x.Bundle }),
		texts("mode", r.List, func(x *Row) string { return string(x.Mode) }),
		texts("decided_by", r.List, func(x *Row) string { return string(x.DecidedBy) }),
		flags("raised", r.List, func(x *Row) (bool, bool) { return x.Raised, true }),
		texts("selection", r.List, func(x *Row) string { return string(x.Selection) }),
		integers("propensity_bp", r.List, func(x *Row) int64 { return int64(x.PropensityBP) }),
		flags("label", r.List, func(x *Row) (bool, bool) { return x.Label == Positive, x.Label != Unknown }),
		flags("mature", r.List, func(x *Row) (bool, bool) { return x.Mature, true }),
		times("matures_at", r.List, func(x *Row) event.Micros { return x.MaturesAt }),
		times("decided_at", r.List, func(x *Row) event.Micros { return x.By.DecidedAt }),
		texts("label_source", r.List, func(x *Row) string { return string(x.By.Source) }),
		texts("label_selection", r.List, func(x *Row) string { return string(x.By.Selection) }),
		integers("label_propensity_bp", r.List, func(x *Row) int64 { return int64(x.By.PropensityBP) }),
	)
	for i, f := range r.Set.Features {
		note.Features = append(note.Features, Feature{f.Name, f.Unit, f.Missing.String()})
		t.Columns = append(t.Columns, numbers(Prefix+f.Name, r.List, func(x *Row) float64 { return x.Values[i] }))
	}
	said, err := json.Marshal(note)
	if err != nil {
		panic("examples: encode the note: " + err.Error()) // it is strings only
	}
	t.Notes = map[string]string{NoteName: string(said)}
	return t
}

// texted are the columns that name a judgement. The group holds together what shares a label, so that no part of it is tested on what another part
// taught: an order's lines and cartons, a shipment's scans.
var texted = map[string]func(*Row) string{
	"verdict_id": func(x *Row) string { return x.ID.String() },
	"tenant":     func(x *Row) string { return x.Tenant },
	"code":       func(x *Row) string { return x.Code },
	"subject":    func(x *Row) string { return x.Subject },
	"episode":    func(x *Row) string { return x.Episode },
	"site":       func(x *Row) string { return x.Site },
	"group":      func(x *Row) string { return GroupOf(&x.Verdict) },
}

// GroupOf names what a judgement shares its label with.
func GroupOf(v *verdict.Verdict) string { return v.Tenant + "/" + v.Subject }

func texts(name string, rows []Row, of func(*Row) string) parquet.Column {
	list := make([]string, len(rows))
	for i := range rows {
		list[i] = of(&rows[i])
	}
	return parquet.Column{Name: name, Values: list}
}

func integers(name string, rows []Row, of func(*Row) int64) parquet.Column {
	list := make([]int64, len(rows))
	for i := range rows {
		list[i] = of(&rows[i])
	}
	return parquet.Column{Name: name, Values: list}
}

// numbers makes a column in which NaN is no value.
func numbers(name string, rows []Row, of func(*Row) float64) parquet.Column {
	list, valid := make([]float64, len(rows)), make([]bool, len(rows))
	for i := range rows {
		if x := of(&rows[i]); !math.IsNaN(x) {
			list[i], valid[i] = x, true
		}
	}
	return parquet.Column{Name: name, Values: list, Valid: valid}
}

func flags(name string, rows []Row, of func(*Row) (value, known bool)) parquet.Column {
	list, valid := make([]bool, len(rows)), make([]bool, len(rows))
	for i := range rows {
		value, known := of(&rows[i])
		list[i], valid[i] = value && known, known
	}
	return parquet.Column{Name: name, Values: list, Valid: valid}
}

// times makes a column in which 0 is no value.
func times(name string, rows []Row, of func(*Row) event.Micros) parquet.Column {
	list, valid := make([]event.Micros, len(rows)), make([]bool, len(rows))
	for i := range rows {
		list[i] = of(&rows[i])
		valid[i] = list[i] != 0
	}
	return parquet.Column{Name: name, Values: list, Valid: valid}
}
