package examples

import (
	"cmp"
	"iter"
	"strconv"

	"andon/replay"
	"andon/schemas/decision"
	"andon/schemas/verdict"
)

// knownAs is, of codes that only foresee, the code that says afterwards what came of it. What was foreseen is no truth.
var knownAs = map[string]string{"CA-05": "CA-04", "pick_short_risk": "PI-01", "asn_short_risk": "IN-01"}

// Decide decides about every judgement of some codes by what is true of its entity: as an observer would who sees all, once the window has closed.
// Judgements of an order with several cartons are left undecided where the truth is about one of them, since it does not say which.
func Decide(codes []string, verdicts []verdict.Verdict, truth iter.Seq[replay.Pair], source decision.Source) []decision.Decision {
	holds := map[replay.Pair]bool{}
	for p := range truth {
		holds[p] = true
	}
	wanted := map[string]bool{}
	for _, code := range codes {
		wanted[code] = true
	}
	cartons := cartonsOf(verdicts)
	var list []decision.Decision
	for i := range verdicts {
		v := &verdicts[i]
		if !wanted[v.Code] || len(v.Values) == 0 || v.Code == "PA-03" && len(cartons[GroupOf(v)]) > 1 {
			continue
		}
		d := decision.Decision{
			ItemID: v.ID, ItemKind: decision.Verdict, Tenant: v.Tenant, Code: v.Code, Subject: v.Subject, Verdict: decision.FalseAlarm,
			Reviewer: "outcome", DecidedAt: matures(v), Source: source, Selection: decision.Random, PropensityBP: verdict.Certain,
			IdempotencyKey: "outcome-" + strconv.FormatInt(int64(v.JudgedAt), 10),
		}
		if holds[replay.Pair{Code: cmp.Or(knownAs[v.Code], v.Code), Subject: v.Subject}] {
			d.Verdict = decision.Confirmed
		}
		d.Complete()
		list = append(list, d)
	}
	return list
}

// cartonsOf is the cartons weighed of each order.
func cartonsOf(verdicts []verdict.Verdict) map[string]map[string]bool {
	cartons := map[string]map[string]bool{}
	for i := range verdicts {
		v := &verdicts[i]
		if v.Code != "PA-03" {
			continue
		}
		of := GroupOf(v)
		if cartons[of] == nil {
			cartons[of] = map[string]bool{}
		}
		cartons[of][v.Episode] = true
	}
	return cartons
}
