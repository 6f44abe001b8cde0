package keyed

import (
	"testing"

	"pgregory.net/rapid"
)

// A list finds what a map finds, few or many, and after its memory was used before.
func TestListIsAMapInOrder(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		var l List[int, int]
		for range rapid.IntRange(1, 3).Draw(t, "uses") {
			l.Reset()
			want := map[int]int{}
			for i, key := range rapid.SliceOfNDistinct(rapid.IntRange(0, 99), 0, 20, rapid.ID[int]).Draw(t, "keys") {
				*l.Add(key) = i
				want[key] = i
			}
			for key := range 100 {
				v, ok := want[key]
				if got := l.Find(key); (got != nil) != ok || got != nil && *got != v {
					t.Fatalf("key %d: found %v, want %d %t", key, got, v, ok)
				}
			}
			for i, v := range l.All {
				if v != i {
					t.Fatalf("element %d is %d", i, v)
				}
			}
		}
	})
}
