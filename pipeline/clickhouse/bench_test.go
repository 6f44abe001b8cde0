package clickhouse_test

import (
	"fmt"
	"testing"

	"andon/pipeline"
	"andon/pipeline/load"
)

// BenchmarkInsert is the way from records to rows of both tables, in blocks of 20,000 and 100,000 records, without Kafka.
func BenchmarkInsert(b *testing.B) {
	conn := connect(b, "default")
	db, _ := migrated(b, conn)
	for _, rows := range []int{20_000, 100_000} {
		for _, test := range []struct {
			table string
			into  load.Table
			from  load.Partition
			list  []pipeline.Record
		}{
			{"events", db.Events(families), scans, records(scan, 0, rows)},
			{"exceptions", db.Exceptions(silent), changes, records(change, 0, rows)},
		} {
			b.Run(fmt.Sprintf("%s/%d", test.table, rows), func(b *testing.B) {
				block := 0
				for b.Loop() {
					block++
					if _, err := test.into.Insert(b.Context(), fmt.Sprint(b.Name(), b.N, block), test.from, test.list); err != nil {
						b.Fatal(err)
					}
				}
				b.ReportMetric(float64(rows)*float64(b.N)/b.Elapsed().Seconds(), "rows/s")
			})
		}
	}
}
