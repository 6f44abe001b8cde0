package main

import (
	"context"
	"encoding/json"
	"fmt"
	"log/slog"
	"math"
	"slices"

	"andon/pipeline/audit"
	"andon/pipeline/scorer"
	"andon/replay/train"
	"andon/schemas/beat"
	"andon/schemas/exception"
	judgement "andon/schemas/verdict"

	"github.com/prometheus/client_golang/prometheus"
)

// judged notes a judgement, less what a model made of it: what it is about, what the rule said, the features.
func (o *outputs) judged(v judgement.Verdict) {
	v.Mode, v.CanaryBP, v.Bundle, v.Model, v.Score, v.Reason, v.ThresholdBP = "", 0, "", "", nil, "", 0
	v.DecidedBy, v.Raised, v.Selection, v.PropensityBP, v.ExceptionID = "", false, "", 0, judgement.ID{}
	o.judgements[string(judgement.Append(nil, &v))]++
}

// answers are the answers of models that a run's verdicts tell of.
type answers struct {
	asked  []beat.Request
	scores []float64
	by     map[judgement.Decider]float64
}

func (a *answers) add(v *judgement.Verdict) {
	a.by[v.DecidedBy]++
	if v.Score != nil {
		a.asked = append(a.asked, beat.Request{Code: v.Code, Bundle: v.Bundle, Model: v.Model, Features: v.Values})
		a.scores = append(a.scores, *v.Score)
	}
}

// checkAnswers asks the models again, about what the verdicts say they were asked: another answer than the one that stands was given to another question.
func (x *chaosRun) checkAnswers(ctx context.Context, a *answers) error {
	r := scorer.New(x.models(), train.Sets, slog.New(slog.DiscardHandler), prometheus.NewRegistry())
	defer r.Close()
	if err := r.Load(ctx); err != nil {
		return err
	}
	wrong, example := 0, ""
	for i, reply := range r.Score(ctx, a.asked) {
		if reply.Reason != "" || math.Abs(reply.Score-a.scores[i]) > 0 {
			wrong++
			example = fmt.Sprintf("%s gives %v %s, %v stands there", a.asked[i].Bundle, reply.Score, reply.Reason, a.scores[i])
		}
	}
	x.want(wrong == 0, "%d of %d answers of models are not of the questions they stand with: %s", wrong, len(a.asked), example)
	x.row.Values["altered"] += float64(wrong)
	x.row.Values["scores"] = float64(len(a.asked))
	for by, n := range a.by {
		x.row.Values["verdicts_by_"+string(by)] = n
	}
	return nil
}

// byModels are the exceptions of codes that models may decide: what stands of them hangs on when which policy came to which lane, so there is no
// undisturbed run to compare with. That they are what their beats came to, verify says.
type byModels map[exception.ID][]int32 // revisions

// checkDecided sees that each has its revisions, each once.
func (x *chaosRun) checkDecided(d byModels) {
	missing, doubled := 0, 0
	for _, revisions := range d {
		slices.Sort(revisions)
		once := slices.Compact(slices.Clone(revisions))
		doubled += len(revisions) - len(once)
		missing += int(once[len(once)-1]) - len(once)
	}
	x.want(missing+doubled == 0, "of %d exceptions that models may decide %d revisions are missing and %d doubled", len(d), missing, doubled)
	x.row.Values["missing"] += float64(missing)
	x.row.Values["doubled"] += float64(doubled)
}

// verify runs every beat of the journal again by andon verify, with the answers it keeps, and holds every record of the topics against what comes of it.
func (x *chaosRun) verify(ctx context.Context) error {
	out, err := x.tool(ctx, "verify", "--json")
	var r audit.Report
	if e := json.Unmarshal(out, &r); e != nil {
		return fmt.Errorf("andon verify: %w: %w", err, e)
	}
	t, wrong := r.Total(), r.Count()
	for _, u := range r.Unchecked {
		wrong += int(u.Count)
	}
	for _, f := range r.Findings[:min(len(r.Findings), 5)] {
		x.want(false, "andon verify: %s, lane %s: %s", f.Kind, f.Lane, f.Says)
	}
	for _, u := range r.Unchecked[:min(len(r.Unchecked), 5)] {
		x.want(false, "andon verify: lane %s, entries %d to %d are not checked: %s", u.Lane, u.From, u.To, u.Says)
	}
	x.want(err == nil && wrong == 0 && t.Entries > 0 && t.Checked == t.Entries, "andon verify: %d of %d entries are checked: %v", t.Checked, t.Entries, err)
	x.row.Values["entries"], x.row.Values["outputs"], x.row.Values["findings"] = float64(t.Checked), float64(t.Compared), float64(wrong)
	return nil
}
