package detectortest

import (
	"bytes"
	"encoding/json"
	"fmt"
	"strconv"
	"strings"

	"andon/detectors/setting"
	"andon/schemas/beat"
	"andon/schemas/event"
)

func (s *session) set(args []string) error {
	if len(args) < 2 || s.engine != nil {
		return fmt.Errorf("want: set CODE name=value ..., before the first event")
	}
	values, err := pairs(args[1:])
	if err != nil {
		return err
	}
	if s.settings.Rules == nil {
		s.settings.Rules = map[string]map[string]int64{}
	}
	if s.settings.Rules[args[0]] == nil {
		s.settings.Rules[args[0]] = map[string]int64{}
	}
	for name, value := range values {
		if s.settings.Rules[args[0]][name], err = strconv.ParseInt(value, 10, 64); err != nil {
			return err
		}
	}
	return nil
}

// reference adds an entry to a table of what is usual.
func (s *session) reference(args []string) error {
	if len(args) < 2 || s.engine != nil {
		return fmt.Errorf("want: reference TABLE name=value ..., before the first event")
	}
	values, err := pairs(args[1:])
	if err != nil {
		return err
	}
	entry := map[string]any{}
	for name, value := range values {
		entry[name] = value
		if _, err := strconv.ParseInt(value, 10, 64); err == nil && name != "item" {
			entry[name] = json.Number(value)
		}
	}
	text, err := json.Marshal(map[string]any{args[0]: []any{entry}})
	if err != nil {
		return err
	}
	var r setting.Reference
	in := json.NewDecoder(bytes.NewReader(text))
	in.DisallowUnknownFields()
	if err := in.Decode(&r); err != nil {
		return err
	}
	all := &s.settings.Reference
	all.Services, all.Gaps, all.Transit = append(all.Services, r.Services...), append(all.Gaps, r.Gaps...), append(all.Transit, r.Transit...)
	all.Durations, all.Weights, all.Cartons = append(all.Durations, r.Durations...), append(all.Weights, r.Weights...), append(all.Cartons, r.Cartons...)
	all.ASNShorts, all.PickShorts = append(all.ASNShorts, r.ASNShorts...), append(all.PickShorts, r.PickShorts...)
	return nil
}

func (s *session) source(args []string) error {
	values, err := pairs(args)
	if err != nil || s.engine != nil {
		return fmt.Errorf("want: source carrier=... site=... types=a,b statuses=A,B, before the first event")
	}
	src := setting.Source{Family: s.rule.Family.String(), Carrier: values["carrier"], Site: values["site"]}
	if v := values["types"]; v != "" {
		src.Types = strings.Split(v, ",")
	}
	if v := values["statuses"]; v != "" {
		src.Statuses = strings.Split(v, ",")
	}
	s.settings.Sources = append(s.settings.Sources, src)
	return nil
}

// event decodes what it builds, so that a script can only tell what the wire can carry. The broker sees it at its event time, or at=.
func (s *session) event(args []string) error {
	if len(args) < 2 {
		return fmt.Errorf("want: event TYPE TIME, then name=value for its members")
	}
	values, err := pairs(args[2:])
	if err != nil {
		return err
	}
	at := args[1]
	if v := values["at"]; v != "" {
		at = v
		delete(values, "at")
	}
	members := map[string]any{"type": args[0], "event_time": when(args[1])}
	for name, value := range s.subject() {
		members[name] = value
	}
	for name, value := range values {
		members[name] = member(name, value)
	}
	if values["event_id"] == "" {
		members["event_id"] = fmt.Sprintf("e%d", len(s.sent)+1)
	}
	record, err := event.ParseTime(when(at))
	if err != nil {
		return err
	}
	item, err := s.decode(members, record)
	if err != nil {
		return err
	}
	s.sent[item.Event.ID] = item
	return s.fold(item)
}

func (s *session) decode(members map[string]any, at event.Micros) (beat.Item, error) {
	raw, err := json.Marshal(members)
	if err != nil {
		return beat.Item{}, err
	}
	item := beat.Item{At: at}
	var keyed event.Event // the key follows from the subject
	_ = event.Decode(s.rule.Family, []byte("?"), raw, &keyed)
	if err := event.Decode(s.rule.Family, []byte(keyed.Key(s.rule.Family)), raw, &item.Event); err != nil {
		return item, err
	}
	s.names[event.IDHash(item.Event.ID)] = item.Event.ID
	return item, nil
}

func (s *session) again(args []string) error {
	if len(args) != 2 {
		return fmt.Errorf("want: again EVENT_ID TIME")
	}
	item, ok := s.sent[args[0]]
	if !ok {
		return fmt.Errorf("no event %s was sent", args[0])
	}
	var err error
	if item.At, err = event.ParseTime(when(args[1])); err != nil {
		return err
	}
	return s.fold(item)
}

func (s *session) correct(args []string) error {
	if len(args) != 2 {
		return fmt.Errorf("want: correct EVENT_ID TIME")
	}
	members := map[string]any{"type": "correction", "event_id": "correct-" + args[0], "event_time": when(args[1]), "retracts_event_id": args[0]}
	for name, value := range s.subject() {
		members[name] = value
	}
	if e := s.sent[args[0]].Event; e.ID != "" {
		members["despatch_id"], members["carrier"], members["tracking_no"], members["fulfilment_id"] = e.DespatchID, e.Carrier, e.TrackingNo, e.FulfilmentID
	}
	at, err := event.ParseTime(when(args[1]))
	if err != nil {
		return err
	}
	item, err := s.decode(members, at)
	if err != nil {
		return err
	}
	return s.fold(item)
}

func (s *session) tick(args []string) error {
	if len(args) != 1 {
		return fmt.Errorf("want: tick TIME")
	}
	at, err := event.ParseTime(when(args[0]))
	if err != nil {
		return err
	}
	return s.fold(beat.Item{Event: event.Event{Type: event.ClockTick, Time: at}, At: at})
}

// subject is the entity a script is about unless it says otherwise.
func (s *session) subject() map[string]string {
	switch s.rule.Family {
	case event.ASN:
		return map[string]string{"despatch_id": "D1"}
	case event.Carrier:
		return map[string]string{"carrier": "ACME", "tracking_no": "T1"}
	default:
		return map[string]string{"fulfilment_id": "F1"}
	}
}

func pairs(words []string) (map[string]string, error) {
	values := map[string]string{}
	for _, w := range words {
		name, value, ok := strings.Cut(w, "=")
		if !ok {
			return nil, fmt.Errorf("%q is not name=value", w)
		}
		values[name] = value
	}
	return values, nil
}

// when turns 3T18:00 into 2025-03-03T18:00:00Z.
func when(s string) string {
	day, clock, _ := strings.Cut(s, "T")
	if len(day) == 1 {
		day = "0" + day
	}
	return "2025-03-" + day + "T" + clock + ":00Z"
}

// member gives a value the type its name asks for; lines are written line:sku:qty_milli[:lot[:uom]], joined by commas.
func member(name, value string) any {
	switch {
	case name == "lines":
		return lines(value)
	case name == "promise_deliver_by" || name == "ship_by" || name == "eta":
		return when(value)
	case name == "revision" || strings.HasSuffix(name, "_milli") || strings.HasSuffix(name, "_g"):
		return json.Number(value)
	case name == "line_closed":
		return value == "true"
	}
	return value
}

func lines(value string) (list []map[string]any) {
	for text := range strings.SplitSeq(value, ",") {
		parts := append(strings.Split(text, ":"), "", "", "", "")
		list = append(list, map[string]any{"line": parts[0], "sku": parts[1], "qty_milli": json.Number(parts[2]), "lot": parts[3], "uom": parts[4]})
	}
	return list
}
