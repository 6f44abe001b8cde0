// Package baseline works out from a history what is usual: the reference tables that rules about the unusual judge by, each entry with the size of
// the sample it was taken from. The same records give the same tables, in whatever order they come.
//
// What nobody can tell from the events is left out: the weights of items and cartons are master data.
package baseline

import (
	"cmp"
	"fmt"
	"iter"
	"slices"
	"strings"

	"andon/detectors/rule"
	"andon/detectors/setting"
	"andon/detectors/timeline"
	"andon/replay/history"
	"andon/schemas/event"
)

// Of works out the tables of a history. An entry is made of what was seen at least so often.
func Of(records iter.Seq[history.Record], least int) (setting.Reference, error) {
	known := map[subject]*timeline.Timeline{}
	var e event.Event
	for r := range records {
		if r.IsTick() {
			continue
		}
		if err := event.Decode(r.Family, []byte(r.Key), slices.Clone(r.Value), &e); err != nil {
			return setting.Reference{}, fmt.Errorf("baseline: %s: %w", r.Key, err)
		}
		s := subject{r.Family, e.Tenant, r.Key}
		if known[s] == nil {
			known[s] = &timeline.Timeline{}
		}
		f, d := timeline.Fact{}, timeline.Document{}
		timeline.Of(&e, r.At, 0, &f, &d)
		known[s].Add(&f)
	}
	var all samples
	for s, t := range known {
		switch s.family {
		case event.Carrier:
			carrier, _, _ := strings.Cut(s.key, "/")
			all.journey(carrier, t.Live)
		case event.PickPack:
			all.picks(t.Live)
		case event.ASN:
			all.receipts(t.Live)
		}
	}
	return all.tables(least), nil
}

type subject struct {
	family      event.Family
	tenant, key string
}

// leg is where on its way a shipment is; an empty name is any.
type leg struct{ carrier, service, status string }

// moment is a leg at a time of the journey: the day, the first is that of the announcement, and which part of it.
type moment struct {
	leg
	day, part int64
}

// place is where and what of is picked or advised: a site or supplier, and an item.
type place struct{ where, item string }

// share counts cases.
type share struct{ of, short int64 }

// samples is what was seen.
type samples struct {
	gaps, transit map[leg][]int64      // seconds
	timed         map[moment][]int64   // transit by the time of the journey
	fastest       map[leg][]int64      // seconds from the carrier's first scan to the delivery
	durations     map[duration][]int64 // milliseconds
	advised       map[place]*share
	ordered       map[place]*share
}

// journey takes the gaps and times to delivery of one shipment, from the first scan that shows the carrier holding it.
func (all *samples) journey(carrier string, facts []*timeline.Fact) {
	service, announced := "", event.Micros(0)
	var scans []*timeline.Fact
	for _, f := range facts {
		if announced == 0 && (f.Type == event.ShipmentManifested || f.Status == event.LabelMade) {
			announced = f.Time
		}
		switch {
		case f.Type == event.ShipmentManifested:
			service = f.Doc.Service
		case f.Type == event.CarrierScan && (len(scans) > 0 || f.Status.Physical()):
			scans = append(scans, f)
		}
	}
	over := slices.IndexFunc(scans, func(f *timeline.Fact) bool { return f.Status == event.Delivered || f.Status == event.RTS })
	if over >= 0 {
		scans = scans[:over+1]
	}
	for i, f := range scans {
		if i+1 < len(scans) {
			at := leg{carrier, service, f.Status.String()}
			add(&all.gaps, at, seconds(scans[i+1].Time-f.Time))
			if end := scans[len(scans)-1]; end.Status == event.Delivered {
				add(&all.transit, at, seconds(end.Time-f.Time))
				if day := int64(f.Time/event.Day - announced/event.Day); announced != 0 && day >= 0 {
					add(&all.timed, moment{at, day + 1, int64(f.Time % event.Day / partOfDay)}, seconds(end.Time-f.Time))
				}
				if i == 0 && service != "" {
					add(&all.fastest, leg{carrier: carrier, service: service}, seconds(end.Time-f.Time))
				}
			}
		}
	}
}

// picks takes how long each pick took, and which lines were short.
func (all *samples) picks(facts []*timeline.Fact) {
	var order *timeline.Fact
	picked, closed := map[string]int64{}, map[string]bool{}
	for _, f := range facts {
		switch f.Type {
		case event.OrderReleased:
			order = f
		case event.PickConfirmed:
			picked[f.Line] += f.Qty
			closed[f.Line] = closed[f.Line] || f.LineClosed
		case event.PickShorted:
			closed[f.Line] = true
		default:
		}
	}
	if order == nil {
		return
	}
	c := rule.Context{Facts: facts}
	for _, p := range c.TimedPicks() {
		if p.Took > 0 {
			for _, bucket := range buckets {
				if p.Qty <= bucket || bucket == 0 {
					add(&all.durations, duration{order.Doc.Site, bucket}, int64(p.Took/1000))
					break
				}
			}
		}
	}
	for i := range order.Doc.Lines {
		if l := &order.Doc.Lines[i]; closed[l.Line] {
			count(&all.ordered, order.Doc.Site, l.Item, picked[l.Line] < l.Qty)
		}
	}
}

// receipts takes which advised items were short, of despatches that were received.
func (all *samples) receipts(facts []*timeline.Fact) {
	var advice, closed *timeline.Fact
	received := map[string]int64{}
	for _, f := range facts {
		switch f.Type {
		case event.ASNDespatched:
			if advice == nil || cmp.Or(cmp.Compare(f.Revision, advice.Revision), cmp.Compare(f.Time, advice.Time)) > 0 {
				advice = f
			}
		case event.ReceiptClosed:
			closed = f
		case event.ReceiptLine:
			received[f.Item] += f.Qty
		default:
		}
	}
	if advice == nil || closed == nil {
		return
	}
	advised := map[string]int64{}
	for i := range advice.Doc.Lines {
		l := &advice.Doc.Lines[i]
		if !l.Weighed { // goods that are weighed are never exactly what was advised
			advised[l.Item] += l.Qty
		}
	}
	for item, qty := range advised {
		count(&all.advised, advice.Doc.Source, item, received[item] < qty)
	}
}

func seconds(d event.Micros) int64 { return int64(d / event.Second) }

func add[K comparable](m *map[K][]int64, key K, value int64) {
	if *m == nil {
		*m = map[K][]int64{}
	}
	(*m)[key] = append((*m)[key], value)
}

func count(m *map[place]*share, where, item string, short bool) {
	if *m == nil {
		*m = map[place]*share{}
	}
	for _, at := range []place{{}, {where, ""}, {"", item}, {where, item}} {
		s := (*m)[at]
		if s == nil {
			s = &share{}
			(*m)[at] = s
		}
		if s.of++; short {
			s.short++
		}
	}
}
