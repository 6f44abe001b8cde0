package detectors_test

import (
	"fmt"
	"math"
	"strings"
	"testing"

	"andon/detectors"
	"andon/detectors/setting"
	"andon/schemas/beat"
	"andon/schemas/control"
	"andon/schemas/event"
	"andon/schemas/exception"
	"andon/schemas/verdict"
)

// contested is an engine for parcels that take 2 days from hand-over to delivery, and its story so far.
type contested struct {
	*detectors.Engine
	t    *testing.T
	asks []beat.Request // of the last beat
	beat.Settled
	answer func(beat.Request) beat.Reply
}

func newContested(t *testing.T, policies ...control.Record) *contested {
	s := setting.Settings{Clock: setting.Log, Reference: setting.Reference{Transit: []setting.Transit{{N: 900, Q50S: 172_800, Q80S: 216_000}}}}
	c := &contested{Engine: newEngine(t, event.Carrier, s), t: t}
	c.beat(beat.Batch{Control: policies})
	return c
}

func (c *contested) beat(b beat.Batch) {
	c.t.Helper()
	st := c.Step(b)
	if len(st.Rejected)+len(st.Disarmed) > 0 {
		c.t.Fatalf("%+v %+v", st.Rejected, st.Disarmed)
	}
	c.asks = st.Requests
	replies := make([]beat.Reply, len(st.Requests))
	for i, r := range st.Requests {
		replies[i] = c.answer(r)
	}
	if c.Settled = c.Settle(replies); len(c.Poisoned)+len(c.Disarm) > 0 {
		c.t.Fatalf("%+v %+v", c.Poisoned, c.Disarm)
	}
	c.Keep()
}

// parcel hands parcel n over a day before, or five days before, the day it was promised for.
func (c *contested) parcel(n int, hopeless bool) {
	c.t.Helper()
	promise := start + 5*event.Day
	if hopeless {
		promise = start + event.Day
	}
	c.beat(beat.Batch{Items: []beat.Item{parcel(n, promise), c.scan(n, start+event.Hour, event.Accepted)}})
}

func (c *contested) scan(n int, at event.Micros, s event.Status) beat.Item {
	e := event.Event{ID: fmt.Sprint("s", n, s, at), Tenant: event.DefaultTenant, Type: event.CarrierScan, Time: at, Carrier: "ACME",
		TrackingNo: fmt.Sprintf("T%06d", n), Status: s, Content: uint64(at)}
	return beat.Item{Event: e, At: at}
}

// story is what became of the exceptions of CA-05 in the last beat.
func (c *contested) story() string {
	var s []string
	for _, x := range c.Exceptions {
		if x.Code == "CA-05" {
			s = append(s, strings.TrimSpace(fmt.Sprint(x.Change, " by ", x.DecidedBy, " ", x.Fallback, x.Model)))
		}
	}
	return strings.Join(s, "; ")
}

func ca05(mode verdict.Mode, more func(*control.Policy)) control.Record {
	r := control.Record{Object: "policy/CA-05", Version: 1, Kind: control.KindPolicy, Author: "ada", ApprovedBy: "bob",
		Policy: &control.Policy{Code: "CA-05", Mode: mode, Bundle: "lateness@1", ThresholdBP: 6000, ClearBP: 4000}}
	if more != nil {
		more(r.Policy)
	}
	return r
}

func scores(s float64) func(beat.Request) beat.Reply {
	return func(beat.Request) beat.Reply { return beat.Reply{Score: s} }
}

func fails(reason string) func(beat.Request) beat.Reply {
	return func(beat.Request) beat.Reply { return beat.Reply{Reason: reason} }
}

// Who decides by the mode, and what, for a parcel that the rule sees late (hopeless) and one that it does not.
func TestWhoDecides(t *testing.T) {
	guard := func(state control.State) control.Record {
		return control.Record{Object: "guard/CA-05/lateness@1", Version: 1, Kind: control.KindGuard, Author: "guard",
			Guard: &control.Guard{Code: "CA-05", Bundle: "lateness@1", State: state, Signal: control.G1, Reason: verdict.GuardGolden, ChangedAt: start}}
	}
	unsaid := guard(control.HalfOpen)
	unsaid.Guard.Reason = ""
	silencing := func(p *control.Policy) { p.Floor = exception.Major }
	for name, test := range map[string]struct {
		control        []control.Record
		answer         func(beat.Request) beat.Reply
		hopeless, fine string
		asked          int
	}{
		"no policy":                  {nil, nil, "opened by rule", "", 0},
		"off":                        {[]control.Record{ca05(verdict.Off, nil)}, nil, "opened by rule", "", 0},
		"shadow":                     {[]control.Record{ca05(verdict.Shadow, nil)}, scores(0.9), "opened by rule", "", 2},
		"live, it sees both late":    {[]control.Record{ca05(verdict.Live, nil)}, scores(0.9), "opened by model lateness@1", "opened by model lateness@1", 2},
		"live, it sees none late":    {[]control.Record{ca05(verdict.Live, nil)}, scores(0.1), "opened by rule", "", 2},
		"live, and it may silence":   {[]control.Record{ca05(verdict.Live, silencing)}, scores(0.1), "", "", 2},
		"live, just below":           {[]control.Record{ca05(verdict.Live, silencing)}, scores(0.5999), "", "", 2},
		"live, just enough":          {[]control.Record{ca05(verdict.Live, silencing)}, scores(0.6), "opened by model lateness@1", "opened by model lateness@1", 2},
		"live, 57 of 100":            {[]control.Record{ca05(verdict.Live, func(p *control.Policy) { p.ThresholdBP = 5700; p.ClearBP = 0 })}, scores(0.57), "opened by model lateness@1", "opened by model lateness@1", 2},
		"live, no answer":            {[]control.Record{ca05(verdict.Live, nil)}, fails(verdict.Timeout), "opened by fallback timeout", "", 2},
		"live, guard open":           {[]control.Record{ca05(verdict.Live, nil), guard(control.Open)}, scores(0.9), "opened by fallback guard_golden", "", 2},
		"live, half open, no reason": {[]control.Record{ca05(verdict.Live, nil), unsaid}, scores(0.9), "opened by fallback guard_silent", "", 2},
		"live, guard before policy":  {[]control.Record{guard(control.Open), ca05(verdict.Live, nil)}, scores(0.9), "opened by fallback guard_golden", "", 2},
		"live, guard closed again":   {[]control.Record{ca05(verdict.Live, nil), guard(control.Open), guard(control.Closed)}, scores(0.9), "opened by model lateness@1", "opened by model lateness@1", 2},
		"canary of all but nobody":   {[]control.Record{ca05(verdict.Canary, func(p *control.Policy) { p.CanaryBP = 9999 })}, scores(0.9), "opened by model lateness@1", "opened by model lateness@1", 2},
		"canary of next to nobody":   {[]control.Record{ca05(verdict.Canary, func(p *control.Policy) { p.CanaryBP = 1 })}, scores(0.9), "opened by rule", "", 2},
		"a guard of another version": {[]control.Record{ca05(verdict.Live, func(p *control.Policy) { p.Bundle = "lateness@2" }), guard(control.Open)}, scores(0.9), "opened by model lateness@2", "opened by model lateness@2", 2},
	} {
		t.Run(name, func(t *testing.T) {
			c := newContested(t, test.control...)
			c.answer = test.answer
			c.parcel(1, true)
			hopeless, asked := c.story(), len(c.asks)
			for _, v := range c.Verdicts {
				if v.Code == "CA-05" && v.Raised != (hopeless != "") {
					t.Errorf("raised: %t, and what is raised: %q", v.Raised, hopeless)
				}
			}
			c.parcel(2, false)
			if fine := c.story(); hopeless != test.hopeless || fine != test.fine || asked+len(c.asks) != test.asked {
				t.Errorf("of the hopeless %q, of the other %q, asked %d", hopeless, fine, asked+len(c.asks))
			}
		})
	}
}

// A guard that is not renewed counts as open from the lane's time on that its last word holds until.
func TestAGuardNotRenewedCountsAsOpen(t *testing.T) {
	watched := func(version int32, until event.Micros) control.Record {
		return control.Record{Object: "guard/CA-05/lateness@1", Version: version, Kind: control.KindGuard, Author: "guard",
			Guard: &control.Guard{Code: "CA-05", Bundle: "lateness@1", State: control.Closed, Signal: control.G1, ChangedAt: start, ValidUntil: until}}
	}
	c := newContested(t, ca05(verdict.Live, nil), watched(1, start+event.Hour))
	c.answer = scores(0.9)
	for i, by := range []string{"model lateness@1", "fallback guard_silent", "model lateness@1"} {
		c.parcel(i, true)
		if got := c.story(); got != "opened by "+by {
			t.Errorf("parcel %d: %s, want by %s", i, got, by)
		}
		c.beat(beat.Batch{End: start + event.Hour + 1})
		if i == 1 {
			c.beat(beat.Batch{Control: []control.Record{watched(2, start+event.Day)}})
		}
	}
}

// What the model raised it carries on below the score it raises from, until it is sure enough; scores that move are no news. The end of the journey is.
func TestAModelsExceptionLivesOn(t *testing.T) {
	c := newContested(t, ca05(verdict.Live, nil))
	var told []string
	for i, score := range []float64{0.7, 0.9, 0.41, 0.39, 0.5, 0.6} {
		if c.answer = scores(score); i == 0 {
			c.parcel(1, false)
		} else {
			c.beat(beat.Batch{Items: []beat.Item{c.scan(1, start+event.Micros(1+i)*event.Hour, event.Accepted)}})
		}
		told = append(told, c.story())
	}
	c.beat(beat.Batch{Items: []beat.Item{c.scan(1, start+20*event.Hour, event.Delivered)}})
	told = append(told, c.story())
	if len(c.asks) != 0 {
		t.Error("a model is asked about what is over")
	}
	const opened, cleared = "opened by model lateness@1", "cleared by model lateness@1"
	if got, want := strings.Join(told, "|"), strings.Join([]string{opened, "", "", cleared, "", opened, "cleared by rule"}, "|"); got != want {
		t.Errorf("%s, want %s", got, want)
	}
	for _, x := range c.Exceptions {
		if x.LateData || x.ClearedAt != start+20*event.Hour {
			t.Errorf("%+v", x)
		}
	}
}

// The record of a judgement says what both said and who decided; without a raise there is one of a sample only.
func TestJudgementsAreWrittenDown(t *testing.T) {
	sampling := func(p *control.Policy) { p.SampleBP = 10_000 }
	c := newContested(t, ca05(verdict.Shadow, nil), control.Record{Object: "bundle/lateness", Version: 1, Kind: control.KindBundle, Author: "ada",
		Bundle: &control.Bundle{Name: "lateness", Version: 1, SHA256: strings.Repeat("ab", 32), Features: "carrier/1", SizeBytes: 1}})
	c.answer = scores(0.2)
	if c.parcel(1, false); len(c.Verdicts) != 0 {
		t.Errorf("%+v", c.Verdicts)
	}
	c.answer = scores(0.25)
	c.parcel(2, true)
	if len(c.Verdicts) != 1 {
		t.Fatalf("%+v", c.Verdicts)
	}
	v := c.Verdicts[0]
	if v.RuleSays != verdict.Raise || v.Score == nil || *v.Score != 0.25 || v.DecidedBy != verdict.ByRule || !v.Raised || v.Selection != verdict.FromRule ||
		v.PropensityBP != verdict.Certain || v.Mode != verdict.Shadow || v.Bundle != "lateness@1" || v.Model != strings.Repeat("ab", 8) || v.ThresholdBP != 6000 ||
		v.Features != "carrier/1" || len(v.Values) == 0 || v.ExceptionID != c.Exceptions[len(c.Exceptions)-1].ID || v.JudgedAt != start+event.Hour || v.DetectedAt != v.JudgedAt {
		t.Errorf("%+v", v)
	}
	c = newContested(t, ca05(verdict.Live, sampling))
	c.answer = fails(verdict.BreakerOpen)
	c.parcel(3, false)
	if len(c.Verdicts) != 1 || c.Verdicts[0].Selection != verdict.Sampled || c.Verdicts[0].DecidedBy != verdict.ByFallback || c.Verdicts[0].Reason != verdict.BreakerOpen || c.Verdicts[0].Score != nil {
		t.Errorf("%+v", c.Verdicts)
	}
}

// A canary's share is about right, the same entities are in it each time, and a larger share holds every smaller one.
func TestACanaryIsAStableShare(t *testing.T) {
	const parcels = 4000
	in := func(bp int32) map[string]bool {
		c := newContested(t, ca05(verdict.Canary, func(p *control.Policy) { p.CanaryBP = bp }))
		c.answer = scores(0.9)
		var items []beat.Item
		for n := range parcels {
			items = append(items, parcel(n, start+5*event.Day), c.scan(n, start+event.Hour, event.Accepted))
		}
		c.beat(beat.Batch{Items: items})
		found := map[string]bool{}
		for _, x := range c.Exceptions {
			found[x.Subject] = true
		}
		return found
	}
	few, more := in(1000), in(3000)
	for subject := range few {
		if !more[subject] {
			t.Errorf("%s is in the smaller share alone", subject)
		}
	}
	for bp, found := range map[float64]int{1000: len(few), 3000: len(more)} {
		p := bp / 10_000
		if off := math.Abs(float64(found) - p*parcels); off > 5*math.Sqrt(parcels*p*(1-p)) {
			t.Errorf("%d of %d are in a share of %v basis points", found, parcels, bp)
		}
	}
}

// A snapshot holds what is in force.
func TestASnapshotHoldsPolicies(t *testing.T) {
	registered := func(version int32) control.Record {
		return control.Record{Object: "bundle/lateness", Version: version, Kind: control.KindBundle, Author: "ada",
			Bundle: &control.Bundle{Name: "lateness", Version: version, SHA256: strings.Repeat(fmt.Sprint(version), 64), Features: "carrier/1", SizeBytes: 1}}
	}
	c := newContested(t, registered(1), ca05(verdict.Live, nil), registered(2)) // which waits for a policy of its own
	c.answer = scores(0.9)
	c.parcel(1, false)
	c.Freeze()
	again := newContested(t)
	fresh, err := detectors.New(event.Carrier, setting.Settings{Clock: setting.Log, Reference: setting.Reference{Transit: []setting.Transit{{N: 900, Q50S: 172_800, Q80S: 216_000}}}})
	if err != nil {
		t.Fatal(err)
	}
	for last := false; !last; {
		var part []byte
		part, last = c.Frozen(nil, 7)
		if err := fresh.Load(part, last); err != nil {
			t.Fatal(err)
		}
	}
	again.Engine, again.answer = fresh, scores(0.1)
	again.beat(beat.Batch{Items: []beat.Item{again.scan(1, start+2*event.Hour, event.Accepted)}})
	if again.story() != "cleared by model lateness@1" {
		t.Error(again.story())
	}
	if len(again.asks) != 1 || again.asks[0].Model != strings.Repeat("1", 16) {
		t.Errorf("asked %+v", again.asks)
	}
}
