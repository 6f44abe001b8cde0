package tree

import (
	"fmt"
	"syscall"
	"testing"
)

// BenchmarkScore is the model of testdata/sidebyside.py, and others, on the same rows in turn. cpu-ns/row is what to compare: the processor's
// time, which other work on the machine stretches least.
func BenchmarkScore(b *testing.B) {
	g, rows := readGolden(b)
	for _, name := range []string{"lgb_numeric", "lgb_categorical", "xgb_binary"} {
		m := g.named(b, name).parse(b)
		for _, n := range []int{1, 64, 1024} {
			b.Run(fmt.Sprintf("%s/rows=%d", name, n), func(b *testing.B) {
				out := make([]float64, n)
				b.ReportAllocs()
				at, begun := 0, processorTime(b)
				for b.Loop() {
					if at+n > g.Rows {
						at = 0
					}
					if err := m.Score(rows[at*rowFeatures:(at+n)*rowFeatures], n, out); err != nil {
						b.Fatal(err)
					}
					at += n
				}
				b.ReportMetric(float64(processorTime(b)-begun)/float64(b.N*n), "cpu-ns/row")
			})
		}
	}
}

// processorTime is what the process has used so far, in nanoseconds.
func processorTime(b *testing.B) int64 {
	var used syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &used); err != nil {
		b.Fatal(err)
	}
	return used.Utime.Nano() + used.Stime.Nano()
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
