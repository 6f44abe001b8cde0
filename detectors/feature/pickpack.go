package feature

import (
	"andon/detectors/rule"
	"andon/detectors/timeline"
	"andon/schemas/event"
)

// pickpack is asked for pick_short_risk, at the release of an order, and for PI-05, at a pick.
var pickpack = Set{
	Name: "pickpack", Version: 1, fill: fillPickpack,
	About: "an order, at its release (pick_short_risk) and at each pick (PI-05)",
	Features: []Feature{
		piLines:         {"lines", "", "lines of the order; missing without an order in force", Needed},
		piPieces:        {"pieces", "unit", "base units ordered, of the lines that are not weighed", Keep},
		piWeighedLines:  {"weighed_lines", "", "lines ordered by weight", Keep},
		piLargestLine:   {"largest_line", "unit", "the largest quantity of a line that is not weighed", Keep},
		piPerLine:       {"pieces_per_line", "unit", "pieces over the lines that are not weighed; missing when all are weighed", Keep},
		piLotLines:      {"lot_lines", "", "lines that ask for a lot", Keep},
		piRateMax:       {"short_rate_max", "", "the largest reference short rate of a line's item at the site (pick_shorts), as a fraction; missing when no line has one", Keep},
		piRateSum:       {"short_rate_sum", "", "the sum of those rates: how many lines to expect short", Keep},
		piRateMean:      {"short_rate_mean", "", "their mean over the lines that have one", Keep},
		piRateKnown:     {"short_rate_known", "", "part of the lines that have one", Keep},
		piRevision:      {"revision", "", "of the order in force", Keep},
		piReleases:      {"releases", "", "how often the order was released so far", Keep},
		piShipByS:       {"time_to_ship_by_s", "s", "until the order is to ship, negative after it", Keep},
		piLeadS:         {"release_lead_s", "s", "from the release in force until the order is to ship", Keep},
		piSinceReleaseS: {"since_release_s", "s", "since the release in force", Keep},
		piPicks:         {"picks", "", "picks confirmed so far; missing at the release itself, like what follows", Keep},
		piShorted:       {"shorted", "", "picks so far that the picker gave up as short", Keep},
		piPickedFrac:    {"picked_frac", "", "quantity picked so far over the quantity ordered", Keep},
		piPickQty:       {"pick_qty", "unit", "quantity of the last pick confirmed", Keep},
		piPickS:         {"pick_s", "s", "how long that pick took, as PI-05 takes it: from the last start or pick of its task, else of its line, else of the order", Keep},
		piPickRatio:     {"pick_ratio", "", "pick_s over the reference median of the site and quantity (durations)", Keep},
		piPickZ:         {"pick_z", "", "how far the logarithm of pick_s is from that median, in median absolute deviations of it times 1.4826", Keep},
		piHourOfWeekH:   {"hour_of_week_h", "h", "hour of the week of the instant judged, UTC: 0 begins on Monday at midnight", Keep},
		piHourOfDayH:    {"hour_of_day_h", "h", "hour of the day of that instant, UTC", Keep},
	},
}

// The places of the features.
const (
	piLines = iota
	piPieces
	piWeighedLines
	piLargestLine
	piPerLine
	piLotLines
	piRateMax
	piRateSum
	piRateMean
	piRateKnown
	piRevision
	piReleases
	piShipByS
	piLeadS
	piSinceReleaseS
	piPicks
	piShorted
	piPickedFrac
	piPickQty
	piPickS
	piPickRatio
	piPickZ
	piHourOfWeekH
	piHourOfDayH
)

func fillPickpack(r row, c *rule.Context) {
	r.count(piHourOfWeekH, hourOfWeek(c.Now))
	r.count(piHourOfDayH, hourOfWeek(c.Now)%24)
	order, releases := inForce(c.Facts, event.OrderReleased, c.Now)
	if order == nil {
		return
	}
	n := linesOf(order.Doc)
	r.count(piLines, n.all)
	r.base(piPieces, n.pieces)
	r.count(piWeighedLines, n.weighed)
	r.base(piLargestLine, n.largest)
	r.over(piPerLine, n.pieces, 1000*(n.all-n.weighed))
	r.count(piLotLines, n.lots)
	r.count(piRevision, int64(order.Revision))
	r.count(piReleases, releases)
	r.seconds(piSinceReleaseS, c.Now-order.Time)
	if order.At != 0 {
		r.seconds(piShipByS, order.At-c.Now)
		r.seconds(piLeadS, order.At-order.Time)
	}
	pickRates(r, c, order)
	if c.Now > order.Time { // at the release itself a pick of the same instant tells what is asked
		picked(r, c, order)
	}
}

func pickRates(r row, c *rule.Context, order *timeline.Fact) {
	var rates rates
	for i := range order.Doc.Lines {
		usual, ok := c.Reference.PickShort(order.Doc.Site, order.Doc.Lines[i].Item)
		rates.add(usual.ShortBP, ok)
	}
	rates.fill(r, piRateMax)
}

// picked sets what became of the order so far.
func picked(r row, c *rule.Context, order *timeline.Fact) {
	var picks, shorted, qty, ordered int64
	for _, f := range c.Facts {
		if f.Time > c.Now {
			break
		}
		switch f.Type {
		case event.PickConfirmed:
			picks++
			qty += f.Qty
		case event.PickShorted:
			shorted++
		default:
		}
	}
	for i := range order.Doc.Lines {
		ordered += order.Doc.Lines[i].Qty
	}
	r.count(piPicks, picks)
	r.count(piShorted, shorted)
	r.over(piPickedFrac, qty, ordered)

	last := c.LastPick(order.Doc.Site)
	if last.Pick == nil {
		return
	}
	r.base(piPickQty, last.Pick.Qty)
	if last.Took < 0 {
		return
	}
	r.seconds(piPickS, last.Took)
	if last.Usual.N > 0 {
		r.over(piPickRatio, int64(last.Took/1000), last.Usual.MedianMS)
		r.over(piPickZ, last.ZMilli, 1000)
	}
}
