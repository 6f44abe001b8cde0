package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"time"

	"andon/schemas/event"
	"andon/schemas/exception"
)

// A probe is an order of two pieces whose pick comes short: PI-01 as soon as the shorted pick is judged. The event time of that pick is when it
// was handed to the producer's client, and so the exception's opened_at. A probe of the warm-up has another name and is not followed.
const (
	probeName = "PROBE-"
	warmName  = "WARMUP-"
)

// release is the probe's order.
func release(name string, at event.Micros) event.Event {
	return event.Event{ID: name + "/released", Type: event.OrderReleased, Source: "wms", Site: "DC-1", FulfilmentID: name, OrderID: name, Time: at, ShipBy: at + event.Day,
		Lines: []event.Line{{Line: "1", SKU: "SKU-1", QtyMilli: 2000, UOM: "EA"}}}
}

// shorted is the pick that completes the evidence.
func shorted(name string, at event.Micros) event.Event {
	return event.Event{ID: name + "/shorted", Type: event.PickShorted, Source: "wms", Site: "DC-1", FulfilmentID: name, OrderID: name, Time: at, Line: "1", SKU: "SKU-1",
		Reason: "BIDF", UOM: "EA"}
}

// probes collects how long each probe took, by name, in milliseconds.
type probes struct {
	mu              sync.Mutex
	seen, row, fact map[string]float64 // exception at a consumer, row of the exception, row of the event
	changed         chan struct{}
}

func newProbes() *probes {
	return &probes{seen: map[string]float64{}, row: map[string]float64{}, fact: map[string]float64{}, changed: make(chan struct{}, 1)}
}

// exception notes an exception record that was there at an instant, if it is a probe's first.
func (p *probes) exception(into *map[string]float64, value []byte, at event.Micros) {
	if !bytes.Contains(value, []byte(`"`+probeName)) {
		return
	}
	var x exception.Exception
	if exception.Decode(value, &x) == nil && x.Code == "PI-01" {
		p.note(*into, x.Subject, at-x.OpenedAt)
	}
}

// event notes an event's row that was there at an instant, if it is a probe's shorted pick.
func (p *probes) event(key, value []byte, at event.Micros) {
	var e event.Event
	if bytes.HasPrefix(key, []byte(probeName)) && event.Decode(event.PickPack, key, value, &e) == nil && e.Type == event.PickShorted {
		p.note(p.fact, strings.Clone(e.FulfilmentID), at-e.Time)
	}
}

func (p *probes) note(into map[string]float64, name string, took event.Micros) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if _, known := into[name]; !known {
		into[name] = float64(took) / 1000
	}
	select {
	case p.changed <- struct{}{}:
	default:
	}
}

// await waits until all probes are through, with their rows or without; a minute at most.
func (p *probes) await(ctx context.Context, n int, rows bool) error {
	if n == 0 {
		return errors.New("no probe was sent: ask for more --seconds or --probes")
	}
	ctx, cancel := context.WithTimeout(ctx, time.Minute)
	defer cancel()
	for {
		p.mu.Lock()
		seen, row, fact := len(p.seen), len(p.row), len(p.fact)
		p.mu.Unlock()
		if seen >= n && (!rows || row >= n && fact >= n) {
			return nil
		}
		select {
		case <-p.changed:
		case <-ctx.Done():
			return fmt.Errorf("of %d probes %d became exceptions in time, %d rows of exceptions and %d rows of events: %w", n, seen, row, fact, ctx.Err())
		}
	}
}

// put puts the percentiles into the values of a row.
func (p *probes) put(values map[string]float64) {
	p.mu.Lock()
	defer p.mu.Unlock()
	values["probes"] = float64(len(p.seen))
	for name, took := range map[string]map[string]float64{"exception": p.seen, "row": p.row, "event_row": p.fact} {
		if len(took) == 0 {
			continue
		}
		var list []float64
		for _, ms := range took {
			list = append(list, ms)
		}
		slices.Sort(list)
		values[name+"_p50_ms"] = list[len(list)/2]
		values[name+"_p99_ms"] = list[len(list)*99/100]
		values[name+"_max_ms"] = list[len(list)-1]
	}
}
