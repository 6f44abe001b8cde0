package train

import (
	"cmp"
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
	"strings"

	"andon/pipeline/scorer/bundle"
	"andon/pipeline/scorer/logistic"
	"andon/replay/examples"
	"andon/schemas/event"
)

// About is what a bundle says of itself beside what follows from its rows.
type About struct {
	Name           string
	Version        int
	Author, Source string
	Label          string // what it says when it is true
}

// Bundle fits a logistic regression and makes a bundle of it. The groups that began last, a quarter of them, are kept apart for the figures; then
// the model is fitted to all rows.
func Bundle(l *examples.Labelled, about About) (*bundle.Bundle, error) {
	if len(l.Labels) == 0 {
		return nil, errors.New("no row is labelled and mature")
	}
	names := make([]string, len(l.Features))
	for j, f := range l.Features {
		names[j] = f.Name
	}
	early, late := apart(l)
	first, err := fit(l, early, names)
	if err != nil {
		return nil, err
	}
	on := fmt.Sprintf("the last quarter of the groups, %d rows", len(late))
	m := bundle.Manifest{
		Name: about.Name, Version: about.Version, Format: bundle.Logistic, Model: bundle.File{Name: "model.json"},
		Features: bundle.Features{Set: l.Set}, Training: bundle.Training{Source: about.Source, Rows: int64(len(l.Labels))},
		Label:      bundle.Label{Definition: about.Label, Maturity: l.Maturity},
		Calibrator: bundle.Calibrator{Kind: bundle.None}, Author: about.Author,
	}
	for _, f := range l.Features {
		m.Features.Columns = append(m.Features.Columns, bundle.Column{Name: f.Name, Unit: f.Unit, Missing: bundle.Missing(f.Missing)})
	}
	scores, err := answers(first, l, late)
	if err != nil {
		return nil, err
	}
	m.Metrics = metrics(l, late, scores, on)
	m.Thresholds = []bundle.Threshold{threshold(l, late, scores)}
	model, err := fit(l, all(len(l.Labels)), names)
	if err != nil {
		return nil, err
	}
	m.Training.From, m.Training.Until = l.At[0], l.At[0]
	for i, at := range l.At {
		m.Training.From, m.Training.Until = min(m.Training.From, at), max(m.Training.Until, at+event.Second)
		if l.Labels[i] {
			m.Training.Positives++
		}
	}
	m.Card = card(l, &m)
	file, err := json.Marshal(model)
	if err != nil {
		return nil, fmt.Errorf("write the model: %w", err)
	}
	golden, err := goldenRows(model, l)
	if err != nil {
		return nil, err
	}
	return bundle.New(m, append(file, '\n'), golden)
}

// apart splits the rows by when their groups began, and leaves out of the early ones what was not known yet when the late ones began.
func apart(l *examples.Labelled) (early, late []int) {
	began := map[string]event.Micros{}
	for i, g := range l.Groups {
		if at, there := began[g]; !there || l.At[i] < at {
			began[g] = l.At[i]
		}
	}
	starts := make([]event.Micros, 0, len(began))
	for _, at := range began {
		starts = append(starts, at)
	}
	slices.Sort(starts)
	for i, g := range l.Groups {
		switch from := starts[len(starts)*3/4]; {
		case began[g] >= from:
			late = append(late, i)
		case l.Known[i] <= from:
			early = append(early, i)
		}
	}
	return early, late
}

func all(n int) []int {
	rows := make([]int, n)
	for i := range rows {
		rows[i] = i
	}
	return rows
}

func fit(l *examples.Labelled, rows []int, names []string) (*logistic.Model, error) {
	values, labels := make([][]float64, len(rows)), make([]bool, len(rows))
	for k, i := range rows {
		values[k], labels[k] = l.Values[i], l.Labels[i]
	}
	return Logistic(values, labels, Options{Names: names})
}

func answers(m *logistic.Model, l *examples.Labelled, rows []int) ([]float64, error) {
	var values []float64
	for _, i := range rows {
		values = append(values, l.Values[i]...)
	}
	scores := make([]float64, len(rows))
	return scores, m.Score(values, len(rows), scores)
}

// metrics are PR-AUC and ROC-AUC with 95 % intervals, the rule's beside them.
func metrics(l *examples.Labelled, rows []int, scores []float64, on string) []bundle.Metric {
	labels, groups, rule := make([]bool, len(rows)), make([]string, len(rows)), make([]float64, len(rows))
	for k, i := range rows {
		labels[k], groups[k] = l.Labels[i], l.Groups[i]
		if l.Rule[i] {
			rule[k] = 1
		}
	}
	var list []bundle.Metric
	for _, of := range []struct {
		name   string
		scores []float64
	}{{"model", scores}, {"rule", rule}} {
		pr, roc := intervals(of.scores, labels, groups)
		list = append(list, bundle.Metric{Name: "pr_auc_" + of.name, Value: pr[0], Low: pr[1], High: pr[2], On: on},
			bundle.Metric{Name: "roc_auc_" + of.name, Value: roc[0], Low: roc[1], High: roc[2], On: on})
	}
	return list
}

// threshold proposes from which score on to raise: where precision and recall together (F1) are best.
func threshold(l *examples.Labelled, rows []int, scores []float64) bundle.Threshold {
	order, positives := all(len(rows)), 0.0
	slices.SortFunc(order, func(a, b int) int { return cmp.Compare(scores[b], scores[a]) })
	for _, i := range rows {
		if l.Labels[i] {
			positives++
		}
	}
	found, best, at := 0.0, -1.0, 0.5
	for n, k := range order {
		if l.Labels[rows[k]] {
			found++
		}
		if f := 2 * found / (float64(n+1) + positives); f > best {
			best, at = f, scores[k]
		}
	}
	bp := min(9999, max(1, int32(math.Floor(at*10_000))))
	return bundle.Threshold{Code: l.Code, ThresholdBP: bp, ClearBP: bp * 8 / 10}
}

// goldenCount is how many golden rows a bundle gets; every second has some values missing.
const goldenCount = 200

func goldenRows(m *logistic.Model, l *examples.Labelled) ([]bundle.Row, error) {
	random := rand.New(rand.NewPCG(1, uint64(len(l.Values))))
	rows := make([]bundle.Row, goldenCount)
	for i := range rows {
		values := slices.Clone(l.Values[random.IntN(len(l.Values))])
		for j := range values {
			if i%2 == 0 && l.Features[j].Missing != "needed" && random.IntN(4) == 0 {
				values[j] = math.NaN()
			}
		}
		score := []float64{0}
		if err := m.Score(values, 1, score); err != nil {
			return nil, err
		}
		rows[i] = bundle.Row{Features: values, Score: score[0]}
	}
	return rows, nil
}

func card(l *examples.Labelled, m *bundle.Manifest) string {
	var text strings.Builder
	fmt.Fprintf(&text, "# %s\n\nA logistic regression that answers %s: how likely it is that %s. Trained on %s: %d rows, %d positive. Tested on %s:\n\n",
		m.ID(), l.Code, m.Label.Definition, m.Training.Source, m.Training.Rows, m.Training.Positives, m.Metrics[0].On)
	for _, x := range m.Metrics {
		fmt.Fprintf(&text, "- %s %.3f (%.3f to %.3f)\n", x.Name, x.Value, x.Low, x.High)
	}
	text.WriteString("\nIt adds up weights: what only matters together with something else it does not see.\n")
	return text.String()
}
