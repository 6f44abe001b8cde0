package oracle_test

import (
	"slices"

	"andon/replay/oracle"
	"andon/schemas/event"
)

// usually draws what is usual: of much nothing is known, and what is known is about as coarse as the instants are.
func (d draw) usually() oracle.Usual {
	u := oracle.Usual{
		Class: map[[2]string]string{}, Gap: map[[3]string][2]int64{}, Transit: map[[3]string][2]int64{}, Weight: map[string][2]int64{}, Carton: map[string][2]int64{},
	}
	if d.rarely("nothing usual", 6) {
		return u
	}
	if d.rarely("class", 2) {
		u.Class[[2]string{"ACME", "NEXT"}] = pick(d, "class", "express", "economy", "ground")
	}
	hours := func(label string) int64 {
		return int64(pick(d, label, 0, 1, 2, 3, 12, 24, 48, 96)) * 3600
	}
	for range d.number("legs", 4) {
		who := pick(d, "of", [2]string{}, [2]string{"ACME"}, [2]string{"ACME", "NEXT"})
		leg := [3]string{who[0], who[1], pick(d, "after", "", "", "ACCEPTED", "IN_TRANSIT", "LABEL_CREATED", "CUSTOMS_HOLD")}
		usual, long := hours("gap"), hours("longer")
		u.Gap[leg] = [2]int64{max(1, usual), max(1, usual) + long}
		usual, long = hours("transit"), hours("slower")
		u.Transit[leg] = [2]int64{usual, usual + long}
		day := int64(d.number("day", 3))
		twice := slices.ContainsFunc(u.Timed, func(t oracle.Timed) bool { return t.Leg == leg && t.Day == day })
		if day > 0 && !twice {
			usual, from := hours("then"), int64(d.number("from hour", 23))
			u.Timed = append(u.Timed, oracle.Timed{Leg: leg, Day: day, FromH: from, ToH: 24, HalfS: usual, MostS: usual + hours("then slower")})
		}
	}
	for _, item := range []string{"A", "B;1", "C", "04006381333931"} {
		if !d.rarely("never weighed", 4) {
			u.Weight[item] = [2]int64{int64(pick(d, "weighs", 100, 500, 1000, 30)), int64(pick(d, "gives", 0, 1000, 20_000))}
		}
	}
	for _, site := range []string{"", "W1"} {
		if !d.rarely("no carton", 4) {
			u.Carton[site] = [2]int64{int64(pick(d, "carton weighs", 0, 100, 200)), int64(pick(d, "carton gives", 0, 10_000))}
		}
		for _, milli := range []int64{0, 1000} {
			if !d.rarely("no duration", 3) {
				u.Durations = append(u.Durations, oracle.Duration{Site: site, QtyMilli: milli, MedianMS: int64(pick(d, "median", 30_000, 600_000, 3_600_000)),
					DeviationMicro: int64(pick(d, "deviation", 1, 300_000, 700_000))})
			}
		}
	}
	return u
}

// grams draws what a scale says.
func (d draw) grams() int64 { return int64(pick(d, "grams", 0, 200, 1100, 1151, 2100, 2200, 250, 700)) }

// settings draws other numbers for some rules.
func (d draw) settings(family event.Family) oracle.Settings {
	s := oracle.Settings{}
	set := func(code, name string, values ...int64) {
		if d.rarely(code+" "+name, 6) {
			if s[code] == nil {
				s[code] = map[string]int64{}
			}
			s[code][name] = pick(d, name, values...)
		}
	}
	switch family {
	case event.ASN:
		for _, code := range []string{"IN-05", "IN-06"} {
			set(code, "idle_close_s", 0, 3600)
		}
		set("IN-05", "under_tolerance_milli", 1000)
		set("IN-05", "under_tolerance_weight_bp", 0, 5000)
		set("IN-06", "over_tolerance_milli", 1000)
		set("IN-06", "over_tolerance_weight_bp", 50, 5000)
	case event.Carrier:
		set("CA-02", "warn_s", 0, 3600)
		set("CA-03", "floor_ground_s", 0, 7200)
		set("CA-03", "floor_express_s", 0, 3600)
		set("CA-03", "lost_s", 86_400)
		set("CA-05", "reraise_s", 0, 3600)
		set("CA-05", "margin_s", 0)
		set("CA-04", "grace_s", 0)
		set("CA-13", "silence_s", 3600, 86_400)
		set("CA-14", "grace_s", 0, 7200)
	case event.PickPack:
		set("PI-01", "under_tolerance_weight_bp", 50, 5000)
		set("PI-03", "over_tolerance_weight_bp", 50, 5000)
		set("PI-06", "lead_s", 0, 600)
		set("PA-01", "idle_close_s", 0, 3600)
		set("PA-03", "tolerance_g", 0)
		set("PA-03", "tolerance_sigmas", 0, 1)
		set("PA-03", "tolerance_bp", 0, 1000)
		set("PA-03", "settle_s", 0, 3600)
		set("PI-05", "z_milli", 0)
		set("PI-05", "least_s", 0, 3600)
	}
	return s
}
