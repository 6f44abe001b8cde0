package verdict

import (
	"errors"
	"math"

	"andon/schemas/event"
	"andon/schemas/identity"
	"andon/schemas/member"

	"github.com/segmentio/encoding/json"
)

// Decode reads one record value of andon.verdicts; unknown members are ignored. The strings of v share the memory of value.
func Decode(value []byte, v *Verdict) error {
	if written(value, v) {
		return nil
	}
	*v = Verdict{}
	rest, err := json.Parse(value, v, json.ZeroCopy|json.DontMatchCaseInsensitiveStructFields)
	if err == nil && len(rest) > 0 {
		err = errors.New("bytes after the verdict")
	}
	return err
}

// written reads what Append writes; false when it is something else.
func written(value []byte, v *Verdict) bool {
	r := member.Read(value)
	*v = Verdict{
		ID: member.As(&r, `"verdict_id":`, identity.Parse), Tenant: r.Text(`"tenant":`), Code: r.Text(`"code":`), Subject: r.Text(`"subject":`),
		Episode: r.Text(`"episode":`), Site: r.Text(`"site":`),
		JudgedAt: member.As(&r, `"judged_at":`, event.ParseTime), DetectedAt: member.As(&r, `"detected_at":`, event.ParseTime),
		Rule: r.Text(`"rule":`), RuleSays: Says(r.Text(`"rule_says":`)), RuleMissing: r.Text(`"rule_missing":`),
		Mode: Mode(r.Text(`"mode":`)), CanaryBP: r.Integer32(`"canary_bp":`), Bundle: r.Text(`"bundle":`), Model: r.Text(`"model":`),
		Score: r.Number(`"score":`), Reason: r.Text(`"reason":`), ThresholdBP: r.Integer32(`"threshold_bp":`),
		DecidedBy: Decider(r.Text(`"decided_by":`)), Raised: r.Flag(`"raised":`),
		Selection: Selection(r.Text(`"selection":`)), PropensityBP: r.Integer32(`"propensity_bp":`), Features: r.Text(`"features":`),
	}
	if r.Numbers(`"values":`, math.NaN(), func(f float64) { v.Values = append(v.Values, f) }) && v.Values == nil {
		v.Values = Values{}
	}
	v.ExceptionID = member.As(&r, `"exception_id":`, identity.Parse)
	return r.Done()
}
