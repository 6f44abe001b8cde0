package setting

import (
	"fmt"

	"andon/schemas/event"
)

// Reference is what is usual: tables of quantiles, medians, weights and rates, each entry with the size of the sample it was taken from. They are
// learned from history (andon baseline) or taken from master data. An empty name stands for any; of several entries that fit, the most specific
// counts. What has no entry is unknown, and a rule that needs it abstains.
type Reference struct {
	Services   []Service   `yaml:"services" json:"services,omitempty"`
	Gaps       []Gap       `yaml:"gaps" json:"gaps,omitempty"`
	Transit    []Transit   `yaml:"transit" json:"transit,omitempty"`
	Durations  []Duration  `yaml:"durations" json:"durations,omitempty"`
	Weights    []Weight    `yaml:"weights" json:"weights,omitempty"`
	Cartons    []Carton    `yaml:"cartons" json:"cartons,omitempty"`
	ASNShorts  []ASNShort  `yaml:"asn_shorts" json:"asn_shorts,omitempty"`
	PickShorts []PickShort `yaml:"pick_shorts" json:"pick_shorts,omitempty"`
}

// IsZero reports whether there is nothing in it: then it is left out of the settings' hash, however it was written.
func (r Reference) IsZero() bool {
	return len(r.Services)+len(r.Gaps)+len(r.Transit)+len(r.Durations)+len(r.Weights)+len(r.Cartons)+len(r.ASNShorts)+len(r.PickShorts) == 0
}

// Service says how fast a carrier's service is meant to be: express, ground or economy. What is not named is ground.
type Service struct {
	Carrier string `yaml:"carrier" json:"carrier"`
	Service string `yaml:"service" json:"service"`
	Class   Class  `yaml:"class" json:"class"`
}

// Class is the speed a service is sold for.
type Class string

// The classes.
const (
	Express Class = "express"
	Ground  Class = "ground"
	Economy Class = "economy"
)

// Gap is the time from a scan of a status to the next scan, whichever it is.
type Gap struct {
	Carrier string `yaml:"carrier" json:"carrier,omitempty"`
	Service string `yaml:"service" json:"service,omitempty"` // a service is a carrier's: it needs the carrier beside it
	Status  string `yaml:"status" json:"status,omitempty"`
	N       int64  `yaml:"n" json:"n"`
	Q90S    int64  `yaml:"q90_s" json:"q90_s"` // by when the next scan is due; seconds
	Q99S    int64  `yaml:"q99_s" json:"q99_s"`
}

// Transit is the time from a scan of a status to the delivery, of shipments that were delivered. Vans go by day: an entry may hold for scans on one day
// of the journey in some hours alone, and then counts before those of any time.
type Transit struct {
	Carrier string `yaml:"carrier" json:"carrier,omitempty"`
	Service string `yaml:"service" json:"service,omitempty"`
	Status  string `yaml:"status" json:"status,omitempty"`
	Day     int64  `yaml:"day" json:"day,omitempty"`         // by the calendar in UTC; 1 is the day of the announcement, 0: any
	FromH   int64  `yaml:"from_h" json:"from_h,omitempty"`   // hours of the day in UTC, from the first to before the last; of a day only
	UntilH  int64  `yaml:"until_h" json:"until_h,omitempty"` // 24 is midnight
	N       int64  `yaml:"n" json:"n"`
	Q50S    int64  `yaml:"q50_s" json:"q50_s"`
	Q80S    int64  `yaml:"q80_s" json:"q80_s"`
}

// Duration is what picks of up to a quantity take at a site: the median, and the median absolute deviation of the natural logarithm.
type Duration struct {
	Site        string `yaml:"site" json:"site,omitempty"`
	QtyMaxMilli int64  `yaml:"qty_max_milli" json:"qty_max_milli,omitempty"` // thousandths of the base unit; 0: any
	N           int64  `yaml:"n" json:"n"`
	MedianMS    int64  `yaml:"median_ms" json:"median_ms"`
	MADLnMicro  int64  `yaml:"mad_ln_micro" json:"mad_ln_micro"` // millionths
}

// Weight is what one base unit of an item weighs.
type Weight struct {
	Item    string `yaml:"item" json:"item"` // a GTIN in 14 digits, or the owner's number
	N       int64  `yaml:"n" json:"n"`
	WeightG int64  `yaml:"weight_g" json:"weight_g"`
	SDMG    int64  `yaml:"sd_mg" json:"sd_mg"` // standard deviation from unit to unit; milligrams
}

// Carton is what an empty carton with its filling weighs at a site.
type Carton struct {
	Site    string `yaml:"site" json:"site,omitempty"`
	N       int64  `yaml:"n" json:"n"`
	WeightG int64  `yaml:"weight_g" json:"weight_g"`
	SDMG    int64  `yaml:"sd_mg" json:"sd_mg"`
}

// ASNShort is how often less is received than a line of a despatch advice says.
type ASNShort struct {
	Supplier string `yaml:"supplier" json:"supplier,omitempty"` // the source of the advice
	Item     string `yaml:"item" json:"item,omitempty"`
	N        int64  `yaml:"n" json:"n"`               // lines
	ShortBP  int64  `yaml:"short_bp" json:"short_bp"` // of ten thousand
}

// PickShort is how often less is picked than an order line says.
type PickShort struct {
	Site    string `yaml:"site" json:"site,omitempty"`
	Item    string `yaml:"item" json:"item,omitempty"`
	N       int64  `yaml:"n" json:"n"`
	ShortBP int64  `yaml:"short_bp" json:"short_bp"`
}

// Most that figures of a reference may be.
const (
	mostSeconds = 10 * 365 * 86_400
	mostDays    = 10 * 365
	mostGrams   = 1e7
	mostMG      = 1e8 // its square, some times over, fits in 64 bits
	mostQty     = event.MaxQtyMilli
)

// figure is a number with its name and bounds.
type figure struct {
	name        string
	value       int64
	least, most int64
	beside      string // the figure before it, which it may not be under
}

// figures checks numbers in their order.
func figures(list ...figure) error {
	for i, f := range list {
		if f.value < f.least || f.value > f.most {
			return fmt.Errorf("%s: %d is not between %d and %d", f.name, f.value, f.least, f.most)
		}
		if f.beside != "" && f.value < list[i-1].value {
			return fmt.Errorf("%s: %d is under %s, which is %d", f.name, f.value, f.beside, list[i-1].value)
		}
	}
	return nil
}

func sample(n int64) figure { return figure{name: "n", value: n, least: 1, most: 1e15} }

func (s Service) check() error {
	if s.Carrier == "" || s.Service == "" {
		return fmt.Errorf("carrier and service: both are needed")
	}
	if s.Class != Express && s.Class != Ground && s.Class != Economy {
		return fmt.Errorf("class: %q is none of express, ground, economy", s.Class)
	}
	return nil
}

func (g Gap) check() error {
	if err := leg(g.Carrier, g.Service, g.Status); err != nil {
		return err
	}
	return figures(sample(g.N), figure{name: "q90_s", value: g.Q90S, least: 1, most: mostSeconds},
		figure{name: "q99_s", value: g.Q99S, least: 1, most: mostSeconds, beside: "q90_s"})
}

func (t Transit) check() error {
	if err := leg(t.Carrier, t.Service, t.Status); err != nil {
		return err
	}
	if timed := t.Day != 0; timed != (t.UntilH != 0) || !timed && t.FromH != 0 {
		return fmt.Errorf("day and until_h: both are needed, or neither and no from_h")
	} else if timed && t.UntilH <= t.FromH {
		return fmt.Errorf("until_h: %d is not after from_h, which is %d", t.UntilH, t.FromH)
	}
	return figures(sample(t.N), figure{name: "day", value: t.Day, most: mostDays}, figure{name: "from_h", value: t.FromH, most: 23},
		figure{name: "until_h", value: t.UntilH, most: 24, beside: "from_h"}, figure{name: "q50_s", value: t.Q50S, most: mostSeconds},
		figure{name: "q80_s", value: t.Q80S, most: mostSeconds, beside: "q50_s"})
}

// leg checks where on its way a shipment is.
func leg(carrier, service, status string) error {
	if service != "" && carrier == "" {
		return fmt.Errorf("carrier: needed beside service %q", service)
	}
	if _, ok := event.ParseStatus(status); status != "" && !ok {
		return fmt.Errorf("status: there is no carrier status %q", status)
	}
	return nil
}

func (d Duration) check() error {
	return figures(sample(d.N), figure{name: "qty_max_milli", value: d.QtyMaxMilli, most: mostQty},
		figure{name: "median_ms", value: d.MedianMS, least: 1, most: 1000 * mostSeconds},
		figure{name: "mad_ln_micro", value: d.MADLnMicro, least: 1, most: 100_000_000})
}

func (w Weight) check() error {
	if w.Item == "" {
		return fmt.Errorf("item: needed")
	}
	return figures(sample(w.N), figure{name: "weight_g", value: w.WeightG, least: 1, most: mostGrams},
		figure{name: "sd_mg", value: w.SDMG, most: mostMG})
}

func (c Carton) check() error {
	return figures(sample(c.N), figure{name: "weight_g", value: c.WeightG, most: mostGrams}, figure{name: "sd_mg", value: c.SDMG, most: mostMG})
}

func (s ASNShort) check() error {
	return figures(sample(s.N), figure{name: "short_bp", value: s.ShortBP, most: 10_000})
}

func (s PickShort) check() error {
	return figures(sample(s.N), figure{name: "short_bp", value: s.ShortBP, most: 10_000})
}
