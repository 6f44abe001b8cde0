package main

import (
	"fmt"
	"strings"
	"testing"

	"andon/detectors/setting"
)

// While ClickHouse has no room detection goes on, each table's loader says why it waits, and not at every try, and every row arrives when there is room.
func TestClickHouseWithoutRoom(t *testing.T) {
	l := newLine(t, setting.Settings{Clock: setting.Log})
	tables, waiting := []string{"events", "exceptions"}, "rows cannot be loaded, they wait in the log"
	room := func(setting string) {
		t.Helper()
		for _, table := range tables {
			if err := l.rows.Exec(t.Context(), fmt.Sprintf("ALTER TABLE %s.%s %s", l.cfg.ClickHouse.Database, table, setting)); err != nil {
				t.Fatal(err)
			}
		}
	}
	room("MODIFY SETTING min_free_disk_bytes_to_perform_insert = 1000000000000000") // what a full disk answers, by the same error
	p := l.start(l.cfg)
	records := days(1, 4)
	l.send(records)
	await(t, "all to be judged without a row", func() bool { done, all := l.judged(); return done == all && p.idle() })
	await(t, "both loaders to wait", func() bool { return p.sum("andon_load_down") == float64(len(tables)) })
	outage := strings.Count(p.said(), waiting)
	if n := l.number("SELECT count() FROM %s.events"); n != 0 || !p.ready() {
		t.Errorf("%d rows without room; ready: %t", n, p.ready())
	}
	room("RESET SETTING min_free_disk_bytes_to_perform_insert")
	revisions := l.settle(p)
	events := dayParcels + dayParcels*2/3
	await(t, "the events", func() bool { return l.number("SELECT count() FROM %s.events FINAL") == events })
	await(t, "the loaders to say so", func() bool {
		return p.sum("andon_load_down") == 0 && strings.Count(p.said(), "rows are loaded again") >= len(tables)
	})
	p.stop()
	if n := l.number("SELECT count() FROM %s.exceptions"); n != len(revisions) {
		t.Errorf("%d rows of %d revisions", n, len(revisions))
	}
	t.Log(p.said())
	if outage < len(tables) || outage > 2*len(tables) { // a loader that is started again meanwhile says it again
		t.Errorf("the loaders say %d times that they wait", outage)
	}
	if !strings.Contains(p.said(), "enough free space") {
		t.Error("they do not say why")
	}
}
