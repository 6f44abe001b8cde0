package rule

// scratch is memory for a list of sums with a look-up by key, used again for every entity. known says that it holds what a rule worked out
// for the present one.
type scratch[K comparable, V any] struct {
	list  []V
	index map[K]int
	known bool
}

// few is how many are found faster by looking at each.
const few = 8

// reset empties the list.
func (s *scratch[K, V]) reset() {
	s.list, s.known = s.list[:0], true
	if len(s.index) > 0 {
		clear(s.index)
	}
}

// add returns a new element under the key, which holds what its memory held before. It is valid until the next add.
func (s *scratch[K, V]) add(key K, keyOf func(*V) K) *V {
	n := len(s.list)
	if n < cap(s.list) {
		s.list = s.list[:n+1]
	} else {
		var zero V
		s.list = append(s.list, zero)
	}
	if n == few {
		if s.index == nil {
			s.index = map[K]int{}
		}
		for i := range s.list[:n] {
			s.index[keyOf(&s.list[i])] = i
		}
	}
	if n >= few {
		s.index[key] = n
	}
	return &s.list[n]
}

// find returns the element of a key; nil when there is none.
func (s *scratch[K, V]) find(key K, keyOf func(*V) K) *V {
	if len(s.list) <= few {
		for i := range s.list {
			if keyOf(&s.list[i]) == key {
				return &s.list[i]
			}
		}
		return nil
	}
	if i, ok := s.index[key]; ok {
		return &s.list[i]
	}
	return nil
}
