package main

import (
	"slices"
	"strings"
	"testing"

	"andon/detectors/setting"
	"andon/internal/enginetest"
	"andon/replay"
)

// Kafka dies while records are judged and comes back. The process goes on by itself, says so in few lines, and nothing is lost or doubled.
func TestKafkaDiesAndComesBack(t *testing.T) {
	l := newLine(t, setting.Settings{Clock: setting.Log})
	kafka := enginetest.Kafka(t)
	l.cfg.Beat.RecordsMax = 200 // so that there is something to interrupt
	p := l.start(l.cfg)
	l.send(day(0, 4))
	await(t, "the day to begin", func() bool { done, _ := l.judged(); return done > 0 })
	kafka.Kill()
	await(t, "the outage to be noticed", func() bool { return strings.Contains(p.said(), "a Kafka broker is away") })
	before := p.said()
	if err := kafka.Restart(t.Context()); err != nil {
		t.Fatal(err)
	}
	l.send(day(1, 4))
	l.send(longAfter(4))
	revisions := l.settle(p)
	p.stop()
	t.Log(p.said())
	// A client that finds the broker half up may lose it again: that is an outage more.
	outages := strings.Count(p.said(), "a Kafka broker is away")
	if n := strings.Count(p.said(), "the Kafka broker is back"); n == 0 || n > outages || outages > 5 {
		t.Errorf("the broker is away %d times and back %d times", outages, n)
	}
	if n := strings.Count(before, "a Kafka broker is away"); n > 2 {
		t.Errorf("it is away %d times before it is started again", n)
	}
	if n := strings.Count(p.said(), "level=WARN"); n > 20*outages {
		t.Errorf("%d warnings in %d outages", n, outages)
	}
	checkRevisions(t, revisions)
	l.checkBooks(int64(len(days(2, 4))))
	got, want := unmarked(final(revisions)), unmarked(inMemory(t, l.cfg.Settings, days(2, replay.Partitions)))
	if !slices.Equal(got, want) || len(want) == 0 {
		t.Errorf("in the end stand %d exceptions, without the outage %d\n%s", len(got), len(want), firstDifference(got, want))
	}
}
