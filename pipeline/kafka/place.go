package kafka

import (
	"fmt"
	"strconv"
	"strings"

	"andon/pipeline"
)

// place is the metadata of a lane's committed positions: the seq of the entry they stand after, then the offsets, in the journal, of the entries that
// completed the two newest snapshots, the newest first, as far as there are any: "4711", "4711 902", "4711 902 388".
type place struct {
	seq       int64
	snapshots pipeline.Marks
}

func (p place) String() string {
	s := strconv.AppendInt(nil, p.seq, 10)
	for _, at := range p.snapshots {
		if at != pipeline.Nowhere {
			s = strconv.AppendInt(append(s, ' '), at, 10)
		}
	}
	return string(s)
}

// parsePlace reads what String writes and nothing else.
func parsePlace(s string) (place, error) {
	p := place{snapshots: pipeline.Marks{pipeline.Nowhere, pipeline.Nowhere}}
	to := [...]*int64{&p.seq, &p.snapshots[0], &p.snapshots[1]}
	words := strings.Split(s, " ")
	for i, word := range words {
		n, err := strconv.ParseInt(word, 10, 64)
		if err != nil || n < 0 || i >= len(to) {
			return place{}, fmt.Errorf("%.80q is no place", s)
		}
		*to[i] = n
	}
	if p.String() != s {
		return place{}, fmt.Errorf("%.80q is no place", s)
	}
	return p, nil
}
