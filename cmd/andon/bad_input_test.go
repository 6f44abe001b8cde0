package main

import (
	"bytes"
	"fmt"
	"strings"
	"testing"

	"andon/detectors/setting"
	"andon/schemas/deadletter"
	"andon/schemas/event"

	"github.com/twmb/franz-go/pkg/kgo"
)

// badRecords are records of the carrier topic that cannot become events, each with the reason it must be put aside for.
func badRecords() (records []*kgo.Record, reasons []event.Reason) {
	const scan = `{"event_id":"b","type":"carrier.scan","event_time":"2025-03-03T10:00:00Z","carrier":"C","tracking_no":"T","status":"LOST"`
	add := func(reason event.Reason, key, value string) {
		records, reasons = append(records, &kgo.Record{Key: []byte(key), Value: []byte(value)}), append(reasons, reason)
	}
	add(event.Malformed, "C/T", "no json at all")
	add(event.Malformed, "C/T", "")
	add(event.Malformed, "C/T", scan)
	add(event.Malformed, "C/T", scan+`,"weight_g":NaN}`)
	add(event.WrongSchema, "C/T", scan+`,"weight_g":"heavy"}`)
	add(event.WrongSchema, "C/T", scan+`,"weight_g":1.5}`)
	add(event.InvalidUTF8, "C/T", scan+",\"site\":\"\xff\"}")
	add(event.UnknownType, "C/T", strings.Replace(scan, "carrier.scan", "carrier.sneeze", 1)+"}")
	add(event.WrongTopic, "C/T", strings.Replace(scan, "carrier.scan", "pick.started", 1)+"}")
	add(event.MissingField, "C/T", strings.Replace(scan, `"event_id":"b",`, "", 1)+"}")
	add(event.WrongKey, "C/U", scan+"}")
	add(event.ImpossibleDate, "C/T", strings.Replace(scan, "2025-03-03", "2025-02-30", 1)+"}")
	add(event.ImpossibleDate, "C/T", strings.Replace(scan, "2025-03-03", "1970-01-01", 1)+"}")
	add(event.ImpossibleQuantity, "C/T", scan+`,"weight_g":-1}`)
	add(event.TooDeep, "C/T", scan+`,"x":`+strings.Repeat("[", 100)+strings.Repeat("]", 100)+"}")
	add(event.StringTooLong, "C/T", scan+`,"x":"`+strings.Repeat("x", event.MaxStringBytes+1)+`"}`)
	add(event.TooLarge, "C/T", scan+`,"x":"`+strings.Repeat("x", deadletter.MaxRawBytes)+`"}`)
	records, reasons = append(records, &kgo.Record{Value: []byte(scan + "}")}), append(reasons, event.MissingKey)
	return records, reasons
}

// Every kind of bad input costs a dead letter with its reason, position and bytes; the lane goes on, and every record is accounted for.
func TestBadInput(t *testing.T) {
	l := newLine(t, setting.Settings{Clock: setting.Log})
	topic := l.inputTopics()[event.Carrier]
	bad, reasons := badRecords()
	good := func(i int) *kgo.Record {
		e := event.Event{
			ID: fmt.Sprint("m", i), Type: event.ShipmentManifested, Time: demoStart, Carrier: "C", TrackingNo: fmt.Sprint(i),
			PromiseDeliverBy: demoStart + event.Day,
		}
		return &kgo.Record{Key: []byte(e.Key(event.Carrier)), Value: event.Append(nil, &e)}
	}
	var sent []*kgo.Record
	for i := range bad {
		sent = append(sent, good(i), bad[i])
	}
	sent = append(sent, good(0)) // a duplicate
	tick := event.Event{Type: event.ClockTick, Time: demoStart + 9*event.Day}
	sent = append(sent, &kgo.Record{Value: event.Append(nil, &tick)})
	for _, r := range sent {
		r.Topic, r.Partition = topic, 2
	}
	p := l.start(l.cfg)
	if err := l.kafka.ProduceSync(t.Context(), sent...).FirstErr(); err != nil {
		t.Fatal(err)
	}
	late := 0
	for _, x := range final(l.settle(p)) {
		if x.Code == "CA-04" {
			late++
		}
	}
	if late != len(bad) {
		t.Errorf("%d parcels are late, want all %d between the bad records", late, len(bad))
	}

	letters := l.topic(l.cfg.Kafka.OwnPrefix + "deadletter")
	if len(letters) != len(bad) {
		t.Fatalf("%d dead letters of %d bad records", len(letters), len(bad))
	}
	for i, r := range letters {
		var letter deadletter.Letter
		if err := deadletter.Decode(r.Value, &letter); err != nil {
			t.Fatal(err)
		}
		where := fmt.Sprintf("%s/%d/%d", topic, 2, 2*i+1)
		if got := fmt.Sprintf("%s/%d/%d", letter.Topic, letter.Partition, letter.Offset); letter.Reason != reasons[i] || got != where || string(r.Key) != where {
			t.Errorf("dead letter %d: %s at %s, key %s; want %s at %s", i, letter.Reason, got, r.Key, reasons[i], where)
		}
		if !bytes.HasPrefix(bad[i].Value, letter.Raw) || letter.Bytes != len(bad[i].Value) || len(letter.Raw) < min(len(bad[i].Value), deadletter.PrefixRawBytes) {
			t.Errorf("dead letter %d of %d bytes keeps %d of %d", i, letter.Bytes, len(letter.Raw), len(bad[i].Value))
		}
	}
	if out := output(t, "deadletter", "list", "--config", l.file(l.cfg)); !strings.Contains(out, fmt.Sprintf("%d in all", len(bad))) {
		t.Errorf("andon deadletter list says\n%s", out)
	}
	for name, want := range map[string]int{
		"andon_events_read_total": 2*len(bad) + 1, "andon_events_done_total": len(bad), "andon_events_duplicate_total": 1,
		"andon_events_dead_lettered_total": len(bad), "andon_events_parked_total": 0, "andon_events_too_late_total": 0,
		"andon_dead_letters_total": len(bad), "andon_ticks_total": 1,
	} {
		if got := int(p.sum(name)); got != want {
			t.Errorf("%s is %d, want %d", name, got, want)
		}
	}
	p.stop()
}
