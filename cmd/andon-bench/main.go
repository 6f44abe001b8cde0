// Command andon-bench measures the line against its ceiling, in one run: the same records, broker and loop, once with an engine that only counts and
// once with all rules. The broker is a process of its own. Events are those of a simulated day; measuring starts when a million entities are held.
package main

import (
	"cmp"
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/signal"
	"runtime"
	"time"

	"andon/detectors"
	"andon/detectors/setting"
	"andon/internal/embedded"
	"andon/pipeline"
	"andon/schemas/event"
)

// brokerArg as the first argument makes this process the broker: it prints its address and serves until its input ends.
const brokerArg = "broker"

func main() {
	var err error
	if len(os.Args) > 1 && os.Args[1] == brokerArg {
		err = serveBroker()
	} else {
		err = measure()
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, "andon-bench:", err)
		os.Exit(1)
	}
}

func serveBroker() error {
	b, err := embedded.StartFakeKafka("")
	if err != nil {
		return err
	}
	defer b.Stop()
	fmt.Println(b.Addr())
	_, err = io.Copy(io.Discard, os.Stdin)
	return err
}

func measure() error {
	orders := flag.Int("orders", 570_000, "orders of the simulated day; each is about 20 events and two entities")
	measured := flag.Int64("measured", 3_000_000, "events at the end of the day that are measured; those before fill the lanes")
	seed := flag.Uint64("seed", 1, "of the simulated day")
	profile := flag.String("cpuprofile", "", "write a CPU profile of each run to this path followed by its number")
	flag.Parse()
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()

	addr, end, err := startBroker(ctx)
	if err != nil {
		return err
	}
	defer end()
	fmt.Printf("writing a day of %d orders, seed %d ...\n", *orders, *seed)
	day, err := write(ctx, addr, *orders, *seed)
	if err != nil {
		return err
	}
	if day.events < *measured {
		return fmt.Errorf("the day has %d events: ask for more -orders or fewer -measured", day.events)
	}
	fmt.Printf("%d events of %d bytes on average, lz4, %d partitions a topic; the last %d are measured\n\n", day.events, day.bytes/day.events, partitions, *measured)

	settings := setting.Settings{Clock: setting.Log}
	rules := func(f event.Family) (pipeline.Engine, error) { return detectors.New(f, settings) }
	nothing := func(event.Family) (pipeline.Engine, error) { return &idle{}, nil }
	var rates []float64
	for _, m := range []struct {
		name   string
		engine func(event.Family) (pipeline.Engine, error)
	}{{"consume, decode, commit", nothing}, {"detect with all rules", rules}} {
		r := run{addr: addr, name: m.name, prefix: fmt.Sprintf("bench%d.", len(rates)), engine: m.engine, profile: *profile, from: day.events - *measured, to: day.events}
		if err := r.do(ctx, settings.Hash()); err != nil {
			return fmt.Errorf("%s: %w", m.name, err)
		}
		rates = append(rates, r.report())
		runtime.GC()
	}
	fmt.Printf("\ndetect is %.0f %% of the ceiling\n", 100*rates[1]/rates[0])
	fmt.Printf("%s, %d cores, %s\n", time.Now().UTC().Format(time.DateOnly), runtime.NumCPU(), runtime.Version())
	return nil
}

// first is the first error that is not the end we asked for.
func first(errs ...error) error {
	for i, err := range errs {
		if errors.Is(err, context.Canceled) {
			errs[i] = nil
		}
	}
	return cmp.Or(errs...)
}
