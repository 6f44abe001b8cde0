package event

import "strconv"

// names is a closed list of wire names; the position of a name is its value in memory.
type names []string

func (n names) name(i uint8) string {
	if int(i) < len(n) {
		return n[i]
	}
	return ""
}

func (n names) find(s string) (uint8, bool) {
	for i, name := range n {
		if name == s {
			return uint8(i), true
		}
	}
	return 0, false
}

// text returns the inside of a JSON string token that holds no escapes, which no wire name does.
func text(token []byte) string {
	if len(token) < 2 || token[0] != '"' {
		return ""
	}
	return string(token[1 : len(token)-1])
}

func quote(s string) ([]byte, error) { return strconv.AppendQuote(nil, s), nil }
