package sim

import (
	"context"
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"strings"
	"time"

	"andon/pipeline"
	"andon/pipeline/load"
	"andon/schemas/control"
	"andon/schemas/event"
	"andon/schemas/exception"
	judgement "andon/schemas/verdict"
)

// contested are the codes and risks a model may be asked about.
var contested = []string{"CA-03", "CA-05", "PA-03", "PI-05", "asn_short_risk", "pick_short_risk"}

var controlTopic = load.Partition{Topic: "control"}

// govern registers models for the governed codes before anything runs, and draws who changes what about them, and when. Every judgement is recorded, so
// what is judged does not hang on who decides.
func (l *life) govern(until time.Duration) {
	w := &governor{life: l, versions: map[string]int32{}}
	for _, code := range l.profile.governed {
		for version := range int32(2) {
			l.publish(nil, w.next(control.Record{Kind: control.KindBundle, Version: version + 1, Bundle: &control.Bundle{Name: bundleOf(code), Version: version + 1,
				SHA256: fmt.Sprintf("%064x", version+1), Features: "any", SizeBytes: 1}}))
		}
		l.publish(nil, w.next(off(code)))
	}
	d := l.dice("governor", 0)
	for range d.IntN(10) {
		if len(l.profile.governed) > 0 {
			n := uint64(d.Int64())
			l.after(between(d, 0, until), "the control topic grows", func() { w.change(n) })
		}
	}
}

func bundleOf(code string) string { return strings.ToLower(code) }

// off is a policy by which the rule decides and all is recorded.
func off(code string) control.Record {
	return control.Record{Kind: control.KindPolicy, Policy: &control.Policy{Code: code, Mode: judgement.Off, SampleBP: judgement.Certain}}
}

// governor is who writes control records: people and the guard.
type governor struct {
	*life
	versions map[string]int32 // the latest of each object
}

// next completes a record.
func (w *governor) next(r control.Record) control.Record {
	r.Author, r.ApprovedBy = "ada", "bob"
	if r.Complete(); r.Kind != control.KindBundle {
		w.versions[r.Object]++
		r.Version = w.versions[r.Object]
	}
	if err := r.Check(); err != nil {
		w.breach("a control record: %v", err)
	}
	return r
}

// change writes one change, in a transaction as andon control apply does. mu is held.
func (w *governor) change(n uint64) {
	d := w.dice("change", n)
	code := w.profile.governed[d.IntN(len(w.profile.governed))]
	bundle := fmt.Sprintf("%s@%d", bundleOf(code), 1+d.IntN(2))
	r := off(code)
	r.Policy.Bundle = bundle
	switch r.Policy.ThresholdBP = 1000 + d.Int32N(8000); d.IntN(7) {
	case 0, 1:
		r.Policy.Mode = judgement.Live
		r.Policy.Floor = []exception.Severity{"", exception.Major, exception.Critical}[d.IntN(3)]
		r.Policy.ClearBP = d.Int32N(r.Policy.ThresholdBP)
	case 2:
		r.Policy.Mode, r.Policy.CanaryBP = judgement.Canary, 1+d.Int32N(9999)
	case 3:
		r.Policy.Mode = judgement.Shadow
	case 4: // off
	case 5:
		r = w.guard(code, bundle, []control.State{control.Open, control.HalfOpen, control.Closed}[d.IntN(3)])
		if d.IntN(3) == 0 {
			r.Guard.ValidUntil = r.Guard.ChangedAt + event.Micros(d.Int64N(int64(2*event.Day)))
		}
	case 6:
		r = w.revise(d)
	}
	if w.fired["control: "+string(r.Kind)]++; r.Kind == control.KindPolicy {
		w.fired["control: mode "+string(r.Policy.Mode)]++
	}
	t := &txn{committed: true}
	w.publish(t, w.next(r))
	w.broker.mark(t, func() { t.markers-- })
	for _, c := range w.followers {
		if !c.dead {
			c.hear(d)
		}
	}
}

func (w *governor) guard(code, bundle string, s control.State) control.Record {
	return control.Record{Kind: control.KindGuard, Guard: &control.Guard{Code: code, Bundle: bundle, State: s, Signal: control.G3, Reason: judgement.GuardDrift,
		ChangedAt: event.At(time.Now()), Trips: 1}}
}

// revise writes settings by which all is judged anew and alike: they name a number as it is by default.
func (w *governor) revise(d *rand.Rand) control.Record {
	s := w.settings
	s.Rules = map[string]map[string]int64{"CA-05": {"margin_s": 3_600}}
	if d.IntN(2) == 0 {
		s.Rules = map[string]map[string]int64{"CA-05": {"reraise_s": 7_200}}
	}
	text, err := json.Marshal(s)
	if err != nil {
		w.breach("settings: %v", err)
	}
	return control.Record{Kind: control.KindSettings, Settings: text}
}

// publish appends a record to the control topic.
func (l *life) publish(in *txn, r control.Record) {
	l.broker.append(controlTopic, []byte(r.Key()), control.Append(nil, &r), in)
}

// controls are the control records that a process has read: pipeline/kafka's Controls, on the simulated broker.
type controls struct {
	pipeline.ControlLog
	*proc
	b    *broker
	main *stream
	next int64 // where reading stands
	told int64 // likewise, when the loop last polled
}

// open reads what is there by now.
func (c *controls) open() error {
	for end := int64(-1); c.next < end || end < 0; {
		if err := c.call(c.ctx, c.main, "controls", func(fate) error {
			if end < 0 {
				end = c.b.part(controlTopic).high()
			}
			c.read()
			return nil
		}); err != nil {
			return err
		}
	}
	return nil
}

// hear tells a process that runs of new records, soon or after a while. mu is held.
func (c *controls) hear(d *rand.Rand) {
	wait := between(d, time.Millisecond, 50*time.Millisecond)
	if d.IntN(3) == 0 {
		wait = between(d, time.Second, 10*time.Minute)
	}
	c.after(wait, c.name+" hears of control records", c.follow)
}

// follow reads on, unless the process stands still. mu is held.
func (c *controls) follow() {
	if c.dead {
		return
	}
	if c.paused <= c.now() {
		c.read()
	}
	if c.next < c.b.part(controlTopic).high() {
		c.after(max(c.paused-c.now(), 10*time.Millisecond), c.name+" looks for control records again", c.follow)
	}
}

// read takes what can be read. mu is held.
func (c *controls) read() {
	part := c.b.part(controlTopic)
	records, next := part.read(c.next, part.high(), int(part.high()))
	for i := range records {
		var r control.Record
		if err := control.Decode(records[i].Value, &r); err != nil {
			c.breach("a control record: %v", err)
		}
		c.Add(records[i].Offset, &r, records[i].Next)
	}
	c.next = next
	c.Add(0, nil, next)
}

// behind reports whether the process, or its loop, has more to read. mu is held.
func (c *controls) behind() bool { return min(c.told, c.next) < c.b.part(controlTopic).high() }

// Slots of those who wait for control records, whichever lane they restore.
const (
	waitSlots = 1536
	waitMost  = 400
)

// Between implements pipeline.Controls. Who waits looks again at instants of its own.
func (c *controls) Between(ctx context.Context, from, to int64) ([]control.Record, error) {
	if c.Next() < to {
		c.mu.Lock()
		c.fired["waited for control records"]++
		at := &stream{slot: waitSlots + c.waits%waitMost}
		c.waits++
		c.mu.Unlock()
		for c.Next() < to {
			if err := c.travel(ctx, at, 20*time.Millisecond); err != nil {
				return nil, pipeline.Fail(pipeline.Lost, err)
			}
		}
	}
	return c.ControlLog.Between(ctx, from, to)
}
