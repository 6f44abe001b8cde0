package main

import (
	"testing"

	"andon/internal/enginetest"
)

// While ClickHouse is away detection goes on; when it is back, every row arrives, each once.
func TestDataOverAClickHouseOutage(t *testing.T) {
	const name = "olist"
	set, dir := openSet(t, name)
	l := newLine(t, set.Settings)
	clickHouse := enginetest.ClickHouse(t)
	p := l.start(l.cfg)
	importing := command(t, "import", name+"="+dir, "--config", l.file(l.cfg))
	if err := importing.Start(); err != nil {
		t.Fatal(err)
	}
	await(t, "the first rows", func() bool { return l.number("SELECT count() FROM %s.events") > 0 })
	clickHouse.Kill()
	if err := importing.Wait(); err != nil {
		t.Fatal(err)
	}
	await(t, "all records to be judged without ClickHouse", func() bool {
		done, all := l.judged()
		return done == all && p.idle()
	})
	await(t, "the outage to be noticed", func() bool { return p.sum("andon_load_down") > 0 })
	if p.over() || !p.ready() {
		t.Error("the process is not ready, though only ClickHouse is away")
	}
	if err := clickHouse.Restart(t.Context()); err != nil {
		t.Fatal(err)
	}
	revisions := l.settle(p)
	await(t, "the events in ClickHouse", func() bool { return l.number("SELECT count() FROM %s.events FINAL") == len(set.Records) })
	p.stop()
	if n := l.number("SELECT count() FROM %s.events"); n != len(set.Records) {
		t.Errorf("%d rows of %d events", n, len(set.Records))
	}
	checkFinal(t, set, revisions)
	checkReconciled(t, l, len(set.Records))
}
