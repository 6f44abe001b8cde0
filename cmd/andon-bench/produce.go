package main

import (
	"bufio"
	"context"
	"encoding/json"
	"fmt"
	"os"
	"runtime"
	"slices"
	"time"

	"andon/replay/history"
	"andon/replay/simulate"
	"andon/schemas/event"

	"github.com/twmb/franz-go/pkg/kgo"
	"golang.org/x/sync/errgroup"
)

// produceCmd is the hidden command that keeps the pace of a live run: it says "ready", waits for a line, says "warm" when the warm-up is over
// and tells at last what it made.
type produceCmd struct {
	Addr    string
	Rate    float64
	Seconds int
	Warm    int
	Probes  int // a second
	Seed    uint64
}

// templateEvents is how many events a producer holds; it sends them again and again, each time as another tenant's.
const templateEvents = 400_000

// slotTime is how often a paced producer sends what is due.
const slotTime = 20 * time.Millisecond

// Run produces.
func (c produceCmd) Run(ctx context.Context) error {
	p, err := newProducer(ctx, liveTopics(c.Addr), kgo.ProducerLinger(time.Millisecond))
	if err != nil {
		return err
	}
	defer p.Close()
	to, err := newSender(ctx, p.Client, p.Config)
	if err != nil {
		return err
	}
	events := int(c.Rate*slotTime.Seconds() + 0.5)
	n := int(time.Duration(c.Warm+c.Seconds) * time.Second / slotTime)
	t, err := newTemplate(c.Seed, c.Rate, min(n*events, templateEvents))
	if err != nil {
		return err
	}
	slots, err := t.slots(n, events)
	if err != nil {
		return err
	}
	t.records = nil
	runtime.GC()
	fmt.Println("ready")
	if _, err := bufio.NewReader(os.Stdin).ReadString('\n'); err != nil {
		return err
	}
	x := &pace{produceCmd: c, probes: p, to: to, slots: slots, began: time.Now()}
	made, err := x.run(ctx)
	if err != nil {
		return err
	}
	said, _ := json.Marshal(made) // numbers cannot fail to encode
	fmt.Println(string(said))
	return nil
}

// template is a simulated day pressed into seconds: each event happens when it arrives.
type template struct {
	begin   event.Micros
	records []history.Record
}

// tenantName has a place for the number of the turn.
const (
	tenantName = `{"tenant":"turn-0000",`
	tenantAt   = len(`{"tenant":"turn-`)
)

func newTemplate(seed uint64, rate float64, n int) (*template, error) {
	t := &template{begin: event.At(time.Now()), records: make([]history.Record, 0, n)}
	records, _ := simulate.Day(simulate.Config{Seed: seed, Orders: n/18 + 1, Start: t.begin})
	var e event.Event
	for r := range records {
		if len(t.records) == n {
			break
		}
		if err := event.Decode(r.Family, []byte(r.Key), r.Value, &e); err != nil {
			return nil, fmt.Errorf("a simulated event: %w", err)
		}
		by := t.begin + event.Micros(1e6*float64(len(t.records))/rate) - e.Time
		for _, at := range []*event.Micros{&e.Time, &e.PromiseDeliverBy, &e.ShipBy, &e.ETA} {
			if *at != 0 {
				*at += by
			}
		}
		e.Tenant = ""
		value := event.Append(nil, &e)
		r.Value = append([]byte(tenantName), value[1:]...)
		t.records = append(t.records, r)
	}
	return t, nil
}

// record is the i-th record of the endless run of turns.
func (t *template) record(i int64) (r history.Record) {
	turn := i / int64(len(t.records))
	r = t.records[i%int64(len(t.records))]
	value := make([]byte, len(r.Value))
	copy(value, r.Value)
	copy(value[tenantAt:], fmt.Appendf(nil, "%04d", turn))
	r.Value = value
	return r
}

// pace sends the slots when they are due, each family's by a goroutine of its own, and probes beside them.
type pace struct {
	produceCmd
	probes *producer
	to     *sender
	slots  []slot
	began  time.Time
}

func (x *pace) run(ctx context.Context) (m made, err error) {
	used, err := cpuSeconds(os.Getpid())
	if err != nil {
		return m, err
	}
	all, ctx := errgroup.WithContext(ctx)
	var behind [len(event.Families)]time.Duration
	for _, f := range event.Families {
		all.Go(func() (err error) {
			behind[f], err = x.family(ctx, f)
			return err
		})
	}
	all.Go(func() (err error) {
		m.Probes, err = x.probe(ctx)
		return err
	})
	if err := all.Wait(); err != nil {
		return m, err
	}
	for _, s := range x.slots {
		m.Events += int64(s.events)
	}
	m.Events += int64(2*x.Probes*(x.Warm+x.Seconds) - x.Probes) // released, and but for the last second's shorted
	m.BehindMS = float64(slices.Max(behind[:]).Microseconds()) / 1000
	after, err := cpuSeconds(os.Getpid())
	m.CPUs = after - used
	return m, err
}

// family sends one family's part of all slots, and says by how much it was late at most.
func (x *pace) family(ctx context.Context, f event.Family) (behind time.Duration, err error) {
	for i := range x.slots {
		if f == event.Families[0] && time.Duration(i)*slotTime == time.Duration(x.Warm)*time.Second {
			fmt.Println("warm")
		}
		due := x.began.Add(time.Duration(i+1) * slotTime)
		if err := sleepUntil(ctx, due); err != nil {
			return behind, err
		}
		if err := x.to.send(ctx, f, &x.slots[i]); err != nil {
			return behind, err
		}
		behind = max(behind, time.Since(due))
	}
	return behind, nil
}

// probe releases probes at an even pace and shorts each a second later. It returns how many it shorted after the warm-up.
func (x *pace) probe(ctx context.Context) (measured int, err error) {
	each := time.Second / time.Duration(x.Probes)
	for n := range x.Probes * (x.Warm + x.Seconds) {
		if err := sleepUntil(ctx, x.began.Add(time.Duration(n)*each)); err != nil {
			return measured, err
		}
		x.send(ctx, release, n)
		if old := n - x.Probes; old >= 0 { // released a second ago
			x.send(ctx, shorted, old)
			if x.measured(old) {
				measured++
			}
		}
	}
	return measured, x.probes.flush(ctx)
}

// measured says whether a probe's pick comes after the warm-up.
func (x *pace) measured(n int) bool { return n >= x.Warm*x.Probes }

func (x *pace) send(ctx context.Context, make func(string, event.Micros) event.Event, n int) {
	name := warmName
	if x.measured(n) {
		name = probeName
	}
	at := event.At(time.Now())
	e := make(fmt.Sprintf("%s%d", name, n), at-at%1000)
	r := history.New(event.PickPack, &e, at)
	x.probes.send(ctx, &r)
}

// sleepUntil waits for an instant; one that has passed is no wait.
func sleepUntil(ctx context.Context, at time.Time) error {
	select {
	case <-time.After(time.Until(at)):
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}
