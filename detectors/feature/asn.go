package feature

import (
	"andon/detectors/rule"
	"andon/schemas/event"
)

// asn is asked for asn_short_risk, when goods are advised.
var asn = Set{
	Name: "asn", Version: 1, fill: fillASN,
	About: "a despatch advice, when it comes (asn_short_risk)",
	Features: []Feature{
		asLines:        {"lines", "", "lines of the advice; missing without one in force", Needed},
		asPieces:       {"pieces", "unit", "base units advised, of the lines that are not weighed", Keep},
		asWeighedLines: {"weighed_lines", "", "lines advised by weight", Keep},
		asLargestLine:  {"largest_line", "unit", "the largest quantity of a line that is not weighed", Keep},
		asPerLine:      {"pieces_per_line", "unit", "pieces over the lines that are not weighed; missing when all are weighed", Keep},
		asSpread:       {"qty_spread", "", "the largest quantity of such a line over the smallest above zero", Keep},
		asBrokenLines:  {"broken_lines", "", "such lines whose quantity is no whole number", Keep},
		asLotLines:     {"lot_lines", "", "lines that name a lot", Keep},
		asPricedLines:  {"priced_lines", "", "lines that state a cost", Keep},
		asRateMax:      {"short_rate_max", "", "the largest reference short rate of a line's item from the supplier (asn_shorts), as a fraction; missing when no line has one", Keep},
		asRateSum:      {"short_rate_sum", "", "the sum of those rates: how many lines to expect short", Keep},
		asRateMean:     {"short_rate_mean", "", "their mean over the lines that have one", Keep},
		asRateKnown:    {"short_rate_known", "", "part of the lines that have one", Keep},
		asSupplierRate: {"sup_short_rate", "", "reference short rate of the supplier over all items, as a fraction", Keep},
		asRevision:     {"revision", "", "of the advice in force", Keep},
		asRevs:         {"asn_revs", "", "advices so far", Keep},
		asHourOfWeekH:  {"hour_of_week_h", "h", "hour of the week of the instant judged, UTC: 0 begins on Monday at midnight", Keep},
		asHourOfDayH:   {"hour_of_day_h", "h", "hour of the day of that instant, UTC", Keep},
	},
}

// The places of the features.
const (
	asLines = iota
	asPieces
	asWeighedLines
	asLargestLine
	asPerLine
	asSpread
	asBrokenLines
	asLotLines
	asPricedLines
	asRateMax
	asRateSum
	asRateMean
	asRateKnown
	asSupplierRate
	asRevision
	asRevs
	asHourOfWeekH
	asHourOfDayH
)

func fillASN(r row, c *rule.Context) {
	r.count(asHourOfWeekH, hourOfWeek(c.Now))
	r.count(asHourOfDayH, hourOfWeek(c.Now)%24)
	advice, advices := inForce(c.Facts, event.ASNDespatched, c.Now)
	if advice == nil {
		return
	}
	n := linesOf(advice.Doc)
	r.count(asLines, n.all)
	r.base(asPieces, n.pieces)
	r.count(asWeighedLines, n.weighed)
	r.base(asLargestLine, n.largest)
	r.over(asPerLine, n.pieces, 1000*(n.all-n.weighed))
	r.over(asSpread, n.largest, n.smallest)
	r.count(asBrokenLines, n.broken)
	r.count(asLotLines, n.lots)
	r.count(asPricedLines, n.priced)
	r.count(asRevision, int64(advice.Revision))
	r.count(asRevs, advices)

	supplier := advice.Doc.Source
	if usual, ok := c.Reference.ASNShort(supplier, ""); ok {
		r.basisPoints(asSupplierRate, usual.ShortBP)
	}
	var rates rates
	for i := range advice.Doc.Lines {
		usual, ok := c.Reference.ASNShort(supplier, advice.Doc.Lines[i].Item)
		rates.add(usual.ShortBP, ok)
	}
	rates.fill(r, asRateMax)
}
