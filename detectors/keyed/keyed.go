// Package keyed holds lists in which an element is found by its key: by looking at each while they are few, by a map from then on. The memory of a
// list is used again after Reset. The order is that of adding.
package keyed

// List is such a list. The zero value is empty.
type List[K comparable, V any] struct {
	All []V // in the order of adding

	keys  []K
	index map[K]int
}

// few is how many are found faster by looking at each.
const few = 8

// Reset empties the list and keeps its memory.
func (l *List[K, V]) Reset() {
	l.All, l.keys = l.All[:0], l.keys[:0]
	clear(l.index)
}

// Add returns a new element under the key, which holds what its memory held before: set it. It is valid until the next Add.
func (l *List[K, V]) Add(key K) *V {
	n := len(l.All)
	if n < cap(l.All) {
		l.All = l.All[:n+1]
	} else {
		var zero V
		l.All = append(l.All, zero)
	}
	l.keys = append(l.keys, key)
	if n == few {
		if l.index == nil {
			l.index = map[K]int{}
		}
		for i, k := range l.keys[:n] {
			l.index[k] = i
		}
	}
	if n >= few {
		l.index[key] = n
	}
	return &l.All[n]
}

// Find returns the element of a key; nil when there is none.
func (l *List[K, V]) Find(key K) *V {
	if len(l.keys) > few {
		if i, ok := l.index[key]; ok {
			return &l.All[i]
		}
		return nil
	}
	for i := range l.keys {
		if l.keys[i] == key {
			return &l.All[i]
		}
	}
	return nil
}
