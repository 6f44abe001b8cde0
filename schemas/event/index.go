package event

// index finds the names of a short fixed list by a perfect hash: each has a slot of its own.
type index struct {
	factor uint32
	slots  [256]uint8
}

func indexOf(list []string) (x index) {
	for x.factor = 1; x.factor < 1<<20; x.factor += 2 {
		if x.place(list) {
			return x
		}
	}
	panic("event: two names have the same hash under every factor") // at start, or never
}

// place gives each name its slot; false when two want the same.
func (x *index) place(list []string) bool {
	x.slots = [256]uint8{}
	taken := [256]bool{}
	for i, name := range list {
		h := x.hash(name)
		if taken[h] {
			return false
		}
		taken[h], x.slots[h] = true, uint8(i)
	}
	return true
}

// at is where in the list the name is if it is there at all.
func (x *index) at(name string) uint8 { return x.slots[x.hash(name)] }

func (x *index) hash(name string) uint8 {
	n := len(name)
	if n < 2 {
		return 0
	}
	return uint8((uint32(n) | uint32(name[1])<<8 | uint32(name[n/2])<<16 | uint32(name[n-1])<<24) * x.factor >> 24)
}
