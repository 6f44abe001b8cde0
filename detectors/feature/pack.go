package feature

import (
	"andon/detectors/rule"
	"andon/schemas/event"
)

// pack is asked for PA-03, at a weighing.
var pack = Set{
	Name: "pack", Version: 1, fill: fillPack,
	About: "a carton, at each weighing (PA-03)",
	Features: []Feature{
		paGrossG:       {"gross_g", "g", "what the carton weighs; missing when it was not weighed", Needed},
		paExpectedG:    {"expected_g", "g", "what the items packed into it and an empty carton of the site weigh (weights, cartons); missing when one of these is unknown or nothing was packed", Needed},
		paResidG:       {"resid_g", "g", "gross_g less expected_g", Needed},
		paResidFrac:    {"resid_frac", "", "resid_g over expected_g", Keep},
		paResidZ:       {"wt_resid_z", "", "resid_g in standard deviations of what is expected; missing when that does not vary", Keep},
		paLightestG:    {"lightest_g", "g", "the lightest unit packed into it", Keep},
		paHeaviestG:    {"heaviest_g", "g", "the heaviest", Keep},
		paResidUnits:   {"resid_units", "", "resid_g over lightest_g", Keep},
		paExplanations: {"alt_explanations", "", "items packed of which one unit more or less explains resid_g to 3 standard deviations; 9 is nine or more", Keep},
		paPieces:       {"pieces", "unit", "base units packed into it", Keep},
		paPacks:        {"packs", "", "how often something was put into it", Keep},
		paUnknown:      {"weight_unknown", "", "part of these whose item has no reference weight", Keep},
		paOpenings:     {"openings", "", "how often it was opened", Keep},
		paWeighings:    {"weighings", "", "how often it was closed or weighed", Keep},
		paPackS:        {"pack_s", "s", "from its last opening to the weighing", Keep},
		paClosings:     {"closings", "", "how often a carton of the order was closed so far, this time included", Keep},
		paPackedFrac:   {"packed_frac", "", "quantity packed into all cartons until the weighing over the quantity picked", Keep},
		paHourOfWeekH:  {"hour_of_week_h", "h", "hour of the week of the instant judged, UTC: 0 begins on Monday at midnight", Keep},
		paHourOfDayH:   {"hour_of_day_h", "h", "hour of the day of that instant, UTC", Keep},
	},
}

// The places of the features.
const (
	paGrossG = iota
	paExpectedG
	paResidG
	paResidFrac
	paResidZ
	paLightestG
	paHeaviestG
	paResidUnits
	paExplanations
	paPieces
	paPacks
	paUnknown
	paOpenings
	paWeighings
	paPackS
	paClosings
	paPackedFrac
	paHourOfWeekH
	paHourOfDayH
)

func fillPack(r row, c *rule.Context) {
	r.count(paHourOfWeekH, hourOfWeek(c.Now))
	r.count(paHourOfDayH, hourOfWeek(c.Now)%24)
	scale := weighing(c)
	if scale == nil {
		return
	}
	b := boxOf(c, scale)
	b.counts(r)
	if scale.Weight > 0 {
		r.count(paGrossG, scale.Weight)
	}
	site := ""
	if order, _ := inForce(c.Facts, event.OrderReleased, c.Now); order != nil {
		site = order.Doc.Site
	}
	if empty, ok := c.Reference.Carton(site); ok && b.packs > 0 && b.unknown == 0 {
		b.grams += empty.WeightG
		b.variance = square(b.variance, empty.SDMG)
		b.weights(r, c)
	}
}

// counts sets what is counted of a carton.
func (b *box) counts(r row) {
	r.base(paPieces, b.pieces)
	r.count(paPacks, b.packs)
	r.over(paUnknown, b.unknown, b.packs)
	r.count(paOpenings, b.openings)
	r.count(paWeighings, b.weighings)
	r.count(paClosings, b.closings)
	r.over(paPackedFrac, b.packed, b.picked)
	if b.opened != 0 {
		r.seconds(paPackS, b.scale.Time-b.opened)
	}
}

// weights sets what compares the weight with what is expected.
func (b *box) weights(r row, c *rule.Context) {
	r.count(paExpectedG, b.grams)
	r.count(paLightestG, b.lightest)
	r.count(paHeaviestG, b.heaviest)
	if b.scale.Weight == 0 {
		return
	}
	resid := b.scale.Weight - b.grams
	r.count(paResidG, resid)
	r.over(paResidFrac, resid, b.grams)
	r.overRoot(paResidZ, 1000*resid, b.variance)
	r.over(paResidUnits, resid, b.lightest)
	r.count(paExplanations, b.explanations(c, max(resid, -resid)))
}
