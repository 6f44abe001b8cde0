package event_test

import (
	"errors"
	"strings"
	"testing"

	"andon/schemas/event"
)

// reject is a record and the reason it must be refused for.
type reject struct {
	name   string
	reason event.Reason
	family event.Family
	key    string
	value  string
}

const (
	scan = `{"event_id":"1","type":"carrier.scan","event_time":"2026-01-01T00:00:00Z","carrier":"C","tracking_no":"T","status":"LOST"`
	asn  = `{"event_id":"1","type":"asn.despatched","event_time":"2026-01-01T00:00:00Z","despatch_id":"D"`
	line = `{"line":"1","sku":"A"}`
)

// without is scan or asn less one member, which stands between commas.
func without(record, member string) string {
	before, after, ok := strings.Cut(record, member)
	if !ok {
		panic("no " + member + " in " + record)
	}
	return before + strings.TrimPrefix(after, ",") + "}"
}

func rejects() []reject {
	onScan := func(name string, reason event.Reason, more string) reject {
		return reject{name, reason, event.Carrier, "C/T", scan + more + "}"}
	}
	onASN := func(name string, reason event.Reason, more string) reject {
		return reject{name, reason, event.ASN, "D", asn + more + "}"}
	}
	plain := func(name string, reason event.Reason, value string) reject {
		return reject{name, reason, event.Carrier, "C/T", value}
	}
	return []reject{
		plain("empty", event.Malformed, ""),
		plain("no object", event.Malformed, " [] "),
		plain("null", event.Malformed, "null"),
		plain("cut", event.Malformed, scan),
		plain("two objects", event.Malformed, scan+"}{}"),
		plain("trailing comma", event.Malformed, scan+",}"),
		onScan("NaN", event.Malformed, `,"weight_g":NaN`),
		onScan("leading zero", event.Malformed, `,"weight_g":01`),
		onScan("raw control character", event.Malformed, ",\"site\":\"a\nb\""),
		onScan("invalid UTF-8", event.InvalidUTF8, ",\"site\":\"\xff\""),
		onScan("too large", event.TooLarge, `,"x":"`+strings.Repeat("x", event.MaxRecordBytes)+`"`),
		onScan("too deep", event.TooDeep, `,"x":`+strings.Repeat("[", event.MaxDepth)+strings.Repeat("]", event.MaxDepth)),
		onScan("long string", event.StringTooLong, `,"x":"`+strings.Repeat("x", event.MaxStringBytes+1)+`"`),
		onScan("long name", event.StringTooLong, `,"`+strings.Repeat("x", event.MaxStringBytes+1)+`":1`),
		onASN("too many lines", event.TooManyLines, `,"lines":[`+strings.Repeat(line+",", event.MaxLines)+line+`]`),

		onScan("fraction", event.WrongSchema, `,"weight_g":1.5`),
		onScan("number as string", event.WrongSchema, `,"weight_g":"5"`),
		onScan("overflow", event.WrongSchema, `,"weight_g":99999999999999999999`),
		onScan("number as time", event.WrongSchema, `,"eta":5`),
		onScan("string as flag", event.WrongSchema, `,"line_closed":"no"`),
		onScan("number as name", event.WrongSchema, `,"purpose":1`),
		onScan("purpose not in its list", event.WrongSchema, `,"purpose":"delete"`),
		onScan("condition not in its list", event.WrongSchema, `,"condition":""`),
		onScan("negative revision", event.WrongSchema, `,"revision":-1`),
		onASN("lines no list", event.WrongSchema, `,"lines":{}`),
		onASN("line no object", event.WrongSchema, `,"lines":[1]`),
		{"number as type", event.WrongSchema, event.Carrier, "C/T", `{"event_id":"1","type":7}`},

		plain("no type", event.UnknownType, without(scan, `"type":"carrier.scan"`)),
		plain("other type", event.UnknownType, strings.Replace(scan, "carrier.scan", "carrier.song", 1)+"}"),
		{"scan among receipts", event.WrongTopic, event.ASN, "D", scan + "}"},

		plain("no event_id", event.MissingField, without(scan, `"event_id":"1"`)),
		plain("no event_time", event.MissingField, without(scan, `"event_time":"2026-01-01T00:00:00Z"`)),
		plain("no status", event.MissingField, without(scan, `,"status":"LOST"`)),
		plain("no carrier", event.MissingField, without(scan, `"carrier":"C"`)),
		plain("no tracking_no", event.MissingField, without(scan, `"tracking_no":"T"`)),
		{"slash in carrier", event.MissingField, event.Carrier, "C/D/T", strings.Replace(scan, `"C"`, `"C/D"`, 1) + "}"},
		{"no eta", event.MissingField, event.Carrier, "C/T", strings.Replace(scan, "carrier.scan", "carrier.eta", 1) + "}"},
		{"no retracts_event_id", event.MissingField, event.Carrier, "C/T", strings.Replace(scan, "carrier.scan", "correction", 1) + "}"},
		onASN("no lines", event.MissingField, ""),
		onASN("empty lines", event.MissingField, `,"lines":[]`),
		onASN("line without line", event.MissingField, `,"lines":[{"sku":"A"}]`),
		onASN("line without item", event.MissingField, `,"lines":[{"line":"1"}]`),
		onASN("null line", event.MissingField, `,"lines":[null]`),
		onASN("cost without currency", event.MissingField, `,"lines":[{"line":"1","sku":"A","unit_cost_minor":5}]`),
		{"neither despatch nor order", event.MissingField, event.ASN, "D", strings.Replace(asn, "despatch_id", "other_id", 1) + `,"lines":[` + line + `]}`},
		{"receipt without item", event.MissingField, event.ASN, "D", strings.Replace(asn, "asn.despatched", "receipt.line", 1) + "}"},
		{"pick without line", event.MissingField, event.PickPack, "F", `{"event_id":"1","type":"pick.confirmed","event_time":"2026-01-01T00:00:00Z","fulfilment_id":"F"}`},
		{"pick without order", event.MissingField, event.PickPack, "F", `{"event_id":"1","type":"pick.started","event_time":"2026-01-01T00:00:00Z"}`},
		{"tick without time", event.MissingField, event.PickPack, "", `{"type":"clock.tick"}`},

		{"no key", event.MissingKey, event.Carrier, "", scan + "}"},
		{"other key", event.WrongKey, event.Carrier, "C/U", scan + "}"},
		{"key without carrier", event.WrongKey, event.Carrier, "T", scan + "}"},
		{"order as key", event.WrongKey, event.ASN, "P", asn + `,"po_id":"P","lines":[` + line + `]}`},

		onScan("no calendar day", event.ImpossibleDate, `,"eta":"2026-02-30T00:00:00Z"`),
		onScan("sentinel", event.ImpossibleDate, `,"eta":"1970-01-01T00:00:00Z"`),
		onScan("far future", event.ImpossibleDate, `,"ship_by":"2100-01-01T00:00:00Z"`),
		onScan("no zone", event.ImpossibleDate, `,"promise_deliver_by":"2026-01-01T00:00:00"`),
		onScan("other zone", event.ImpossibleDate, `,"promise_deliver_by":"2026-01-01T00:00:00+01:00"`),
		onScan("empty time", event.ImpossibleDate, `,"eta":""`),
		plain("event_time", event.ImpossibleDate, strings.Replace(scan, "2026-01-01T", "2026-13-01T", 1)+"}"),

		onScan("negative weight", event.ImpossibleQuantity, `,"weight_g":-1`),
		onScan("huge weight", event.ImpossibleQuantity, `,"weight_g":100000000001`),
		onScan("negative freight", event.ImpossibleQuantity, `,"freight_minor":-1,"currency":"EUR"`),
		onScan("freight of no currency", event.MissingField, `,"freight_minor":1347`),
		onScan("value of no currency", event.MissingField, `,"declared_value_minor":8990`),
		onScan("more rejected than received", event.ImpossibleQuantity, `,"qty_milli":1,"rejected_qty_milli":2`),
		onASN("negative line", event.ImpossibleQuantity, `,"lines":[{"line":"1","sku":"A","qty_milli":-1}]`),
		onASN("negative cost", event.ImpossibleQuantity, `,"lines":[{"line":"1","sku":"A","unit_cost_minor":-1}]`),
	}
}

func TestRejects(t *testing.T) {
	seen := map[event.Reason]bool{}
	for _, c := range rejects() {
		var e event.Event
		err := event.Decode(c.family, []byte(c.key), []byte(c.value), &e)
		var r *event.Reject
		if !errors.As(err, &r) || r.Reason != c.reason {
			t.Errorf("%s: %v, want %s", c.name, err, c.reason)
			continue
		}
		if len(r.Detail) > 300 || strings.ContainsAny(r.Error(), "\n\r") {
			t.Errorf("%s: detail is not one short line: %q", c.name, r.Error())
		}
		seen[c.reason] = true
	}
	for _, reason := range []event.Reason{event.TooLarge, event.TooDeep, event.StringTooLong, event.TooManyLines, event.InvalidUTF8, event.Malformed,
		event.WrongSchema, event.UnknownType, event.WrongTopic, event.MissingField, event.MissingKey, event.WrongKey, event.ImpossibleDate,
		event.ImpossibleQuantity} {
		if !seen[reason] {
			t.Errorf("no case for %s", reason)
		}
	}
}

// What stands exactly at a limit is taken, and odd but legal JSON is read as what it says.
func TestTaken(t *testing.T) {
	for name, c := range map[string]reject{
		"record at its limit":  {family: event.Carrier, key: "C/T", value: pad(scan, event.MaxRecordBytes)},
		"depth at its limit":   {family: event.Carrier, key: "C/T", value: scan + `,"x":` + strings.Repeat("[", event.MaxDepth-1) + strings.Repeat("]", event.MaxDepth-1) + "}"},
		"string at its limit":  {family: event.Carrier, key: "C/T", value: scan + `,"x":"` + strings.Repeat("x", event.MaxStringBytes) + `"}`},
		"lines at their limit": {family: event.ASN, key: "D", value: asn + `,"lines":[` + strings.Repeat(line+",", event.MaxLines-1) + line + `]}`},
		"braces in a string":   {family: event.Carrier, key: "C/T", value: scan + `,"x":"` + strings.Repeat("{", 100) + `"}`},
		"unknown members":      {family: event.Carrier, key: "C/T", value: scan + `,"x":{"y":[1.5e3,null,true]}}`},
		"null members":         {family: event.Carrier, key: "C/T", value: scan + `,"eta":null,"purpose":null,"condition":null,"lines":null,"weight_g":null,"site":null}`},
		"escaped names":        {family: event.Carrier, key: "C/T", value: strings.NewReplacer("carrier.scan", `carrier\u002escan`, "00Z", `00\u002B00:00`, "LOST", `L\u004fST`).Replace(scan) + "}"},
		"spaces around":        {family: event.Carrier, key: "C/T", value: " \n" + scan + "} \t\r\n"},
		"tick on any topic":    {family: event.ASN, key: "", value: `{"type":"clock.tick","event_time":"2026-01-01T00:00:00Z"}`},
	} {
		var e event.Event
		if err := event.Decode(c.family, []byte(c.key), []byte(c.value), &e); err != nil {
			t.Errorf("%s: %v", name, err)
		}
		if e.Type == event.CarrierScan && (e.Status != event.Lost || e.Time.String() != "2026-01-01T00:00:00Z" || e.ETA != 0) {
			t.Errorf("%s: %+v", name, e)
		}
	}
}

// pad closes the record and fills it with harmless members up to n bytes.
func pad(record string, n int) string {
	const member = `,"x":"` + `"`
	for len(record)+1 < n {
		fill := min(n-len(record)-1-len(member), event.MaxStringBytes)
		if fill < 0 {
			return record + strings.Repeat(" ", n-len(record)-1) + "}"
		}
		record += `,"x":"` + strings.Repeat("x", fill) + `"`
	}
	return record + "}"
}

func TestUnknownStatusIsKept(t *testing.T) {
	var e event.Event
	value := strings.Replace(scan, "LOST", "LOST_IN_SPACE", 1) + "}"
	if err := event.Decode(event.Carrier, []byte("C/T"), []byte(value), &e); err != nil || e.Status != event.Unmapped {
		t.Errorf("status %q, %v", e.Status, err)
	}
}
