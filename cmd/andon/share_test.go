package main

import (
	"testing"
)

// Two processes share the lanes; one that leaves hands its lanes over, and nothing is lost or doubled on the way.
func TestDataSharedByTwoProcesses(t *testing.T) {
	const name = "olist"
	set, dir := openSet(t, name)
	l := newLine(t, set.Settings)
	second := l.cfg
	second.Instance = l.cfg.Instance + "-two"
	one, two := l.start(l.cfg), l.start(second)
	await(t, "lanes on both", func() bool { return one.lanes() > 0 && two.lanes() > 0 && one.ready() && two.ready() })
	if n := one.lanes() + two.lanes(); n != 12 {
		t.Errorf("the processes hold %d lanes, want all 12 once", n)
	}
	importing := command(t, "import", name+"="+dir, "--config", l.file(l.cfg))
	if err := importing.Start(); err != nil {
		t.Fatal(err)
	}
	await(t, "both to judge", func() bool { return one.sum("andon_events_read_total") > 0 && two.sum("andon_events_read_total") > 0 })
	two.stop()
	await(t, "all lanes on the one that stayed", func() bool { return one.lanes() == 12 && one.ready() })
	if err := importing.Wait(); err != nil {
		t.Fatal(err)
	}
	revisions := l.settle(one)
	one.stop()
	checkFinal(t, set, revisions)
	if n := l.number("SELECT count() FROM %s.exceptions FINAL"); n != len(revisions) {
		t.Errorf("%d revisions in ClickHouse, %d in Kafka", n, len(revisions))
	}
}

// lanes is how many lanes beat in the process.
func (p *process) lanes() int {
	p.t.Helper()
	return len(p.samples("andon_entities"))
}
