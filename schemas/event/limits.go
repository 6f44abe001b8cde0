package event

import "bytes"

// Limits of one record. A record past one of them is a dead letter; none is a setting.
const (
	MaxRecordBytes = 256 << 10
	MaxDepth       = 32
	MaxStringBytes = 4 << 10
	MaxLines       = 1000
	MaxQtyMilli    = 100_000_000_000 // a hundred million base units: sums and tolerances of a whole timeline stay inside int64
	MaxCostMinor   = 1_000_000_000_000
)

// checkShape enforces the limits that must hold before a parser may run. Most records are too short to break one and are not scanned.
func checkShape(b []byte) *Reject {
	if len(b) > MaxRecordBytes {
		return &Reject{Reason: TooLarge}
	}
	if len(b) <= MaxStringBytes && bytes.Count(b, []byte{'{'})+bytes.Count(b, []byte{'['}) <= MaxDepth {
		return nil
	}
	return scanShape(b)
}

func scanShape(b []byte) *Reject {
	depth, start := 0, -1 // start: first byte of the string being read
	for i := 0; i < len(b); i++ {
		switch c := b[i]; {
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
