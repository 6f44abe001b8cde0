package jsonschema_test

import (
	"bytes"
	"encoding/json"
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"maps"
	"os"
	"reflect"
	"slices"
	"strconv"
	"strings"
	"testing"

	"andon/schemas/beat"
	"andon/schemas/control"
	"andon/schemas/cost"
	"andon/schemas/deadletter"
	"andon/schemas/decision"
	"andon/schemas/event"
	"andon/schemas/exception"
	"andon/schemas/journal"
	"andon/schemas/jsonschema"
	"andon/schemas/verdict"

	schemas "github.com/santhosh-tekuri/jsonschema/v6"
)

func document(t testing.TB, name string) map[string]any {
	t.Helper()
	b, err := fs.ReadFile(jsonschema.Files, name+".schema.json")
	if err != nil {
		t.Fatal(err)
	}
	doc, err := schemas.UnmarshalJSON(bytes.NewReader(b))
	if err != nil {
		t.Fatal(err)
	}
	return doc.(map[string]any)
}

func compile(t testing.TB, name string) *schemas.Schema {
	t.Helper()
	c := schemas.NewCompiler()
	c.AssertFormat()
	doc := document(t, name)
	if err := c.AddResource(doc["$id"].(string), doc); err != nil {
		t.Fatal(err)
	}
	s, err := c.Compile(doc["$id"].(string))
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// check judges JSON text by a schema.
func check(t testing.TB, s *schemas.Schema, text []byte) error {
	t.Helper()
	v, err := schemas.UnmarshalJSON(bytes.NewReader(text))
	if err != nil {
		t.Fatalf("%s: %v", text, err)
	}
	return s.Validate(v)
}

// Each schema names exactly the members the Go type writes.
func TestMembersAreThoseOfTheGoTypes(t *testing.T) {
	within := func(doc map[string]any, path ...string) map[string]any {
		for _, p := range path {
			doc = doc[p].(map[string]any)
		}
		return doc["properties"].(map[string]any)
	}
	e, j := document(t, "event"), document(t, "journal")
	for _, c := range []struct {
		value   any
		members map[string]any
	}{
		{event.Event{}, within(e)},
		{event.Line{}, within(e, "$defs", "line")},
		{exception.Exception{}, within(document(t, "exception"))},
		{cost.Cost{}, within(document(t, "cost"))},
		{verdict.Verdict{}, within(document(t, "verdict"))},
		{decision.Decision{}, within(document(t, "decision"))},
		{control.Record{}, within(document(t, "control"))},
		{control.Policy{}, within(document(t, "control"), "properties", "policy")},
		{control.Bundle{}, within(document(t, "control"), "properties", "bundle")},
		{control.Guard{}, within(document(t, "control"), "properties", "guard")},
		{deadletter.Letter{}, within(document(t, "deadletter"))},
		{journal.Entry{}, within(j)},
		{journal.Range{}, within(j, "$defs", "range")},
		{struct {
			Side bool `json:"side"`
		}{}, within(j, "properties", "dead_lettered", "items")},
		{beat.Counts{}, within(j, "properties", "counts")},
		{beat.Timer{}, within(j, "properties", "disarmed", "items")},
		{journal.Snapshot{}, within(j, "properties", "snapshot")},
		{beat.Reply{}, within(j, "properties", "replies", "items")},
	} {
		var written []string
		typ := reflect.TypeOf(c.value)
		for field := range typ.Fields() {
			if name, _, _ := strings.Cut(field.Tag.Get("json"), ","); name != "-" {
				written = append(written, name)
			}
		}
		slices.Sort(written)
		if named := slices.Sorted(maps.Keys(c.members)); !slices.Equal(named, written) {
			t.Errorf("%s writes\n%v, the schema names\n%v", typ, written, named)
		}
	}
}

// The lists of names in the schemas are those of the code.
func TestNamesAreThoseOfTheCode(t *testing.T) {
	members := document(t, "event")["properties"].(map[string]any)
	list := func(doc any, key string) (names []string) {
		for _, v := range doc.(map[string]any)[key].([]any) {
			names = append(names, v.(string))
		}
		return names
	}
	var types, statuses, purposes, conditions []string
	for i := event.Type(1); i.String() != ""; i++ {
		types = append(types, i.String())
	}
	for i := event.Status(1); i.String() != ""; i++ {
		statuses = append(statuses, i.String())
	}
	for i := event.Original; i.String() != ""; i++ {
		purposes = append(purposes, i.String())
	}
	for i := event.Good; i.String() != ""; i++ {
		conditions = append(conditions, i.String())
	}
	letter := document(t, "deadletter")["properties"].(map[string]any)
	for name, c := range map[string]struct{ schema, code []string }{
		"type":      {list(members["type"], "enum"), types},
		"status":    {list(members["status"], "examples"), statuses},
		"purpose":   {list(members["purpose"], "enum"), purposes},
		"condition": {list(members["condition"], "enum"), conditions},
		"reason":    {list(letter["reason"], "enum"), reasons(t)},
		"fallback":  {list(document(t, "verdict")["properties"].(map[string]any)["reason"], "enum"), fallbacks},
	} {
		if !slices.Equal(c.schema, c.code) {
			t.Errorf("%s: the schema lists\n%v, the code\n%v", name, c.schema, c.code)
		}
	}
}

// reasons reads the constants of type Reason from their source, in order.
func reasons(t *testing.T) (names []string) {
	file, err := parser.ParseFile(token.NewFileSet(), "../event/reject.go", nil, 0)
	if err != nil {
		t.Fatal(err)
	}
	ast.Inspect(file, func(n ast.Node) bool {
		if v, ok := n.(*ast.ValueSpec); ok {
			if typ, ok := v.Type.(*ast.Ident); ok && typ.Name == "Reason" {
				name, err := strconv.Unquote(v.Values[0].(*ast.BasicLit).Value)
				if err != nil {
					t.Fatal(err)
				}
				names = append(names, name)
			}
		}
		return true
	})
	return names
}

func TestOutputsConform(t *testing.T) {
	number := int64(3)
	x := exception.Exception{
		ID: exception.NewID("default", "IN-05", "D-1", "1"), Revision: 1, Tenant: "default", Code: "IN-05", Subject: "D-1", Episode: "1",
		State: exception.Open, Change: exception.WasOpened, Severity: exception.Major, DecidedBy: exception.DecidedByRule, OpenedAt: event.MinTime, DetectedAt: event.MinTime + 1,
		Unit: exception.Milli, Expected: &number, CostAtRiskMinor: &number, Currency: "EUR", ProbabilityBP: 10_000, PriorityScore: &number, Priority: exception.P4,
		Deadline: event.MinTime + 9, ActBy: event.MinTime + 5, Reasons: []string{"3 short"}, Evidence: exception.Evidence{7}, Rule: "IN-05/1",
	}
	cleared := x
	cleared.State, cleared.Change, cleared.ClearedAt, cleared.LateData = exception.Cleared, exception.WasCleared, event.MinTime+2, true
	paid := cost.Cost{
		ID: cost.NewID("default", cost.PickLabour, "F-1", "10"), Tenant: "default", Component: cost.PickLabour, Subject: "F-1", Part: "10",
		IncurredAt: event.MinTime, Basis: cost.Measured, WorkUS: 51_000_000, QtyMilli: 2000, AmountMicro: &number, Currency: "EUR", Rates: "00ff",
	}
	unknown := cost.Cost{ID: cost.NewID("default", cost.Material, "F-1", "C-1"), Tenant: "default", Component: cost.Material, Subject: "F-1", Part: "C-1",
		IncurredAt: event.MinTime, Basis: cost.Assumed, Rates: "00ff", Withdrawn: true}
	letter := deadletter.Letter{Topic: "fulfillment.asn", Offset: 9, At: event.MinTime, Reason: event.Malformed, Detail: "cut"}
	letter.Keep([]byte("D-1"), []byte("{"))
	timer := deadletter.Letter{Topic: "fulfillment.asn", Reason: event.TimerPanic, Timer: "D-1 due 2026-01-01T00:00:00Z"}
	entry := journal.Entry{
		Version: journal.Version, Lane: "asn/3", Seq: 4, Input: journal.Range{From: 1, To: 9}, Settings: "00ff", Start: event.MinTime, End: event.MinTime + 1,
		Counts: beat.Counts{Read: 8, Done: 7, DeadLettered: 1}, DeadLettered: []journal.DeadRange{{Side: true, Range: journal.Range{From: 3, To: 4}}},
		Disarmed: []beat.Timer{{Tenant: "default", Subject: "D-1", Due: event.MinTime}},
		Logic:    "00ff", Replies: []beat.Reply{{Score: 0.25, Model: "00ff00ff00ff00ff"}, {Reason: "timeout"}}, Outputs: journal.HashOf([]byte("out")),
		Snapshot: &journal.Snapshot{Seq: 2, Entry: journal.HashOf(nil), Slot: 2, Parts: 1, Bytes: 9, Sum: journal.HashOf(nil), Entities: 1},
		Before:   journal.HashOf([]byte("before")),
	}
	genesis := journal.Entry{Version: journal.Version, Lane: "carrier/0", InputID: "a", SideID: "b", Settings: "00ff"}
	for name, texts := range map[string][][]byte{
		"exception":  {exception.Append(nil, &x), exception.Append(nil, &cleared)},
		"cost":       {cost.Append(nil, &paid), cost.Append(nil, &unknown)},
		"verdict":    judgements(),
		"decision":   decisions(t),
		"control":    controls(t),
		"deadletter": {deadletter.Append(nil, &letter), deadletter.Append(nil, &timer)},
		"journal":    {journal.Append(nil, &entry), journal.Append(nil, &genesis)},
	} {
		s := compile(t, name)
		for _, text := range texts {
			if err := check(t, s, text); err != nil {
				t.Errorf("%s: %v", text, err)
			}
			needed(t, s, document(t, name), text)
		}
	}
}

// needed checks that a record is refused without any member that its schema calls required: the test would see a schema that takes everything.
func needed(t *testing.T, s *schemas.Schema, doc map[string]any, text []byte) {
	for _, name := range doc["required"].([]any) {
		var record map[string]any
		if err := json.Unmarshal(text, &record); err != nil {
			t.Fatal(err)
		}
		delete(record, name.(string))
		if less, _ := json.Marshal(record); check(t, s, less) == nil {
			t.Errorf("taken without %s: %s", name, less)
		}
	}
}

// examples are well-formed events of every type.
func examples(t testing.TB) (records []map[string]any) {
	file, err := os.ReadFile("../event/testdata/events.ndjson")
	if err != nil {
		t.Fatal(err)
	}
	for line := range bytes.Lines(file) {
		var record map[string]any
		if err := json.Unmarshal(line, &record); err != nil {
			t.Fatal(err)
		}
		records = append(records, record)
	}
	return records
}
