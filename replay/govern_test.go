package replay_test

import (
	"context"
	"maps"
	"slices"
	"strings"
	"testing"

	"andon/detectors/policy"
	"andon/detectors/setting"
	"andon/pipeline"
	"andon/pipeline/mem"
	"andon/replay"
	"andon/replay/baseline"
	"andon/replay/history"
	"andon/replay/simulate"
	"andon/schemas/beat"
	"andon/schemas/control"
	"andon/schemas/event"
	"andon/schemas/exception"
	"andon/schemas/verdict"

	"github.com/cespare/xxhash/v2"
)

// contested are the codes and risks a model may be asked about.
var contested = []string{"CA-03", "CA-05", "PA-03", "PI-05", "asn_short_risk", "pick_short_risk"}

// scored is a scorer made of a function.
type scored func(context.Context, []beat.Request) []beat.Reply

func (s scored) Score(ctx context.Context, requests []beat.Request) []beat.Reply {
	return s(ctx, requests)
}

// each answers each question alike.
func each(reply func(*beat.Request) beat.Reply) pipeline.Scorer {
	return scored(func(_ context.Context, requests []beat.Request) (replies []beat.Reply) {
		for i := range requests {
			replies = append(replies, reply(&requests[i]))
		}
		return replies
	})
}

// opinions is a model that says yes of some subjects, and no of others.
var opinions = each(func(r *beat.Request) beat.Reply {
	return beat.Reply{Score: float64(xxhash.Sum64String(r.Subject)%1000) / 1000}
})

// judged is a simulated day as it is judged under a policy for every contested code; mode "" is without any.
func judged(t *testing.T, mode verdict.Mode, models pipeline.Scorer) *replay.Line {
	t.Helper()
	usual, err := baseline.Simulated()
	if err != nil {
		t.Fatal(err)
	}
	day, _ := simulate.Day(simulate.Config{Seed: 5, Orders: 250, Start: event.MinTime + 36*365*event.Day})
	l := replay.NewLine(setting.Settings{Clock: setting.Log, Costs: setting.DefaultCosts(), Reference: usual})
	var records []control.Record
	for _, code := range contested {
		p := control.Policy{Code: code, Mode: mode, Bundle: "b@1", ThresholdBP: 5000, SampleBP: 10_000, Floor: exception.Critical}
		if mode == verdict.Canary {
			p.CanaryBP = 2000
		}
		r := control.Record{Version: 1, Kind: control.KindPolicy, Author: "ada", Policy: &p}
		r.Complete()
		records = append(records, r)
	}
	if mode != "" {
		l.Govern(records, models)
	}
	l.Append(history.Ticked(day, replay.Partitions, history.SimulateStep, history.SimulateLateness))
	if err := l.Run(t.Context(), mem.Options{}); err != nil {
		t.Fatal(err)
	}
	return l
}

// written are the revisions of the subjects that fit, each as its record, sorted: lanes come in any order.
func written(l *replay.Line, fits func(tenant, subject string) bool) (all []string) {
	revisions, _, _ := l.Outputs()
	for i := range revisions {
		if x := &revisions[i]; fits(x.Tenant, x.Subject) {
			all = append(all, string(exception.Append(nil, x)))
		}
	}
	slices.Sort(all)
	return all
}

// In shadow a model changes no byte of any exception; a canary changes none outside its share, and something within.
func TestShadowAndCanaryLeaveTheRestAlone(t *testing.T) {
	all := func(string, string) bool { return true }
	outside := func(tenant, subject string) bool {
		return policy.PlaceOf(xxhash.Sum64String(tenant+"\x00"+subject)).Canary >= 2000
	}
	inside := func(tenant, subject string) bool { return !outside(tenant, subject) }
	rules, shadow, canary := judged(t, "", nil), judged(t, verdict.Shadow, opinions), judged(t, verdict.Canary, opinions)
	if !slices.Equal(written(rules, all), written(shadow, all)) {
		t.Error("a model in shadow changes exceptions")
	}
	if !slices.Equal(written(rules, outside), written(canary, outside)) {
		t.Error("a canary changes exceptions outside its share")
	}
	if slices.Equal(written(rules, inside), written(canary, inside)) {
		t.Error("a canary changes nothing within its share")
	}
	by := map[verdict.Decider]int{}
	for _, v := range canary.Verdicts() {
		by[v.DecidedBy]++
	}
	if by[verdict.ByModel] == 0 || by[verdict.ByRule] < by[verdict.ByModel] {
		t.Errorf("decided: %v", by)
	}
}

// Whatever keeps a model from answering, the rule decides in its place: the very exceptions of the rules alone, at the very same instants of the lanes'
// time, each of the contested ones signed as a fallback with the reason.
func TestEveryFaultOfAModelFallsBack(t *testing.T) {
	alone := unsigned(judged(t, "", nil))
	for reason, models := range map[string]pipeline.Scorer{
		verdict.Timeout: scored(func(ctx context.Context, requests []beat.Request) []beat.Reply { // it hangs, as long as it is let
			<-ctx.Done()
			return slices.Repeat([]beat.Reply{{Reason: verdict.Timeout}}, len(requests))
		}),
		verdict.BreakerOpen:  each(func(*beat.Request) beat.Reply { return beat.Reply{Reason: verdict.BreakerOpen} }),
		verdict.BadOutput:    each(func(*beat.Request) beat.Reply { return beat.Reply{Reason: verdict.BadOutput} }),
		verdict.ModelMissing: each(func(*beat.Request) beat.Reply { return beat.Reply{Reason: verdict.ModelMissing} }),
	} {
		t.Run(reason, func(t *testing.T) {
			l := judged(t, verdict.Live, models)
			if got := unsigned(l); !maps.Equal(got, alone) {
				for key, was := range alone {
					if got[key] != was {
						t.Errorf("%s: %q, by the rules alone %q", key, got[key], was)
					}
				}
				t.Errorf("%d exceptions, the rules alone make %d", len(got), len(alone))
			}
			raised := 0
			for _, v := range l.Verdicts() {
				if v.DecidedBy != verdict.ByFallback || v.Reason != reason && v.Reason != verdict.LowCoverage || v.Raised != (v.RuleSays == verdict.Raise) {
					t.Fatalf("%+v", v)
				}
				if v.Raised {
					raised++
				}
			}
			if raised == 0 {
				t.Error("nothing contested was raised")
			}
		})
	}
}

// unsigned says of each revision of an exception where it stands and since when it was known, whoever decided it.
func unsigned(l *replay.Line) map[string]string {
	said := map[string]string{}
	revisions, _, _ := l.Outputs()
	for i := range revisions {
		x := &revisions[i]
		if !slices.Contains(contested, x.Code) {
			continue
		}
		key := x.ID.String() + " " + string(x.State)
		if _, known := said[key]; !known { // the first time it stood so
			said[key] = strings.Join([]string{x.OpenedAt.String(), x.DetectedAt.String()}, " ")
		}
	}
	return said
}
