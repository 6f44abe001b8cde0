package replay_test

import (
	"bytes"
	"io/fs"
	"maps"
	"slices"
	"testing"

	"andon/detectors/rule"
	"andon/detectors/setting"
	"andon/pipeline/mem"
	"andon/replay"
	"andon/replay/history"
	"andon/replay/simulate"
	"andon/schemas/event"
	"andon/schemas/exception"
	"andon/schemas/jsonschema"

	schemas "github.com/santhosh-tekuri/jsonschema/v6"
)

// Of a simulated day the rules find exactly what the simulator hid in it, however many records come late, twice or out of order.
func TestSimulatedDayIsSolved(t *testing.T) {
	_, seed := dice(t)
	records, labels := simulate.Day(simulate.Config{Seed: seed, Orders: 4000, Start: event.MinTime + 36*365*event.Day})
	l := replay.NewLine(setting.Settings{Clock: setting.Log})
	l.Append(history.Ticked(records, replay.Partitions, history.SimulateStep, history.SimulateLateness))
	run(t, l, mem.Options{})

	found, hidden := map[string]int{}, map[string]int{}
	for _, x := range l.Final() {
		if replay.Stands(&x) { // a pick that came after the one that closed its line makes an exception that does not
			found[x.Code+" "+x.Subject]++
		}
	}
	details := map[string]string{}
	for label := range labels {
		hidden[label.Code+" "+label.Subject]++
		details[label.Code+" "+label.Subject] = label.Detail
	}
	keys := slices.Concat(slices.Collect(maps.Keys(hidden)), slices.Collect(maps.Keys(found)))
	slices.Sort(keys)
	for _, k := range slices.Compact(keys) {
		if found[k] != hidden[k] {
			t.Errorf("%s: %d found, %d hidden %s (ANDON_SEED=%d)", k, found[k], hidden[k], details[k], seed)
		}
	}
	r := l.Result()
	if r.DeadLetters > 0 || r.Events < 60_000 {
		t.Errorf("%+v", r)
	}
	for code, n := range r.Exceptions {
		if n == 0 && rule.ByCode(code).Since != "next" { // then it is still being written
			t.Errorf("a day without %s proves little (ANDON_SEED=%d)", code, seed)
		}
	}
	t.Logf("seed %d: %+v", seed, r)
}

// Whatever Andon writes of a simulated day conforms to the published schemas.
func TestSimulatedDayConforms(t *testing.T) {
	records, _ := simulate.Day(simulate.Config{Seed: 5, Orders: 300, Start: event.MinTime + 36*365*event.Day})
	events, exceptions := schema(t, "event"), schema(t, "exception")
	l := replay.NewLine(setting.Settings{Clock: setting.Log})
	for r := range history.Ticked(records, replay.Partitions, history.SimulateStep, history.SimulateLateness) {
		conforms(t, events, r.Value)
		l.Append(slices.Values([]history.Record{r}))
	}
	run(t, l, mem.Options{})
	for _, x := range l.Final() {
		conforms(t, exceptions, exception.Append(nil, &x))
	}
}

// So do the public data sets.
func TestDataConforms(t *testing.T) {
	events := schema(t, "event")
	for name := range dataSets {
		t.Run(name, func(t *testing.T) {
			records := open(t, name, dataDir(t, name)).Records
			for i := 0; i < len(records); i += 1 + len(records)/2000 {
				conforms(t, events, records[i].Value)
			}
		})
	}
}

func schema(t *testing.T, name string) *schemas.Schema {
	t.Helper()
	b, err := fs.ReadFile(jsonschema.Files, name+".schema.json")
	if err != nil {
		t.Fatal(err)
	}
	doc, err := schemas.UnmarshalJSON(bytes.NewReader(b))
	if err != nil {
		t.Fatal(err)
	}
	c := schemas.NewCompiler()
	c.AssertFormat()
	if err := c.AddResource(name, doc); err != nil {
		t.Fatal(err)
	}
	return c.MustCompile(name)
}

func conforms(t *testing.T, s *schemas.Schema, text []byte) {
	t.Helper()
	v, err := schemas.UnmarshalJSON(bytes.NewReader(text))
	if err != nil {
		t.Fatal(err)
	}
	if err := s.Validate(v); err != nil {
		t.Fatalf("%s: %v", text, err)
	}
}
