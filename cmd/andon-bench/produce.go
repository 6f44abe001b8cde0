package main

import (
	"bufio"
	"context"
	"encoding/json"
	"fmt"
	"os"
	"time"

	"andon/replay/history"
	"andon/replay/simulate"
	"andon/schemas/event"

	"github.com/twmb/franz-go/pkg/kgo"
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

// pieceTime is how often a paced producer sends what is due.
const pieceTime = 5 * time.Millisecond

// Run produces.
func (c produceCmd) Run(ctx context.Context) error {
	p, err := newProducer(ctx, liveTopics(c.Addr), kgo.ProducerLinger(5*time.Millisecond))
	if err != nil {
		return err
	}
	defer p.Close()
	t, err := newTemplate(c.Seed, c.Rate, int(min(c.Rate*float64(c.Seconds+c.Warm), templateEvents)))
	if err != nil {
		return err
	}
	fmt.Println("ready")
	if _, err := bufio.NewReader(os.Stdin).ReadString('\n'); err != nil {
		return err
	}
	used, err := cpuSeconds(os.Getpid())
	if err != nil {
		return err
	}
	x := &pace{produceCmd: c, to: p, template: t, began: time.Now()}
	if err := x.run(ctx); err != nil {
		return err
	}
	if err := p.flush(ctx); err != nil {
		return err
	}
	after, err := cpuSeconds(os.Getpid())
	x.made.CPUs = after - used
	said, _ := json.Marshal(x.made) // numbers cannot fail to encode
	fmt.Println(string(said))
	return err
}

// template is a simulated day pressed into seconds: each event happens when it arrives.
type template struct {
	records []history.Record
}

// tenantName has a place for the number of the turn.
const (
	tenantName = `{"tenant":"turn-0000",`
	tenantAt   = len(`{"tenant":"turn-`)
)

func newTemplate(seed uint64, rate float64, n int) (*template, error) {
	t := &template{records: make([]history.Record, 0, n)}
	begin := event.At(time.Now())
	records, _ := simulate.Day(simulate.Config{Seed: seed, Orders: n/18 + 1, Start: begin})
	var e event.Event
	for r := range records {
		if len(t.records) == n {
			break
		}
		if err := event.Decode(r.Family, []byte(r.Key), r.Value, &e); err != nil {
			return nil, fmt.Errorf("a simulated event: %w", err)
		}
		by := begin + event.Micros(1e6*float64(len(t.records))/rate) - e.Time
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

// pace sends what is due.
type pace struct {
	produceCmd
	to       *producer
	template *template
	began    time.Time
	made     made
	released int // probes
	warm     bool
}

func (x *pace) run(ctx context.Context) error {
	tick := time.NewTicker(pieceTime)
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-tick.C:
		}
		now := time.Since(x.began)
		if now >= time.Duration(x.Warm+x.Seconds)*time.Second {
			return nil
		}
		if !x.warm && now >= time.Duration(x.Warm)*time.Second {
			x.warm = true
			fmt.Println("warm")
		}
		x.piece(ctx, now.Seconds())
	}
}

// piece sends what is due after so many seconds.
func (x *pace) piece(ctx context.Context, after float64) {
	for due := int64(after * x.Rate); x.made.Events < due; x.made.Events++ {
		r := x.template.record(x.made.Events)
		x.to.send(ctx, &r)
	}
	x.made.BehindMS = max(x.made.BehindMS, 1000*(time.Since(x.began).Seconds()-after))
	for ; x.released < int(after*float64(x.Probes)); x.released++ {
		x.probe(ctx, release, x.released)
		if old := x.released - x.Probes; old >= 0 { // released a second ago
			x.probe(ctx, shorted, old)
			if x.warm && x.measured(old) {
				x.made.Probes++
			}
		}
	}
}

// measured says whether a probe's pick comes after the warm-up.
func (x *pace) measured(n int) bool { return n >= x.Warm*x.Probes }

func (x *pace) probe(ctx context.Context, make func(string, event.Micros) event.Event, n int) {
	name := warmName
	if x.measured(n) {
		name = probeName
	}
	at := event.At(time.Now())
	e := make(fmt.Sprintf("%s%d", name, n), at-at%1000)
	r := history.New(event.PickPack, &e, at)
	x.to.send(ctx, &r)
}
