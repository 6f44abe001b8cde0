package jsonschema_test

import (
	"encoding/json"
	"errors"
	"maps"
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"

	"andon/schemas/event"

	"pgregory.net/rapid"
)

// decode reads a record on the topic of its type, under the key it says itself. A correction is read on the topic whose subject it has.
func decode(record map[string]any) (event.Event, error) {
	text, err := json.Marshal(record)
	if err != nil {
		panic(err)
	}
	var e event.Event
	var last error
	for _, f := range event.Families {
		event.Decode(f, []byte("?"), text, &e) // for the key: it has read the subject when it refuses the key
		last = event.Decode(f, []byte(e.Key(f)), text, &e)
		if r := (*event.Reject)(nil); last == nil || errors.As(last, &r) && r.Reason != event.WrongTopic && e.Type != event.Correction {
			break
		}
	}
	return e, last
}

func TestEncodedEventsConform(t *testing.T) {
	s := compile(t, "event")
	for _, record := range examples(t) {
		e, err := decode(record)
		if err != nil {
			t.Fatalf("%v: %v", record, err)
		}
		text := event.Append(nil, &e)
		if err := check(t, s, text); err != nil {
			t.Errorf("%s: %v", text, err)
		}
	}
}

var (
	always       = []string{"type", "event_time", "event_id"}
	alternatives = regexp.MustCompile(`^(despatch_id|po_id|sku|gtin)$`) // one of a pair is enough; TestSchemaAgreesWithDecode takes both away
)

// The README's table says exactly which single members a type cannot do without, and schema and decoder agree on each.
func TestNeededMembers(t *testing.T) {
	s, documented := compile(t, "event"), readmeTable(t)
	for _, record := range examples(t) {
		var needed []string
		for name := range record {
			if alternatives.MatchString(name) {
				continue
			}
			less := maps.Clone(record)
			delete(less, name)
			_, err := decode(less)
			text, _ := json.Marshal(less)
			if refused := check(t, s, text); (err == nil) != (refused == nil) && !beyond(less, err) {
				t.Errorf("%s: decoder says %v, schema says %v", text, err, refused)
			}
			if err != nil && !slices.Contains(always, name) && !beyond(less, err) {
				needed = append(needed, name)
			}
		}
		slices.Sort(needed)
		typ := record["type"].(string)
		if typ == "correction" {
			needed = []string{"retracts_event_id"}
		}
		if !slices.Equal(needed, documented[typ]) {
			t.Errorf("%s needs %v, the README says %v", typ, needed, documented[typ])
		}
	}
	if len(documented) != int(event.ClockTick) {
		t.Errorf("the README's table has %d types, there are %d", len(documented), event.ClockTick)
	}
}

// readmeTable is the table of what each type needs; what may be replaced by something else (a or b) is left out.
func readmeTable(t *testing.T) map[string][]string {
	readme, err := os.ReadFile("README.md")
	if err != nil {
		t.Fatal(err)
	}
	row := regexp.MustCompile("(?m)^\\| `([a-z.]+)` \\| (?:asn|carrier|pickpack|any|that .*) \\| (.*) \\|$")
	table := map[string][]string{}
	for _, m := range row.FindAllStringSubmatch(string(readme), -1) {
		names := []string(nil)
		for cell := range strings.SplitSeq(m[2], ", ") {
			if name := strings.Trim(cell, "`"); strings.HasPrefix(cell, "`") && !strings.Contains(cell, " or ") {
				names = append(names, name)
			}
		}
		slices.Sort(names)
		table[m[1]] = names
	}
	return table
}

// Whatever is done to an event, the schema refuses what the decoder refuses for its form, and takes what the decoder takes.
func TestSchemaAgreesWithDecode(t *testing.T) {
	s, records := compile(t, "event"), examples(t)
	names := slices.Sorted(maps.Keys(document(t, "event")["properties"].(map[string]any)))
	texts := []string{"", "x", "asn.despatched", "clock.tick", "purposeful", "replace", "damaged", "DELIVERED", "2026-02-30T00:00:00Z", "2026-02-28T00:00:00Z",
		"1970-01-01T00:00:00Z", "2026-02-28T00:00:00.1234567890Z", "2026-02-28T00:00:00+01:00", "2026-02-28", strings.Repeat("x", event.MaxStringBytes+1)}
	values := rapid.OneOf(
		rapid.Map(rapid.SampledFrom(texts), func(s string) any { return s }),
		rapid.Map(rapid.SampledFrom([]float64{-1, 0, 1, 1.5, event.MaxQtyMilli, event.MaxQtyMilli + 1}), func(f float64) any { return f }),
		rapid.Map(rapid.Bool(), func(b bool) any { return b }),
		rapid.SampledFrom([]any{[]any{}, []any{1}, map[string]any{}, []any{map[string]any{"line": "1"}}, []any{map[string]any{"line": "1", "gtin": "2"}},
			[]any{map[string]any{"line": "1", "sku": "2", "unit_cost_minor": 5}}, []any{map[string]any{"line": "1", "sku": "2", "qty_milli": -5}}}),
	)
	rapid.Check(t, func(t *rapid.T) {
		record := maps.Clone(rapid.SampledFrom(records).Draw(t, "record"))
		for range rapid.IntRange(1, 3).Draw(t, "changes") {
			name := rapid.SampledFrom(names).Draw(t, "name")
			if rapid.Bool().Draw(t, "remove") {
				delete(record, name)
			} else {
				record[name] = values.Draw(t, "value")
			}
		}
		text, _ := json.Marshal(record)
		_, err := decode(record)
		var doc any
		if err := json.Unmarshal(text, &doc); err != nil {
			t.Fatal(err)
		}
		refused := s.Validate(doc)
		if tick := record["type"] == "clock.tick"; err == nil && refused != nil && !tick { // of a tick only the time is read
			t.Fatalf("%s: the decoder takes it, the schema says %v", text, refused)
		}
		if err != nil && refused == nil && !beyond(record, err) {
			t.Fatalf("%s: the schema takes it, the decoder says %v", text, err)
		}
	})
}

// beyond reports whether a refusal is one that the schema cannot express.
func beyond(record map[string]any, err error) bool {
	if err == nil {
		return false
	}
	received, _ := record["qty_milli"].(float64)
	rejected, _ := record["rejected_qty_milli"].(float64)
	return strings.Contains(err.Error(), string(event.ImpossibleQuantity)) && rejected > received
}
