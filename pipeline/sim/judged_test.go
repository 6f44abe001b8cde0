package sim

import (
	"andon/pipeline"
	"andon/schemas/event"
	judgement "andon/schemas/verdict"
)

// ruled is what the undisturbed run goes by: what holds in the beginning, and nothing after it.
func (l *life) ruled() *pipeline.ControlLog {
	var c pipeline.ControlLog
	for i, code := range l.profile.governed {
		r := off(code)
		r.Object = r.Name()
		c.Add(int64(i), &r, int64(i)+1)
	}
	return &c
}

// checkJudgements sees that each judgement says who decided it and by what right, and that all are there that the undisturbed run comes to, each as often.
func (l *life) checkJudgements(records []pipeline.Record, calm []judgement.Verdict) int {
	list := make([]judgement.Verdict, len(records))
	for i, r := range records {
		if err := judgement.Decode(r.Value, &list[i]); err != nil {
			l.breach("a verdict: %v", err)
		}
		l.fired["decided by "+string(list[i].DecidedBy)]++
		if why := unfounded(&list[i]); why != "" {
			l.breach("%s: %.800s", why, r.Value)
		}
	}
	if !l.twoTopics() { // else what was read first from which shows in what was asked
		l.same("judgement", judged(list), judged(calm))
	}
	return len(list)
}

// judged is each judgement less what a model made of it.
func judged(list []judgement.Verdict) (texts []string) {
	for _, v := range list {
		v.DetectedAt, v.Mode, v.CanaryBP, v.Bundle, v.Model, v.Score, v.Reason, v.ThresholdBP = 0, "", 0, "", "", nil, "", 0
		v.DecidedBy, v.Raised, v.Selection, v.PropensityBP, v.ExceptionID = "", false, "", 0, judgement.ID{}
		texts = append(texts, string(judgement.Append(nil, &v)))
	}
	return texts
}

// unfounded says what of a verdict does not fit together.
func unfounded(v *judgement.Verdict) string {
	asked := v.Mode != judgement.Off
	inCharge := v.Mode == judgement.Live || v.Mode == judgement.Canary
	switch {
	case v.JudgedAt < event.MinTime || v.DetectedAt < event.MinTime:
		return "it was judged or detected at no time"
	case asked && (v.Bundle == "" || v.ThresholdBP == 0) || !asked && (v.Score != nil || v.Reason != "" || v.Model != ""):
		return "mode and model do not agree"
	case asked && (v.Score == nil) == (v.Reason == "" || v.Reason == judgement.GuardDrift || v.Reason == judgement.GuardSilent) && v.Score == nil:
		return "there is neither score nor reason"
	case v.DecidedBy == judgement.ByModel && (v.Score == nil || !inCharge):
		return "a model decided that did not answer, or may not"
	case v.DecidedBy == judgement.ByFallback && (v.Reason == "" || !inCharge):
		return "a fallback without reason"
	case v.DecidedBy != judgement.ByModel && v.Raised != (v.RuleSays == judgement.Raise):
		return "the rule decided, and said something else"
	}
	return ""
}
