package main

import (
	"fmt"
	"testing"
)

// A process that is killed again and again while a set comes in leaves what one that lives leaves: every exception once, in Kafka and in
// ClickHouse, and every event once.
func TestDataOverTenKills(t *testing.T) {
	const name, kills = "wwi", 10
	set, dir := openSet(t, name)
	l := newLine(t, set.Settings)
	l.cfg.Beat.RecordsMax = 500 // so that there is something to interrupt
	imported := make(chan error, 1)
	importing := command(t, "import", name+"="+dir, "--config", l.file(l.cfg))
	go func() { imported <- importing.Run() }()

	p := l.start(l.cfg)
	for kill := range int64(kills) {
		goal := (kill + 1) * int64(len(set.Records)) / (kills + 2)
		await(t, fmt.Sprintf("%d records judged", goal), func() bool {
			done, _ := l.judged()
			return done >= goal || p.over()
		})
		if p.over() {
			t.Fatalf("it ended by itself:\n%s", p.said())
		}
		if done, all := l.judged(); done == all && len(imported) == 1 {
			t.Fatalf("all was judged before kill %d", kill+1)
		}
		p.kill()
		p = l.start(l.cfg)
	}
	if err := <-imported; err != nil {
		t.Fatal(err)
	}
	revisions := l.settle(p)
	await(t, "the events in ClickHouse", func() bool { return l.number("SELECT count() FROM %s.events FINAL") == len(set.Records) })
	p.stop()

	checkFinal(t, set, revisions)
	exceptions, open := l.rowCounts()
	if want := expected[name]; fmt.Sprint(exceptions, open) != fmt.Sprint(want.exceptions, want.open) {
		t.Errorf("in ClickHouse: exceptions %v, open %v; want %v, %v", exceptions, open, want.exceptions, want.open)
	}
	if n := l.number("SELECT count() FROM (SELECT exception_id, revision FROM %s.exceptions FINAL GROUP BY ALL HAVING count() > 1)"); n > 0 {
		t.Errorf("%d revisions stand twice in ClickHouse", n)
	}
}
