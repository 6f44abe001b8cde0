package clickhouse_test

import (
	"fmt"
	"testing"
	"time"

	"andon/pipeline"
	"andon/pipeline/load"

	"github.com/ClickHouse/clickhouse-go/v2/lib/driver"
)

// A row counts until its months are over and is gone soon after, whatever times it states. Rows are aged by writing them with an earlier time.
func TestRowsAreKeptForTheirMonths(t *testing.T) {
	conn := connect(t, "default")
	db, fresh := migrated(t, conn)
	_, aged := migrated(t, conn)
	for _, test := range []struct {
		table  string
		into   load.Table
		from   load.Partition
		make   func(int) pipeline.Record
		column string // counted from
		months int
	}{
		{"events", db.Events(families), scans, monthly, "load_time", 13},
		{"exceptions", db.Exceptions(silent), changes, change, "record_time", 25},
		{"costs", db.Costs(silent), paid, monthlyPrice, "record_time", 25},
	} {
		t.Run(test.table, func(t *testing.T) {
			if _, err := test.into.Insert(t.Context(), "a", test.from, records(test.make, 0, 4)); err != nil { // a month each of events and costs
				t.Fatal(err)
			}
			table := aged + "." + test.table
			exec(t, conn, "SYSTEM STOP MERGES "+table)
			age := fmt.Sprintf("INSERT INTO %[1]s SELECT * REPLACE (%[2]s - toIntervalMonth(%[3]d) + toIntervalDay(if(offset < 2, -2, 4)) AS %[2]s) FROM %[4]s.%[5]s",
				table, test.column, test.months, fresh, test.table)
			exec(t, conn, age)
			expired := fmt.Sprintf("SELECT count() FROM %s WHERE %s <= now() - toIntervalMonth(%d)", table, test.column, test.months)
			current := one[uint64](t, conn, "SELECT count() FROM "+table+"_current")
			if rows, late := one[uint64](t, conn, "SELECT count() FROM "+table), one[uint64](t, conn, expired); rows != 4 || late == 0 || late == 4 || current == 0 || current > 4-late {
				t.Errorf("before any merge: %d rows, %d of them expired, %d current; want 4, some, and none current that expired", rows, late, current)
			}
			exec(t, conn, "SYSTEM START MERGES "+table)
			awaitNone(t, conn, table, expired)
			left := one[uint64](t, conn, "SELECT count() FROM "+table)
			exec(t, conn, age) // the same rows again, with the times they had
			awaitNone(t, conn, table, expired)
			if is := one[uint64](t, conn, "SELECT count() FROM "+table+" FINAL"); is != left || left == 0 {
				t.Errorf("%d rows are left, %d after loading them again", left, is)
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
