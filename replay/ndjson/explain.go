package ndjson

import (
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"unicode/utf8"

	"andon/replay/history"
	"andon/schemas/event"
)

// Problem is something a person should know about a line.
type Problem struct {
	Line    int
	Refused bool   // the line cannot be taken; otherwise it is, and this is a warning
	Reason  string // an event.Reason of a refused line, else the name of a warning
	Member  string // the member it is about, without the place in a list; empty when it is about none
	Text    string // a sentence: what the line holds and what was expected
}

// Explain says in a sentence why a record of a family's topic cannot become an event, and what was expected; empty when it can.
func Explain(family event.Family, key, value []byte) string {
	l := Line{Event: &event.Event{}, Record: history.Record{Family: family, Key: string(key), Value: value}}
	if !errors.As(event.Decode(family, key, value, l.Event), &l.Reject) {
		return ""
	}
	return explain(&l, membersOf(value)).Text
}

// explain says why a line was refused.
func explain(l *Line, members []member) Problem {
	p := Problem{Line: l.No, Refused: true, Reason: string(l.Reject.Reason), Text: l.Reject.Error()}
	switch l.Reject.Reason {
	case event.TooLarge:
		p.Text = fmt.Sprintf("longer than the %d bytes an event may have", event.MaxRecordBytes)
	case event.TooDeep:
		p.Text = fmt.Sprintf("objects and lists are nested deeper than %d", event.MaxDepth)
	case event.InvalidUTF8:
		p.Text = fmt.Sprintf("holds bytes that are not UTF-8, near %s: write the file as UTF-8", notUTF8(l.Record.Value))
	case event.Malformed:
		p.Text = malformed(l.Record.Value)
	case event.MissingField:
		p.Member, p.Text = missing(l, members)
	case event.UnknownType:
		p.Member, p.Text = "type", unknownType(members)
	case event.WrongTopic:
		p.Member, p.Text = "topic", wrongTopic(l)
	case event.WrongKey, event.MissingKey:
		p.Member, p.Text = "key", fmt.Sprintf("key holds %q, expected the event's subject, %q", l.Record.Key, l.Event.Key(l.Record.Family))
	default:
		if faults := wrongMembers(members); len(faults) > 0 {
			p.Member, p.Text = faults[0].name, joined(faults)
		} else if l.Event.RejectedQtyMilli > l.Event.QtyMilli {
			p.Member, p.Text = "rejected_qty_milli", fmt.Sprintf("rejected_qty_milli holds %d, expected no more than qty_milli, which is %d: the received quantity includes the rejected part",
				l.Event.RejectedQtyMilli, l.Event.QtyMilli)
		}
	}
	return p
}

// fault is one wrong member.
type fault struct{ name, text string }

// faultsTold is how many wrong members of one line are told.
const faultsTold = 3

func joined(faults []fault) string {
	var texts []string
	for i, f := range faults {
		if i == faultsTold {
			texts = append(texts, fmt.Sprintf("and %d more", len(faults)-i))
			break
		}
		texts = append(texts, f.text)
	}
	return strings.Join(texts, "; ")
}

// wrongMembers lists what holds something that its member may not.
func wrongMembers(members []member) (faults []fault) {
	for _, m := range members {
		x, known := eventMembers[m.name]
		if !known {
			continue
		}
		if text := x.wrongly(m.name, m.value, choices(m.name)); text != "" {
			faults = append(faults, fault{m.name, text})
		}
		if m.name != "lines" {
			continue
		}
		for i, line := range linesOf(m.value) {
			for _, part := range line {
				if x, known := lineMembers[part.name]; known {
					if text := x.wrongly(fmt.Sprintf("lines[%d].%s", i, part.name), part.value, nil); text != "" {
						faults = append(faults, fault{"lines[]." + part.name, text})
					}
				}
			}
		}
	}
	return faults
}

// choices is the closed list of a member that has one.
func choices(member string) []string {
	switch member {
	case "type":
		return typeNames
	case "purpose":
		return purposeNames
	case "condition":
		return conditionNames
	}
	return nil
}

// malformed says where JSON text breaks off from being one object.
func malformed(value []byte) string {
	const object = "expected one JSON object a line"
	var any json.RawMessage
	wrong, ok := errors.AsType[*json.SyntaxError](json.Unmarshal(value, &any))
	switch {
	case ok && wrong.Offset >= int64(len(value)) && strings.HasPrefix(string(value), "{"):
		return "the JSON object is not closed at the end of the line: an event must stand in one line"
	case ok && strings.HasPrefix(string(value), "{"):
		return fmt.Sprintf("no JSON from byte %d on: %s", wrong.Offset, wrong)
	case strings.HasPrefix(string(value), "["):
		return object + ", without a list around them; jq -c '.[]' takes a list apart"
	}
	return fmt.Sprintf("%s, found %s", object, shown(value))
}

// notUTF8 shows the surroundings of the first byte that is not UTF-8.
func notUTF8(value []byte) string {
	at := 0
	for at < len(value) {
		r, size := utf8.DecodeRune(value[at:])
		if r == utf8.RuneError && size == 1 {
			break
		}
		at += size
	}
	return fmt.Sprintf("%q", value[max(0, at-10):min(len(value), at+5)])
}

func unknownType(members []member) string {
	for _, m := range members {
		if m.name == "type" && string(m.value) != "null" {
			return eventMembers["type"].wrongly("type", m.value, typeNames)
		}
	}
	return "type is missing: it says what happened, such as receipt.line" + instead(members, "type")
}

func wrongTopic(l *Line) string {
	if family, _ := families(l.Event); !l.Record.Family.Of(l.Event.Type) {
		return fmt.Sprintf("topic is the %s topic, but %s belongs on %s", l.Record.Family, l.Event.Type, family)
	}
	return l.Reject.Detail
}

// missing says what an event lacks, and which of its members may have been meant for it.
func missing(l *Line, members []member) (member, sentence string) {
	what, needs := l.Reject.Detail, l.Event.Type.String()
	switch {
	case strings.HasPrefix(what, "the subject"):
		if what = "fulfilment_id"; l.Record.Family == event.ASN {
			what = "despatch_id or po_id"
		}
		if l.Event.Type == event.Correction {
			return "subject", "correction needs the subject of what it takes back: despatch_id or po_id, carrier and tracking_no, or fulfilment_id" +
				instead(members, "despatch_id", "po_id", "carrier", "tracking_no", "fulfilment_id")
		}
	case strings.HasPrefix(what, "carrier"):
		if strings.Contains(l.Event.Carrier, "/") {
			return "carrier", fmt.Sprintf("carrier holds %q, expected a name without a slash", l.Event.Carrier)
		}
		what = "carrier and tracking_no"
	case strings.HasPrefix(what, "lines[]"):
		return missingInLines(strings.ReplaceAll(what, "lines[].", ""), l, members)
	case what == "currency":
		needs = "an amount (freight_minor, declared_value_minor)"
	}
	return what, needs + " needs " + what + instead(members, names(what)...)
}

// missingInLines says the same of the first line of a document that lacks something.
func missingInLines(what string, l *Line, members []member) (member, sentence string) {
	for i := range l.Event.Lines {
		line := &l.Event.Lines[i]
		if complete := line.Line != "" && line.Item() != ""; what == "currency" && (line.UnitCostMinor == 0 || line.Currency != "") || what != "currency" && complete {
			continue
		}
		hint := ""
		for _, m := range members {
			if lines := linesOf(m.value); m.name == "lines" && i < len(lines) {
				hint = instead(lines[i], names(what)...)
			}
		}
		return "lines[]", fmt.Sprintf("lines[%d] needs %s%s", i, what, hint)
	}
	return "lines[]", "lines need " + what
}

// names are the members a sentence names.
func names(sentence string) (list []string) {
	for word := range strings.FieldsFuncSeq(sentence, func(r rune) bool { return r == ' ' || r == ',' || r == ':' }) {
		if _, known := eventMembers[word]; known {
			list = append(list, word)
		}
	}
	return list
}

// instead names a member that is not known and was probably meant to be one of those that are missing.
func instead(members []member, missing ...string) string {
	for _, m := range members {
		if _, known := eventMembers[m.name]; known {
			continue
		}
		if meant := nearest(m.name, missing); meant != "" {
			return fmt.Sprintf("; it has %q, which is not read: did you mean %s?", m.name, meant)
		}
	}
	return ""
}
