package event

import "strconv"

// names is a closed list of wire names; the position of a name is its value in memory.
type names struct {
	list  []string
	index index
}

func listed(list ...string) *names { return &names{list, indexOf(list)} }

func (n *names) name(i uint8) string {
	if int(i) < len(n.list) {
		return n.list[i]
	}
	return ""
}

func (n *names) find(name string) (uint8, bool) {
	if i := n.index.at(name); n.list[i] == name {
		return i, true
	}
	return 0, false
}

func quote(s string) ([]byte, error) { return strconv.AppendQuote(nil, s), nil }
