package event

import (
	"slices"
	"strconv"
)

// names is a closed list of wire names; the position of a name is its value in memory.
type names struct {
	list  []string
	guess [64]uint8 // by the shape of a name: its position in the list
}

func listed(list ...string) *names {
	n := &names{list: list}
	for i, name := range list {
		n.guess[shape(name)] = uint8(i)
	}
	return n
}

// shape tells the names of each list apart.
func shape(name string) int {
	if len(name) < 2 {
		return 0
	}
	return (3*len(name) + 9*int(name[len(name)/2]) + int(name[1])) % 64
}

func (n *names) name(i uint8) string {
	if int(i) < len(n.list) {
		return n.list[i]
	}
	return ""
}

func (n *names) find(name string) (uint8, bool) {
	if i := n.guess[shape(name)]; n.list[i] == name {
		return i, true
	}
	i := slices.Index(n.list, name)
	return uint8(max(i, 0)), i >= 0
}

func quote(s string) ([]byte, error) { return strconv.AppendQuote(nil, s), nil }
