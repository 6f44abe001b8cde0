package clickhouse_test

import (
	"fmt"
	"os"
	process "os/exec"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"andon/internal/enginetest"
	"andon/pipeline"
	"andon/pipeline/load"
	"andon/schemas/event"
	"andon/schemas/verdict"
)

// BenchmarkInsert is the way from records to rows of each table, two blocks at a time, without Kafka: rows a second, and what a row costs this
// process and the server, whose merges go on beside it. Compare blocks of few rows with large ones.
func BenchmarkInsert(b *testing.B) {
	conn := connect(b, "default")
	for _, rows := range []int{10_000, 50_000, 200_000} {
		db, _ := migrated(b, conn)
		for _, test := range []struct {
			table string
			into  load.Table
			from  load.Partition
			make  func(int) pipeline.Record
		}{
			{"events", db.Events(families), picks, handled},
			{"exceptions", db.Exceptions(silent), changes, change},
			{"verdicts", db.Verdicts(silent), judged, scored},
			{"costs", db.Costs(silent), paid, price},
		} {
			b.Run(fmt.Sprintf("%s/%d", test.table, rows), func(b *testing.B) {
				lists := [2][]pipeline.Record{records(test.make, 0, rows), records(test.make, rows, 2*rows)}
				ours, servers := ownCPU(b), serverCPU(b)
				for block := 0; b.Loop(); block++ {
					done := make(chan error, len(lists))
					for i, list := range lists {
						go func() {
							_, err := test.into.Insert(b.Context(), fmt.Sprint(b.Name(), b.N, block, i), test.from, list)
							done <- err
						}()
					}
					for range lists {
						if err := <-done; err != nil {
							b.Fatal(err)
						}
					}
				}
				n := float64(len(lists)*rows) * float64(b.N)
				b.ReportMetric(n/b.Elapsed().Seconds(), "rows/s")
				b.ReportMetric(float64((ownCPU(b)-ours).Microseconds())/n, "loader-us/row")
				b.ReportMetric(float64((serverCPU(b)-servers).Microseconds())/n, "server-us/row")
			})
		}
	}
}

// handled is record i of a pick and pack partition: the events of an order, one after the other, with the members a warehouse sends.
func handled(i int) pipeline.Record {
	order := i / 8
	e := event.Event{
		ID: fmt.Sprintf("wms-%010d-%d", order, i%8), Source: "wms-1", Site: fmt.Sprintf("SITE-%d", order%12), Time: base + event.Micros(i)*20_000,
		FulfilmentID: fmt.Sprintf("F-%08d", order), OrderID: fmt.Sprintf("O-%08d", order), TaskID: fmt.Sprintf("T-%d", i/2), Line: fmt.Sprint(i%8/2 + 1),
		SKU: fmt.Sprintf("SKU-%05d", i%4000), GTIN: fmt.Sprintf("0%013d", i%4000), QtyMilli: int64(i%5+1) * 1000, UOM: "C62",
	}
	switch i % 8 {
	case 0:
		e = event.Event{ID: e.ID, Type: event.OrderReleased, Source: e.Source, Site: e.Site, Time: e.Time, FulfilmentID: e.FulfilmentID, OrderID: e.OrderID,
			ShipBy: e.Time + event.Day, Lines: []event.Line{{Line: "1", SKU: e.SKU, GTIN: e.GTIN, QtyMilli: 2000, UOM: "C62"}, {Line: "2", SKU: "SKU-1", QtyMilli: 1000}}}
	case 7:
		e.Type, e.CartonID, e.WeightG = event.PackClosed, fmt.Sprintf("C-%08d", order), 1200
	default:
		e.Type, e.LineClosed = [2]event.Type{event.PickStarted, event.PickConfirmed}[i%2], i%2 == 1
	}
	return pipeline.Record{Offset: int64(i), At: arrived, Key: []byte(e.FulfilmentID), Value: event.Append(nil, &e)}
}

// scored is record i of a partition of verdicts: a model asked at a scan, fed as many numbers as the largest feature set has.
func scored(i int) pipeline.Record {
	score := float64(i%997) / 997
	v := verdict.Verdict{
		Tenant: "acme", Code: "CA-05", Subject: fmt.Sprintf("NORDEX/NO9%08d", i/3), Episode: "promise", Site: "AMS1", JudgedAt: base + event.Micros(i)*20_000,
		DetectedAt: base + event.Micros(i)*20_000 + event.Second, Rule: "CA-05/1", RuleSays: verdict.No, Mode: verdict.Shadow, Bundle: "carrier-lateness@1",
		Model: "00c0ffee00c0ffee", Score: &score, ThresholdBP: 5000, DecidedBy: verdict.ByRule, Selection: verdict.FromModel, PropensityBP: verdict.Certain,
		Features: "carrier/1", Values: make(verdict.Values, 36),
	}
	for k := range v.Values {
		v.Values[k] = float64(i*k%1000) / 7
	}
	v.ID = verdict.NewID(v.Tenant, v.Code, v.Subject, v.Episode, v.JudgedAt)
	return pipeline.Record{Offset: int64(i), At: arrived, Key: []byte(v.Subject), Value: verdict.Append(nil, &v)}
}

// ownCPU is what this process has used.
func ownCPU(b *testing.B) time.Duration {
	b.Helper()
	var used syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &used); err != nil {
		b.Fatal(err)
	}
	return time.Duration(used.Utime.Nano() + used.Stime.Nano())
}

// serverCPU is what this process's only child, the server, has used.
func serverCPU(b *testing.B) (used time.Duration) {
	b.Helper()
	enginetest.ClickHouse(b)
	children, err := process.Command("pgrep", "-P", strconv.Itoa(os.Getpid()), "andon-clickhous").Output()
	if err != nil {
		b.Fatalf("find the server: %v", err)
	}
	for pid := range strings.FieldsSeq(string(children)) {
		stat, err := os.ReadFile("/proc/" + pid + "/stat")
		if err != nil {
			b.Fatal(err)
		}
		fields := strings.Fields(string(stat[strings.LastIndexByte(string(stat), ')')+1:]))
		for _, field := range fields[11:13] { // user and system time, in hundredths of a second
			n, err := strconv.Atoi(field)
			if err != nil {
				b.Fatal(err)
			}
			used += time.Duration(n) * 10 * time.Millisecond
		}
	}
	return used
}
