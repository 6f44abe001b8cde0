package feature

// rates is what the reference short rates of a document's lines come to, basis points.
type rates struct{ lines, known, sum, max int64 }

func (s *rates) add(bp int64, known bool) {
	s.lines++
	if known {
		s.known++
		s.sum += bp
		s.max = max(s.max, bp)
	}
}

// fill sets four features from a place on: the largest rate, the sum, the mean, and the part of the lines that have one.
func (s *rates) fill(r row, at int) {
	r.over(at+3, s.known, s.lines)
	if s.known > 0 {
		r.basisPoints(at, s.max)
		r.basisPoints(at+1, s.sum)
		r.over(at+2, s.sum, 10_000*s.known)
	}
}
