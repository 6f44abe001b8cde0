package event

import "testing"

// A name that is not where its shape says is found, but late.
func TestShapeTellsNamesApart(t *testing.T) {
	for _, n := range []*names{typeNames, statusNames, purposeNames, conditionNames, familyNames} {
		for i, name := range n.list {
			if at := n.guess[shape(name)]; int(at) != i {
				t.Errorf("%q has the shape of %q: choose other factors", name, n.list[at])
			}
		}
	}
}
