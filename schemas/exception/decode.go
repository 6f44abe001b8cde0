package exception

import (
	"errors"
	"strconv"

	"andon/schemas/event"
	"andon/schemas/identity"
	"andon/schemas/member"

	"github.com/segmentio/encoding/json"
)

// Decode reads one record value of andon.exceptions; unknown members are ignored. The strings of x share the memory of value.
func Decode(value []byte, x *Exception) error {
	if written(value, x) {
		return nil
	}
	*x = Exception{}
	rest, err := json.Parse(value, x, json.ZeroCopy|json.DontMatchCaseInsensitiveStructFields)
	if err == nil && len(rest) > 0 {
		err = errors.New("bytes after the exception")
	}
	return err
}

// written reads what Append writes; false when it is something else.
func written(value []byte, x *Exception) bool {
	r := member.Read(value)
	*x = Exception{
		ID: member.As(&r, `"exception_id":`, identity.Parse), Revision: r.Integer32(`"revision":`), Tenant: r.Text(`"tenant":`), Code: r.Text(`"code":`), Subject: r.Text(`"subject":`),
		Episode: r.Text(`"episode":`), State: State(r.Text(`"state":`)), Change: Change(r.Text(`"change":`)), Severity: Severity(r.Text(`"severity":`)),
		DecidedBy: r.Text(`"decided_by":`), Fallback: r.Text(`"fallback":`), Model: r.Text(`"model":`), Site: r.Text(`"site":`), Item: r.Text(`"item":`), Line: r.Text(`"line":`),
		OpenedAt: member.As(&r, `"opened_at":`, event.ParseTime), ClearedAt: member.As(&r, `"cleared_at":`, event.ParseTime), DetectedAt: member.As(&r, `"detected_at":`, event.ParseTime), LateData: r.Flag(`"late_data":`),
		Unit: Unit(r.Text(`"unit":`)), Expected: r.Optional(`"expected":`), Observed: r.Optional(`"observed":`), Delta: r.Optional(`"delta":`),
		CostAtRiskMinor: r.Optional(`"cost_at_risk_minor":`), Currency: r.Text(`"currency":`), ProbabilityBP: r.Integer32(`"probability_bp":`),
		AvoidableBP: r.Integer32(`"avoidable_bp":`), UrgencyBP: r.Integer32(`"urgency_bp":`), PriorityScore: r.Optional(`"priority_score":`),
		Priority: Priority(r.Text(`"priority":`)), Deadline: member.As(&r, `"deadline":`, event.ParseTime), ActBy: member.As(&r, `"act_by":`, event.ParseTime),
		Reasons: []string{}, Evidence: Evidence{},
	}
	reasons := r.Texts(`"reasons":`, func(s string) bool { x.Reasons = append(x.Reasons, s); return true })
	evidence := r.Texts(`"evidence":`, x.Evidence.add)
	x.Rule = r.Text(`"rule":`)
	return reasons && evidence && r.Done()
}

// add appends what the 16 digits stand for.
func (ev *Evidence) add(digits string) bool {
	hash, err := strconv.ParseUint(digits, 16, 64)
	*ev = append(*ev, hash)
	return err == nil && len(digits) == 16
}
