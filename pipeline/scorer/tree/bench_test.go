package tree

import (
	"fmt"
	"testing"
)

// BenchmarkScore is the model of testdata/sidebyside.py, and others, on the same rows in turn. ns/row is what to compare.
func BenchmarkScore(b *testing.B) {
	g, rows := readGolden(b)
	for _, name := range []string{"lgb_numeric", "lgb_categorical", "xgb_binary"} {
		m := g.named(b, name).parse(b)
		for _, n := range []int{1, 64, 1024} {
			b.Run(fmt.Sprintf("%s/rows=%d", name, n), func(b *testing.B) {
				out := make([]float64, n)
				b.ReportAllocs()
				at := 0
				for b.Loop() {
					if at+n > g.Rows {
						at = 0
					}
					if err := m.Score(rows[at*rowFeatures:(at+n)*rowFeatures], n, out); err != nil {
						b.Fatal(err)
					}
					at += n
				}
				b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N*n), "ns/row")
			})
		}
	}
}

func BenchmarkParse(b *testing.B) {
	g, _ := readGolden(b)
	for _, name := range []string{"lgb_numeric", "xgb_binary"} {
		model := g.named(b, name)
		file := unzip(b, model.File, model.ModelSHA)
		b.Run(name, func(b *testing.B) {
			b.SetBytes(int64(len(file)))
			for b.Loop() {
				if _, err := Parse(file); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}
