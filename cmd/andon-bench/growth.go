package main

import (
	"context"
	"fmt"
	"math/rand/v2"
	"runtime"
	"time"

	"andon/cmd/andon-bench/figure"
	"andon/detectors"
	"andon/detectors/setting"
	"andon/pipeline"
	"andon/schemas/beat"
	"andon/schemas/event"
)

// growthCmd measures the core alone with more and more open parcels.
type growthCmd struct {
	Parcels []int  `default:"10000,100000,1000000,10000000" help:"Open parcels of each case, from few to many."`
	Events  int    `default:"1000000" help:"Events measured in each case, at least."`
	Profile string `placeholder:"PREFIX" help:"Write CPU profiles to files that begin with this."`
}

// Help is shown by --help.
func (growthCmd) Help() string {
	return `An engine of the carrier family, without Kafka: each parcel is manifested, accepted and scanned at a hub; then parcels drawn at random are
scanned three times more, in beats of 20,000. Step, Settle and Keep are timed, making the events up is not. Then
the state is written as a snapshot and loaded again. Ten million parcels need about 16 GB.`
}

// Run measures each case.
func (c growthCmd) Run(ctx context.Context, b *bench) error {
	smallest := 0.0
	for _, n := range c.Parcels {
		r := b.Begin("growth", figure.Number(float64(n), 0))
		if err := c.measure(ctx, n, b.Head.Seed, r.Values); err != nil {
			return fmt.Errorf("%d parcels: %w", n, err)
		}
		if smallest == 0 {
			smallest = r.Values["time_us"]
		}
		r.Values["ratio"] = r.Values["time_us"] / smallest
		if err := b.record(r); err != nil {
			return err
		}
	}
	return nil
}

// further is how often a parcel drawn at random is told of in the measurement.
const further = 3

// measure fills engines with n open parcels, as many engines one after the other as it takes to measure enough events.
func (c growthCmd) measure(ctx context.Context, n int, seed uint64, values map[string]float64) error {
	measured := min(n, (c.Events+further-1)/further) // parcels
	engines := max(c.Events/(measured*further), 1)
	var took time.Duration
	var gc, cpu, heap float64
	for i := range engines {
		if ctx.Err() != nil {
			return ctx.Err()
		}
		heap = settledHeap()
		g, err := newGrowth(n, seed+uint64(i))
		if err != nil {
			return err
		}
		g.fill()
		heap = settledHeap() - heap
		end := func() {}
		if i == 0 {
			if end, err = profiled(c.Profile, fmt.Sprint(n)); err != nil {
				return err
			}
		}
		before, err := used(0, 0)
		if err != nil {
			return err
		}
		took += g.measure(measured)
		after, err := used(0, 0)
		end()
		if err != nil {
			return err
		}
		gc, cpu = gc+after.gc-before.gc, cpu+after.andon-before.andon
		size := g.engine.Size()
		if size.Entities != n {
			return fmt.Errorf("the engine holds %d entities", size.Entities)
		}
		values["parcel_facts_bytes"] = g.facts
		if i == 0 {
			if err := g.snapshot(values); err != nil {
				return err
			}
		}
		runtime.KeepAlive(g)
	}
	events := float64(engines * measured * further)
	values["events"], values["time_us"], values["gc_percent"] = events, float64(took.Nanoseconds())/1e3/events, 100*gc/max(cpu, 0.01)
	values["parcel_heap_bytes"], values["heap_mb"] = heap/float64(n), heap/1e6
	return nil
}

// growth is one engine with its parcels.
type growth struct {
	engine  *detectors.Engine
	random  *rand.Rand
	parcels int
	facts   float64 // bytes of facts of a parcel once filled
	now     event.Micros
	items   []beat.Item
	models  pipeline.Scorer // nil: nothing is asked
	asked   int
}

// beatItems is how many events a beat has.
const beatItems = 20_000

func newGrowth(parcels int, seed uint64) (*growth, error) {
	g := &growth{random: rand.New(rand.NewPCG(seed, 0)), parcels: parcels, now: firstDay, items: make([]beat.Item, 0, beatItems)}
	var err error
	g.engine, err = g.empty()
	return g, err
}

// empty is a new engine.
func (*growth) empty() (*detectors.Engine, error) {
	s := setting.Default()
	s.Clock = setting.Log
	return detectors.New(event.Carrier, s)
}

// fill tells of each parcel what makes it open.
func (g *growth) fill() {
	for what := range filled {
		for i := range g.parcels {
			g.tell(i, what)
		}
		g.beat()
	}
	g.facts = float64(g.engine.Size().StateBytes) / float64(g.parcels)
}

// measure scans so many parcels, drawn once, in another order each time.
func (g *growth) measure(n int) (took time.Duration) {
	drawn := g.random.Perm(g.parcels)[:n]
	runtime.GC()
	for what := filled; what < filled+further; what++ {
		g.random.Shuffle(n, func(i, j int) { drawn[i], drawn[j] = drawn[j], drawn[i] })
		for _, i := range drawn {
			took += g.tell(i, what)
		}
		took += g.beat()
	}
	return took
}

// tell adds an event of a parcel to the beat, and beats when it is full.
func (g *growth) tell(parcel, what int) time.Duration {
	e := parcelEvent(parcel, what)
	e.Tenant, e.Content = event.DefaultTenant, uint64(parcel)<<8+uint64(what) // as decoding would say
	g.now = max(g.now, hourOf(what))
	g.items = append(g.items, beat.Item{Event: e, At: e.Time})
	if len(g.items) < cap(g.items) {
		return 0
	}
	return g.beat()
}

// beat folds what was told and says how long that took.
func (g *growth) beat() time.Duration {
	start := time.Now()
	var replies []beat.Reply
	if st := g.engine.Step(beat.Batch{Items: g.items, End: g.now}); len(st.Requests) > 0 {
		replies = g.models.Score(context.Background(), st.Requests)
		g.asked += len(replies)
	}
	g.engine.Settle(replies)
	g.engine.Keep()
	took := time.Since(start)
	g.items = g.items[:0]
	return took
}
