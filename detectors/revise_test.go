package detectors_test

import (
	"fmt"
	"strings"
	"testing"

	"andon/detectors"
	"andon/detectors/setting"
	"andon/schemas/beat"
	"andon/schemas/control"
	"andon/schemas/event"
	"andon/schemas/verdict"
)

// silent is a parcel that went silent after it was handed over, one that is being judged by how long it is.
func silent(t *testing.T, n int) *contested {
	t.Helper()
	c := &contested{Engine: newEngine(t, event.Carrier, setting.Settings{Clock: setting.Log}), t: t}
	var items []beat.Item
	for i := range n {
		items = append(items, parcel(i, start+5*event.Day), c.scan(i, start+event.Hour, event.Accepted))
	}
	c.beat(beat.Batch{Items: items})
	c.beat(beat.Batch{Items: []beat.Item{tick(start + 6*event.Day)}})
	return c
}

func revision(version int32, settings string) control.Record {
	return control.Record{Object: "settings", Version: version, Kind: control.KindSettings, Author: "ada", Settings: []byte(settings)}
}

// told is what the last beat changed: code, change, and what it came of.
func (c *contested) told() string {
	var all []string
	for _, x := range c.Exceptions {
		because := ""
		if x.LogicChange {
			because = " anew"
		}
		all = append(all, x.Code+" "+string(x.Change)+because)
	}
	return strings.Join(all, ", ")
}

// Other settings judge every entity anew in the beat that brings them, and all that comes after.
func TestSettingsAreRevised(t *testing.T) {
	c := silent(t, 1)
	if told := c.told(); !strings.Contains(told, "CA-04 opened") {
		t.Fatalf("before: %q", told)
	}
	was := c.Settings()
	c.beat(beat.Batch{Control: []control.Record{revision(1, `{"rules":{"CA-04":{"grace_s":864000}}}`)}})
	if told := c.told(); !strings.Contains(told, "CA-04 retracted anew") && !strings.Contains(told, "CA-04 cleared anew") {
		t.Errorf("a grace of ten days: %q", told)
	}
	if is := c.Engine.Settings(); is == was || is == "" {
		t.Errorf("settings %s after %s", is, was)
	}
	c.beat(beat.Batch{Items: []beat.Item{parcel(7, start+5*event.Day), tick(start + 7*event.Day)}})
	if told := c.told(); strings.Contains(told, "CA-04") {
		t.Errorf("a parcel that comes later: %q", told)
	}
	c.beat(beat.Batch{Control: []control.Record{revision(2, `{}`)}})
	if told := c.told(); strings.Count(told, "CA-04 opened anew") != 2 {
		t.Errorf("back to the default: %q", told)
	}
}

// What makes no sense as settings, and andon control apply refuses, changes nothing.
func TestSettingsThatMakeNoSense(t *testing.T) {
	for _, text := range []string{`{"clock":"wall"}`, `{"rules":{"CA-04":{"grave_s":1}}}`, `{"rules":{"XX-99":{}}}`, `{"ruled":{}}`, `{} {}`, `{"forget":{"closed_s":-1}}`, `[]`} {
		c := silent(t, 1)
		was := c.Engine.Settings()
		c.beat(beat.Batch{Control: []control.Record{revision(1, text)}})
		if told := c.told(); told != "" || c.Engine.Settings() != was {
			t.Errorf("%s: %q, settings %s after %s", text, told, c.Engine.Settings(), was)
		}
		if _, err := detectors.Revised(setting.Settings{Clock: setting.Log}, &control.Record{Settings: []byte(text)}); err == nil || !strings.Contains(err.Error(), "settings") {
			t.Errorf("%s: error %v", text, err)
		}
	}
}

// A beat that is undone leaves the settings as they were, and a sweep goes on beat by beat, the same each time.
func TestRevisingIsUndoneAndGoesOn(t *testing.T) {
	const parcels = 7000 // more than one beat judges anew
	c := silent(t, parcels)
	longer := beat.Batch{Control: []control.Record{revision(1, `{"rules":{"CA-04":{"grace_s":864000}}}`)}}
	was := c.Engine.Settings()
	first := c.Step(longer)
	told := fmt.Sprint(c.Engine.Settle(nil))
	c.Undo()
	if c.Engine.Settings() != was || c.Size().Unjudged != 0 {
		t.Errorf("undone: settings %s, %d unjudged", c.Engine.Settings(), c.Size().Unjudged)
	}
	again := c.Step(longer)
	if first.Unjudged != 2000 || again.Unjudged != 2000 || fmt.Sprint(c.Engine.Settle(nil)) != told {
		t.Errorf("%d, then %d unjudged", first.Unjudged, again.Unjudged)
	}
	c.Keep()
	if left := c.Size().Unjudged; left != 2000 {
		t.Errorf("%d are left", left)
	}
	c.beat(beat.Batch{})
	if changed := strings.Count(c.told(), "CA-04"); changed != 2000 || c.Size().Unjudged != 0 {
		t.Errorf("%d changed, %d unjudged", changed, c.Size().Unjudged)
	}
	c.beat(beat.Batch{})
	if told := c.told(); told != "" {
		t.Errorf("nothing is left: %q", told)
	}
}

// A snapshot holds the settings in force, whatever those are that the next engine is made with.
func TestSettingsInSnapshots(t *testing.T) {
	c := silent(t, 3)
	c.beat(beat.Batch{Control: []control.Record{revision(1, `{"rules":{"CA-04":{"grace_s":864000}}}`)}})
	c.Freeze()
	part, last := c.Frozen(nil, 1<<20)
	if !last {
		t.Fatal("more than a part")
	}
	next := newEngine(t, event.Carrier, setting.Settings{Clock: setting.Log})
	if err := next.Load(part, true); err != nil {
		t.Fatal(err)
	}
	if next.Settings() != c.Engine.Settings() || next.Size().Unjudged != 0 {
		t.Errorf("settings %s instead of %s, %d unjudged", next.Settings(), c.Engine.Settings(), next.Size().Unjudged)
	}
}

// What was forgotten stays forgotten when settings keep entities longer afterwards, in a lane restored from a snapshot too.
func TestForgettingIsForGood(t *testing.T) {
	s := setting.Settings{Clock: setting.Log, Forget: setting.Forget{ClosedS: 2 * 86_400, OpenS: 2 * 86_400}}
	c := &contested{Engine: newEngine(t, event.Carrier, s), t: t}
	c.beat(beat.Batch{Items: []beat.Item{parcel(1, start+event.Day), tick(start + 20*event.Day)}})
	if n := c.Size().Entities; n != 0 {
		t.Fatalf("%d entities are kept", n)
	}
	c.beat(beat.Batch{Control: []control.Record{revision(1, `{"forget":{"closed_s":2592000,"open_s":2592000}}`)}})
	c.Freeze()
	part, _ := c.Frozen(nil, 1<<20)
	next := &contested{Engine: newEngine(t, event.Carrier, s), t: t}
	if err := next.Load(part, true); err != nil {
		t.Fatal(err)
	}
	for _, e := range []*contested{c, next} {
		if st := e.Step(beat.Batch{Items: []beat.Item{parcel(1, start+event.Day)}}); st.Counts.TooLate != 1 {
			t.Errorf("%+v", st.Counts)
		}
	}
}

// A beat ends when it has asked as much as one journal entry takes answers; run again with what it folded, it asks the same.
func TestABeatAsksSoMuch(t *testing.T) {
	c := newContested(t, ca05(verdict.Live, nil))
	c.answer = scores(0.9)
	var items []beat.Item
	for n := range 25_000 {
		items = append(items, parcel(n, start+event.Day), c.scan(n, start+event.Hour, event.Accepted))
	}
	asked, folded := 0, 0
	for len(items) > 0 {
		first := c.Step(beat.Batch{Items: items})
		n, requests := first.Items, len(first.Requests)
		c.Undo()
		if again := c.Step(beat.Batch{Items: items[:n], End: first.End}); again.Items != n || len(again.Requests) != requests || requests > 20_001 || n == 0 {
			t.Fatalf("%d of %d items, %d of %d questions", again.Items, n, len(again.Requests), requests)
		}
		c.Settle(make([]beat.Reply, requests))
		c.Keep()
		asked, folded, items = asked+requests, folded+n, items[n:]
	}
	if asked < 25_000 || folded != 50_000 {
		t.Errorf("%d asked of %d items", asked, folded)
	}
}
