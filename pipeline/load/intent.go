package load

import (
	"encoding/binary"
	"fmt"
	"math"
	"strconv"
	"strings"

	"andon/pipeline"

	"github.com/cespare/xxhash/v2"
)

// intent promises that exactly the records of [from, to) are sent next, as one block. As a position's metadata it reads
//
//	from-to:digest:generation     e.g. 4711-9000:00c0ffee00c0ffee:1795302000000000
//
// with decimal offsets, 16 hexadecimal digits of digest and a decimal generation.
type intent struct {
	from, to   int64  // offsets; from < to, both may lie in a gap
	digest     uint64 // of the records
	generation int64  // instant of forming it, microseconds: a range loaded anew after an operator's reset never meets its old token
}

func (i intent) String() string {
	return fmt.Sprintf("%d-%d:%016x:%d", i.from, i.to, i.digest, i.generation)
}

// token names the block in the table's window of tokens.
func (i intent) token(at Partition) string {
	return fmt.Sprintf("%s/%d/%d-%d/%d", at.Topic, at.Number, i.from, i.to, i.generation)
}

// againToken names what is missing of the block, as sent at an instant, microseconds.
func (i intent) againToken(at Partition, now int64) string {
	return fmt.Sprintf("%s/again/%d", i.token(at), now)
}

// parseIntent reads what String writes and nothing else.
func parseIntent(s string) (intent, error) {
	bad := func() (intent, error) { return intent{}, fmt.Errorf("%.80q is no intent", s) }
	fields := strings.Split(s, ":")
	if len(fields) != 3 {
		return bad()
	}
	from, to, _ := strings.Cut(fields[0], "-")
	var i intent
	var errs [4]error
	i.from, errs[0] = strconv.ParseInt(from, 10, 64)
	i.to, errs[1] = strconv.ParseInt(to, 10, 64)
	i.digest, errs[2] = strconv.ParseUint(fields[1], 16, 64)
	i.generation, errs[3] = strconv.ParseInt(fields[2], 10, 64)
	for _, err := range errs {
		if err != nil {
			return bad()
		}
	}
	if i.from < 0 || i.to <= i.from || i.String() != s {
		return bad()
	}
	return i, nil
}

// digest is xxHash64 over the records: offset, time, key and value, the last two with their lengths.
func digest(records []pipeline.Record) uint64 {
	h := xxhash.New()
	var b [32]byte
	for _, r := range records {
		binary.BigEndian.PutUint64(b[0:], uint64(r.Offset))
		binary.BigEndian.PutUint64(b[8:], uint64(r.At))
		binary.BigEndian.PutUint64(b[16:], length(r.Key))
		binary.BigEndian.PutUint64(b[24:], length(r.Value))
		for _, part := range [...][]byte{b[:], r.Key, r.Value} {
			_, _ = h.Write(part) // a hash takes everything
		}
	}
	return h.Sum64()
}

// length tells an absent value from an empty one.
func length(b []byte) uint64 {
	if b == nil {
		return math.MaxUint64
	}
	return uint64(len(b))
}
