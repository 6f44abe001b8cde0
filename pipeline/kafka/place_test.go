package kafka

import (
	"testing"

	"andon/pipeline"
)

func FuzzPlace(f *testing.F) {
	for _, s := range []string{"0", "4711", "4711 902", "4711 902 388", "", " ", "1 ", "01", "-1", "1 -1 3", "1 2 3 4"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		p, err := parsePlace(s)
		if err == nil && (p.String() != s || p.seq < 0 || p.snapshots[0] == pipeline.Nowhere && p.snapshots[1] != pipeline.Nowhere) {
			t.Errorf("%q is read as %+v", s, p)
		}
	})
}
