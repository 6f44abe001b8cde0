package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"time"

	"andon/replay/history"

	"github.com/cespare/xxhash/v2"
	"github.com/twmb/franz-go/pkg/kgo"
)

// liveCmd is the hidden command that feeds the endurance run: one simulated day after the other at a pace, until the time is up; then it tells what it made. It says
// "ready" first. While
// the broker is away it waits, and then catches up.
type liveCmd struct {
	Addr   string
	Rate   float64 // events a second
	For    time.Duration
	Orders int // of a day
	Seed   uint64
}

// Run feeds.
func (c liveCmd) Run(ctx context.Context) error {
	p, err := newProducer(ctx, liveTopics(c.Addr), kgo.UnknownTopicRetries(-1))
	if err != nil {
		return err
	}
	defer p.Close()
	var m made
	records := repeated(c.Seed, c.Orders, firstDay)
	fmt.Println("ready")
	began := time.Now()
	for r := range history.Ticked(records, partitions, tickStep, history.SimulateLateness) {
		if !r.IsTick() {
			if float64(m.Events) >= c.Rate*c.For.Seconds() {
				break
			}
			if err := c.keepPace(ctx, began, m.Events); err != nil {
				return err
			}
			if err := m.add(&r); err != nil {
				return err
			}
		}
		p.send(ctx, &r)
	}
	if err := p.flush(ctx); err != nil {
		return err
	}
	if m.CPUs, err = cpuSeconds(os.Getpid()); err != nil {
		return err
	}
	m.BehindMS = 1000 * (time.Since(began).Seconds() - c.For.Seconds())
	said, _ := json.Marshal(m) // numbers cannot fail to encode
	fmt.Println(string(said))
	return nil
}

// keepPace waits until event n is due.
func (c liveCmd) keepPace(ctx context.Context, began time.Time, n int64) error {
	if n%100 != 0 {
		return nil
	}
	due := began.Add(time.Duration(1e9 * float64(n) / c.Rate))
	if time.Until(due) < slotTime {
		return nil
	}
	return sleepUntil(ctx, due)
}

// add counts an event into the sums that the table events must give.
func (m *made) add(r *history.Record) error {
	_, id, found := bytes.Cut(r.Value, []byte(`"event_id":"`))
	end := bytes.IndexByte(id, '"')
	if !found || end < 0 {
		return errors.New("a simulated event has no id: " + string(r.Value))
	}
	m.Events++
	m.EventHash += xxhash.Sum64(id[:end])
	m.Content += xxhash.Sum64(r.Value)
	return nil
}
