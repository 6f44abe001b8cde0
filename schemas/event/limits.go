package event

// Limits of one record. A record past one of them is a dead letter; none is a setting.
const (
	MaxRecordBytes = 256 << 10
	MaxDepth       = 32
	MaxStringBytes = 4 << 10
	MaxLines       = 1000
	MaxQtyMilli    = 100_000_000_000 // a hundred million base units: sums and tolerances of a whole timeline stay inside int64
	MaxCostMinor   = 1_000_000_000_000
)

// checkShape says which limit of size, nesting or string length a text breaks, well-formed or not.
func checkShape(s string) *Reject {
	if len(s) > MaxRecordBytes {
		return &Reject{Reason: TooLarge}
	}
	depth, start := 0, -1 // start: first byte of the string being read
	for i := 0; i < len(s); i++ {
		switch c := s[i]; {
		case start >= 0:
			if i-start > MaxStringBytes {
				return &Reject{Reason: StringTooLong}
			}
			switch c {
			case '\\':
				i++
			case '"':
				start = -1
			}
		case c == '"':
			start = i + 1
		case c == '{' || c == '[':
			if depth++; depth > MaxDepth {
				return &Reject{Reason: TooDeep}
			}
		case c == '}' || c == ']':
			depth--
		}
	}
	return nil
}
