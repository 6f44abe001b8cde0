package ndjson

import (
	"encoding/json"
	"slices"

	fast "github.com/segmentio/encoding/json"
)

// member is one name and what it holds, as written.
type member struct {
	name  string
	value json.RawMessage
}

// membersOf lists the members of a JSON object in their order; nil when it is none.
func membersOf(object []byte) (list []member) {
	parts(object, '{', func(name, value []byte) {
		m := member{value: value}
		if inside := name[1 : len(name)-1]; !slices.Contains(inside, '\\') {
			m.name = string(inside)
		} else {
			m.name, _ = text(name)
		}
		list = append(list, m)
	})
	return list
}

// linesOf lists the members of each line of a document; nil when it is no list.
func linesOf(value []byte) (lines [][]member) {
	parts(value, '[', func(_, line []byte) { lines = append(lines, membersOf(line)) })
	return lines
}

// parts hands over the members of a JSON object ('{') or the elements of a list ('['), which have no name. Of other text it finds none.
func parts(b []byte, opening byte, visit func(name, value []byte)) {
	i := space(b, 0)
	if i >= len(b) || b[i] != opening || !fast.Valid(b) {
		return
	}
	for i = space(b, i+1); b[i] != '}' && b[i] != ']'; {
		var name []byte
		if opening == '{' {
			end := past(b, i)
			name, i = b[i:end], space(b, space(b, end)+1)
		}
		end := past(b, i)
		visit(name, b[i:end])
		if i = space(b, end); b[i] == ',' {
			i = space(b, i+1)
		}
	}
}

// space is the first place from i on that is no white space.
func space(b []byte, i int) int {
	for i < len(b) && (b[i] == ' ' || b[i] == '\t' || b[i] == '\n' || b[i] == '\r') {
		i++
	}
	return i
}

// past is the place after the value of valid JSON that begins at i.
func past(b []byte, i int) int {
	for depth := 0; ; i++ {
		switch c := b[i]; c {
		case '"':
			for i++; b[i] != '"'; i++ {
				if b[i] == '\\' {
					i++
				}
			}
		case '{', '[':
			depth++
			continue
		case '}', ']':
			depth--
		default:
			if depth > 0 {
				continue
			}
			for i < len(b) && b[i] != ',' && b[i] != '}' && b[i] != ']' && b[i] != ' ' && b[i] != '\t' && b[i] != '\n' && b[i] != '\r' {
				i++
			}
			return i
		}
		if depth == 0 {
			return i + 1
		}
	}
}
