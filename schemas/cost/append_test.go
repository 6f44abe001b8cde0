package cost

import (
	"encoding/json"
	"reflect"
	"testing"

	"andon/schemas/event"

	"pgregory.net/rapid"
)

// What is appended is what the tags say: encoding/json writes the same members, and Decode reads them back.
func TestAppendIsWhatTheTagsSay(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		text := func(name string) string {
			return rapid.StringOfN(rapid.RuneFrom([]rune("aZ9\"\\\n\u00fc\u2028<&")), 0, 5, -1).Draw(t, name)
		}
		c := Cost{
			ID: NewID(text("tenant"), PickLabour, text("subject"), text("part")), Tenant: text("tenant"), Component: PickLabour, Subject: text("subject"),
			Part: text("part"), OrderID: text("order"), Site: text("site"), Carrier: text("carrier"), Item: text("item"),
			IncurredAt: event.MinTime + event.Micros(rapid.Int64Range(0, 1e14).Draw(t, "at")), Basis: Measured, WorkUS: rapid.Int64Range(0, 9).Draw(t, "work"),
			QtyMilli: rapid.Int64Range(0, 9).Draw(t, "qty"), Currency: text("currency"), Rates: text("rates"), Withdrawn: rapid.Bool().Draw(t, "withdrawn"),
		}
		if rapid.Bool().Draw(t, "priced") {
			amount := rapid.Int64().Draw(t, "amount")
			c.AmountMicro = &amount
		}
		tagged, err := json.Marshal(c)
		if err != nil {
			t.Fatal(err)
		}
		var got, want map[string]any
		var read Cost
		written := Append(nil, &c)
		if json.Unmarshal(written, &got) != nil || json.Unmarshal(tagged, &want) != nil || !reflect.DeepEqual(got, want) {
			t.Fatalf("appended %s\nthe tags say %s", written, tagged)
		}
		if err := Decode(written, &read); err != nil || !reflect.DeepEqual(read, c) {
			t.Fatalf("%s is read as %+v: %v", written, read, err)
		}
	})
}
