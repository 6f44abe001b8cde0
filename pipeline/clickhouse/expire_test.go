package clickhouse_test

import (
	"fmt"
	"testing"
	"time"

	"andon/pipeline"
	"andon/pipeline/load"
	"andon/schemas/event"

	"github.com/ClickHouse/clickhouse-go/v2/lib/driver"
)

// A row counts until its months are over and is gone soon after, whatever times it states, and loading it again does not bring it back.
func TestRowsAreKeptForTheirMonths(t *testing.T) {
	conn := connect(t, "default")
	db, name := migrated(t, conn)
	for _, test := range []struct {
		table  string
		into   load.Table
		from   load.Partition
		make   func(int) pipeline.Record
		months int
	}{
		{"events", db.Events(families), scans, monthly, 13},
		{"exceptions", db.Exceptions(silent), changes, change, 25},
		{"costs", db.Costs(silent), paid, monthlyPrice, 25},
	} {
		t.Run(test.table, func(t *testing.T) {
			list := []pipeline.Record{test.make(0), test.make(1), test.make(2), test.make(3)} // a month each of events and costs
			expired := event.At(time.Now().AddDate(0, -test.months, -1))
			for i := range list {
				list[i].At = expired
				if i > 1 {
					list[i].At = event.At(time.Now().AddDate(0, -test.months, 4)) // what is said later expires later
				}
			}
			table := name + "." + test.table
			exec(t, conn, "SYSTEM STOP MERGES "+table)
			insertAll := func(token string) {
				t.Helper()
				for i, r := range list {
					if _, err := test.into.Insert(t.Context(), fmt.Sprint(token, i), test.from, []pipeline.Record{r}); err != nil {
						t.Fatal(err)
					}
				}
			}
			insertAll("a")
			current := one[uint64](t, conn, "SELECT count() FROM "+table+"_current")
			if rows := one[uint64](t, conn, "SELECT count() FROM "+table); rows != 4 || current == 0 || current > 2 {
				t.Errorf("before any merge there are %d rows, %d current; want all 4 rows, none current that expired", rows, current)
			}
			exec(t, conn, "SYSTEM START MERGES "+table)
			gone := fmt.Sprintf("SELECT count() FROM %s WHERE record_time <= fromUnixTimestamp64Micro(%d)", table, expired)
			awaitNone(t, conn, table, gone)
			insertAll("b")
			awaitNone(t, conn, table, gone)
			if is := one[uint64](t, conn, "SELECT count() FROM "+table+" FINAL"); is != 2 {
				t.Errorf("%d rows are left, want the 2 that did not expire", is)
			}
			if is := one[uint64](t, conn, "SELECT count() FROM "+table+"_current"); is != current {
				t.Errorf("%d rows are current, %d were before", is, current)
			}
		})
	}
}

// awaitNone has the parts merged until the query counts nothing.
func awaitNone(t *testing.T, conn driver.Conn, table, query string) {
	t.Helper()
	for deadline := time.Now().Add(time.Minute); one[uint64](t, conn, query) > 0; {
		exec(t, conn, "OPTIMIZE TABLE "+table+" FINAL")
		if time.Now().After(deadline) {
			t.Fatalf("still rows: %s", query)
		}
	}
}
