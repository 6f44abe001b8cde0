package tree

import (
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"strconv"
)

// maxDepth is how deep lists and objects may lie in each other; XGBoost's are 8 deep.
const maxDepth = 32

var errShort = errors.New("ends in the middle")

// ubjson turns Universal Binary JSON (specification draft 12, as XGBoost writes it) into JSON text: there is one reader of models for both.
type ubjson struct {
	rest []byte // not read yet
	out  []byte
}

// fromUBJSON is the JSON text of a file. It is at most some six times as long.
func fromUBJSON(file []byte) ([]byte, error) {
	u := ubjson{rest: file}
	if err := u.value(u.marker(), 0); err != nil {
		return nil, fmt.Errorf("at byte %d: %w", len(file)-len(u.rest), err)
	}
	if len(u.rest) > 0 {
		return nil, fmt.Errorf("%d bytes follow the model", len(u.rest))
	}
	return u.out, nil
}

// take cuts n bytes off; nil if there are fewer.
func (u *ubjson) take(n int) []byte {
	if n < 0 || n > len(u.rest) {
		return nil
	}
	b := u.rest[:n:n]
	u.rest = u.rest[n:]
	return b
}

// marker reads a byte; 0, which marks nothing, at the end.
func (u *ubjson) marker() byte {
	if b := u.take(1); b != nil {
		return b[0]
	}
	return 0
}

// sizes are the bytes of the numbers.
var sizes = map[byte]int{'i': 1, 'U': 1, 'I': 2, 'l': 4, 'L': 8, 'd': 4, 'D': 8}

func (u *ubjson) value(marker byte, depth int) error {
	switch marker {
	case 'Z':
		u.out = append(u.out, "null"...)
	case 'T':
		u.out = append(u.out, "true"...)
	case 'F':
		u.out = append(u.out, "false"...)
	case 'S':
		return u.text()
	case 'd', 'D':
		return u.float(marker)
	case '[', '{':
		if depth == maxDepth {
			return fmt.Errorf("lists and objects more than %d deep", maxDepth)
		}
		return u.container(marker, depth+1)
	case 0:
		return errShort
	default:
		n, err := u.integer(marker)
		if err != nil {
			return err
		}
		u.out = strconv.AppendInt(u.out, n, 10)
	}
	return nil
}

func (u *ubjson) integer(marker byte) (int64, error) {
	size := sizes[marker]
	if size == 0 || marker == 'd' || marker == 'D' {
		return 0, fmt.Errorf("marker %q: %w", marker, ErrUnsupported)
	}
	b := u.take(size)
	if b == nil {
		return 0, errShort
	}
	switch marker {
	case 'i':
		return int64(int8(b[0])), nil
	case 'U':
		return int64(b[0]), nil
	case 'I':
		return int64(int16(binary.BigEndian.Uint16(b))), nil
	case 'l':
		return int64(int32(binary.BigEndian.Uint32(b))), nil
	}
	return int64(binary.BigEndian.Uint64(b)), nil
}

func (u *ubjson) float(marker byte) error {
	b := u.take(sizes[marker])
	if b == nil {
		return errShort
	}
	v, bits := 0.0, 64
	if marker == 'd' {
		v, bits = float64(math.Float32frombits(binary.BigEndian.Uint32(b))), 32
	} else {
		v = math.Float64frombits(binary.BigEndian.Uint64(b))
	}
	if math.IsInf(v, 0) || math.IsNaN(v) {
		return fmt.Errorf("a number that is %v", v)
	}
	u.out = strconv.AppendFloat(u.out, v, 'g', -1, bits)
	return nil
}

// text reads a string: its length, then its bytes.
func (u *ubjson) text() error {
	n, err := u.integer(u.marker())
	if err != nil {
		return err
	}
	if n < 0 || n > int64(len(u.rest)) {
		return fmt.Errorf("a text of %d bytes, with %d left", n, len(u.rest))
	}
	quoted, err := json.Marshal(string(u.take(int(n))))
	u.out = append(u.out, quoted...)
	return err
}

// container reads a list or an object, with or without a count, and a list with or without a type for all its members.
func (u *ubjson) container(marker byte, depth int) error {
	object, end := marker == '{', byte(']')
	if object {
		end = '}'
	}
	kind, count, err := u.head(object)
	if err != nil {
		return err
	}
	u.out = append(u.out, marker)
	for i := int64(0); count < 0 || i < count; i++ {
		if count < 0 && len(u.rest) > 0 && u.rest[0] == end {
			u.take(1)
			break
		}
		if i > 0 {
			u.out = append(u.out, ',')
		}
		if object {
			if err := u.text(); err != nil {
				return err
			}
			u.out = append(u.out, ':')
		}
		member := kind
		if member == 0 {
			member = u.marker()
		}
		if err := u.value(member, depth); err != nil {
			return err
		}
	}
	u.out = append(u.out, end)
	return nil
}

// head reads type and count of a container, 0 and -1 where there are none. Members take at least a byte each, so a count has a bound.
func (u *ubjson) head(object bool) (kind byte, count int64, err error) {
	size := 1
	if len(u.rest) > 0 && u.rest[0] == '$' {
		u.take(1)
		kind = u.marker()
		if size = sizes[kind]; size == 0 || object {
			return 0, 0, fmt.Errorf("container of type %q: %w", kind, ErrUnsupported)
		}
		if len(u.rest) == 0 || u.rest[0] != '#' {
			return 0, 0, errors.New("a container with a type and without a count")
		}
	}
	if len(u.rest) == 0 || u.rest[0] != '#' {
		return 0, -1, nil
	}
	u.take(1)
	count, err = u.integer(u.marker())
	if err == nil && (count < 0 || count > int64(len(u.rest)/size)) {
		err = fmt.Errorf("%d members, with %d bytes left", count, len(u.rest))
	}
	return kind, count, err
}
