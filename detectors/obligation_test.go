package detectors_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"andon/detectors/setting"
	"andon/schemas/beat"
	"andon/schemas/control"
	"andon/schemas/event"
	"andon/schemas/verdict"
)

// obliged is an engine in which a model decides one code alone, and what became of its exceptions since the last look.
type obliged struct {
	contested
	code string
	n    int
}

func newObliged(t *testing.T, code string, family event.Family, usual setting.Reference) *obliged {
	o := &obliged{contested: contested{Engine: newEngine(t, family, setting.Settings{Clock: setting.Log, Reference: usual}), t: t}, code: code}
	o.contested.beat(beat.Batch{Control: []control.Record{{Object: "policy/" + code, Version: 1, Kind: control.KindPolicy, Author: "ada", ApprovedBy: "bob",
		Policy: &control.Policy{Code: code, Mode: verdict.Live, Bundle: "m@1", ThresholdBP: 6000, ClearBP: 4000}}}})
	return o
}

// tell tells of an event as of its time, then lets five minutes pass. It returns what changed.
func (o *obliged) tell(e event.Event) string {
	o.t.Helper()
	o.n++
	e.ID, e.Tenant, e.Content = fmt.Sprint("e", o.n), event.DefaultTenant, uint64(o.n)
	o.contested.beat(beat.Batch{Items: []beat.Item{{Event: e, At: e.Time}}})
	changed := o.changes()
	o.contested.beat(beat.Batch{End: e.Time + 5*event.Minute})
	return strings.Trim(changed+" "+o.changes(), " ")
}

func (o *obliged) changes() string {
	var s []string
	for _, x := range o.Exceptions {
		if x.Code == o.code {
			s = append(s, fmt.Sprint(x.Change, " by ", x.DecidedBy))
		}
	}
	slices.Sort(s)
	return strings.Join(s, ", ")
}

func (o *obliged) expect(what, got, want string) {
	o.t.Helper()
	if got != want {
		o.t.Errorf("%s: %q, want %q", what, got, want)
	}
}

// What a model raised of a pick of which the rule cannot tell stands while others are picked.
func TestAPickRaisedByAModelStands(t *testing.T) {
	o := newObliged(t, "PI-05", event.PickPack, setting.Reference{})
	pick := event.Event{Type: event.OrderReleased, FulfilmentID: "F1", Site: "DC1", Time: start, Lines: []event.Line{{Line: "1", SKU: "A", QtyMilli: 9000}}}
	o.expect("release", o.tell(pick), "")
	pick.Type, pick.Lines, pick.Line, pick.SKU, pick.QtyMilli = event.PickConfirmed, nil, "1", "A", 1000
	for i, want := range []string{"opened by model", "", "", "opened by model"} { // of the first nobody knows when it began
		pick.Time = start + event.Micros(i+1)*event.Hour
		o.answer = scores([]float64{0.9, 0.1, 0.5, 0.9}[i])
		o.expect(fmt.Sprint("pick ", i), o.tell(pick), want)
	}
}

// So it is with a carton, when another is weighed.
func TestACartonRaisedByAModelStands(t *testing.T) {
	o := newObliged(t, "PA-03", event.PickPack, setting.Reference{Weights: []setting.Weight{{Item: "A", N: 9, WeightG: 100}}, Cartons: []setting.Carton{{N: 9, WeightG: 200}}})
	carton := func(typ event.Type, i, hours int) event.Event {
		return event.Event{Type: typ, FulfilmentID: "F1", CartonID: fmt.Sprint("C", i), Line: "1", SKU: "A", Time: start + event.Micros(hours)*event.Hour}
	}
	for i := range 3 {
		e := carton(event.PackItem, i, 1)
		e.QtyMilli = 1000
		o.expect("pack", o.tell(e), "")
	}
	o.answer = func(r beat.Request) beat.Reply { // gross_g, of cartons that should weigh 300 g
		return beat.Reply{Score: map[float64]float64{301: 0.9, 302: 0.1, 303: 0.9}[r.Features[0]]}
	}
	for i, want := range []string{"opened by model", "", "opened by model"} { // half of a piece is within the tolerance: the rule cannot tell
		e := carton(event.PackClosed, i, 2+i)
		e.WeightG = 301 + int64(i)
		o.expect(fmt.Sprint("carton ", i), o.tell(e), want)
	}
}

// Of two cartons weighed at one instant the model is asked about both.
func TestCartonsWeighedAtOnceAreBothJudged(t *testing.T) {
	o := newObliged(t, "PA-03", event.PickPack, setting.Reference{Weights: []setting.Weight{{Item: "A", N: 9, WeightG: 400}}, Cartons: []setting.Carton{{N: 9, WeightG: 200}}})
	var items []beat.Item
	for i := range 4 {
		e := event.Event{ID: fmt.Sprint(i), Tenant: event.DefaultTenant, Content: uint64(i), Type: event.PackItem, FulfilmentID: "F1", CartonID: fmt.Sprint("C", i%2), Line: "1", SKU: "A", QtyMilli: 1000,
			Time: start + event.Micros(i/2)*event.Hour}
		if i > 1 {
			e.Type, e.QtyMilli, e.WeightG = event.PackClosed, 0, 1000
		}
		items = append(items, beat.Item{Event: e, At: e.Time})
	}
	o.answer = scores(0.9)
	o.contested.beat(beat.Batch{Items: items})
	o.contested.beat(beat.Batch{End: start + 2*event.Hour})
	o.expect("two cartons", o.changes(), "opened by model, opened by model")
}

// A shipment scanned more often than a timeline keeps goes on being judged by the model.
func TestOneScannedVeryOftenGoesOnBeingJudged(t *testing.T) {
	for code, usual := range map[string]setting.Reference{
		"CA-03": {Gaps: []setting.Gap{{N: 9, Q90S: 3600, Q99S: 7200}}},
		"CA-05": {Transit: []setting.Transit{{N: 9, Q50S: 3600, Q80S: 3600}}},
	} {
		t.Run(code, func(t *testing.T) {
			o := newObliged(t, code, event.Carrier, usual)
			e := event.Event{Type: event.ShipmentManifested, Carrier: "ACME", TrackingNo: "T1", Time: start, PromiseDeliverBy: start + 20*event.Day}
			o.expect("manifest", o.tell(e), "")
			e.Type, e.PromiseDeliverBy, e.Status = event.CarrierScan, 0, event.InTransit
			for i := range 80 {
				e.Time += event.Hour
				want := map[int]string{0: "opened by model", 50: "cleared by model", 60: "opened by model"}[i]
				o.answer = scores(0.9)
				if i >= 50 && i < 60 {
					o.answer = scores(0.1)
				}
				o.expect(fmt.Sprint("scan ", i), o.tell(e), want)
			}
		})
	}
}
