package load

import (
	"bytes"
	"context"
	"fmt"
	"log/slog"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"andon/pipeline"
	"andon/schemas/event"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/testutil"
)

// run starts one loader after the other until everything is loaded, and returns how many it took.
func (w *world) run(t *testing.T) (starts int) {
	for ; !w.loaded(); starts++ {
		if starts == 5000 {
			t.Fatal("the loaders get nowhere")
		}
		ctx, die := context.WithCancel(t.Context())
		log := &fakeLog{w: w}
		w.mu.Lock()
		w.owner, w.die = log, die
		w.mu.Unlock()
		l := newLoader(quiet(prometheus.NewRegistry()), log, w)
		ended := make(chan error)
		go func() { ended <- l.run(ctx) }()
		for alive := true; alive; {
			select {
			case err := <-ended:
				if err != nil {
					t.Fatalf("a loader ended: %v", err)
				}
				alive = false
			case <-time.After(time.Second):
				w.mu.Lock()
				done := w.loaded()
				w.mu.Unlock()
				if done {
					die()
				}
			}
		}
		die()
	}
	for _, zombie := range w.zombies {
		zombie()
	}
	return starts
}

// check compares the table with the log: lost records, rows that are doubled as they lie there, and rows that are doubled or
// changed as a replacing table shows them.
func (w *world) check() (lost, physical, shown int) {
	for at, records := range w.records {
		final := map[string]string{} // by (partition, offset), the key of the rows
		for _, r := range w.rows[at] {
			final[fmt.Sprint(r.Offset)] = fmt.Sprintf("%d %s %s", r.At, r.Key, r.Value)
		}
		physical += len(w.rows[at]) - len(final)
		for _, r := range records {
			row, ok := final[fmt.Sprint(r.Offset)]
			switch {
			case !ok:
				lost++
			case row != fmt.Sprintf("%d %s %s", r.At, r.Key, r.Value):
				shown++
			}
			delete(final, fmt.Sprint(r.Offset))
		}
		shown += len(final)
	}
	return lost, physical, shown
}

func TestNothingIsLostOrDoubledWhateverDies(t *testing.T) {
	const seeds, partitions, records = 150, 3, 140
	for _, test := range []struct {
		name   string
		window int
	}{
		{"tokens outlast the outage", 1000},
		{"tokens are forgotten", 4}, // a long outage: only the replacing key is left
	} {
		t.Run(test.name, func(t *testing.T) {
			var physical, starts, late int
			fired := map[string]map[fate]int{"commit": {}, "insert": {}, "look": {}}
			for seed := range uint64(seeds) {
				synctest.Test(t, func(t *testing.T) {
					w := newWorld(seed, partitions, records)
					w.window, w.trouble = test.window, 0.3
					starts += w.run(t)
					lost, doubled, shown := w.check()
					if lost > 0 || shown > 0 {
						t.Errorf("seed %d: %d of %d records lost, %d rows shown twice or changed", seed, lost, partitions*records, shown)
					}
					if w.strayed > 0 {
						t.Errorf("seed %d: %d commits of partitions that were lost", seed, w.strayed)
					}
					physical += doubled
					late += w.late
					for write, met := range w.fired {
						for f, n := range met {
							fired[write][f] += n
						}
					}
				})
			}
			t.Logf("%d schedules, %d records each, %d loaders, %d rows doubled physically, fates %v", seeds, partitions*records, starts, physical, fired)
			if test.window == 1000 && physical > late {
				t.Errorf("%d rows lie in the table twice, at most %d of them because they were under way again", physical, late)
			}
			if test.window == 4 && physical == 0 {
				t.Error("no row was ever doubled: the schedule does not test the replacing key")
			}
			for write, met := range fired {
				for f := range fate(fates) {
					if met[f] < 20 {
						t.Errorf("%s met fate %d only %d times", write, f, met[f])
					}
				}
			}
		})
	}
}

func TestAChangedRangeStopsThatPartitionOnly(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(7, 2, 40)
		bad, good := Partition{"source", 0}, Partition{"source", 1}
		changed := w.records[bad]
		i := intent{from: 0, to: changed[9].Offset + 1, digest: digest(changed[:10]), generation: 1}
		w.committed[bad] = Position{Partition: bad, Metadata: i.String()}
		changed[4].Value = []byte("other bytes")

		var said bytes.Buffer
		registry := prometheus.NewRegistry()
		cfg := quiet(registry)
		cfg.Logger = slog.New(slog.NewTextHandler(&said, nil))
		ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
		defer cancel()
		log := &fakeLog{w: w}
		w.owner = log
		if err := Run(ctx, cfg, log, w); err != nil {
			t.Fatal(err)
		}
		if len(w.rows[bad]) != 0 || w.committed[bad].Metadata != i.String() {
			t.Errorf("the changed range was loaded: %d rows, position %+v", len(w.rows[bad]), w.committed[bad])
		}
		if len(w.rows[good]) != 40 {
			t.Errorf("the other partition has %d rows of 40", len(w.rows[good]))
		}
		for _, want := range []string{"digest", "--group andon-load-rows", "--topic source:0", "--to-offset 0"} {
			if !strings.Contains(said.String(), want) {
				t.Errorf("the message does not name %q: %s", want, said.String())
			}
		}
		if n, err := testutil.GatherAndCount(registry, "andon_load_stopped_partitions"); err != nil || n != 1 {
			t.Errorf("andon_load_stopped_partitions: %d series, %v", n, err)
		}
	})
}

// The repair that the message names: a plain reset of the position. The rows that are there already are sent again under another token.
func TestAfterAResetTheRangeIsLoadedAnew(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(3, 1, 40)
		w.run(t)
		at := Partition{"source", 0}
		before := slices.Clone(w.tokens)
		w.rows[at] = nil // an operator deleted the rows; the table still knows their tokens
		w.committed[at] = Position{Partition: at}
		w.run(t)
		if lost, physical, shown := w.check(); lost+physical+shown > 0 {
			t.Errorf("%d lost, %d physically doubled, %d shown wrong; tokens before %v, after %v", lost, physical, shown, before, w.tokens)
		}
	})
}

// A backlog over many partitions: the buffer is shared by all, and still most blocks are whole.
func TestABacklogIsLoadedInLargeBlocks(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		const partitions, records = 24, 250
		w := newWorld(9, partitions, records)
		w.window = 1 << 20
		w.run(t)
		if lost, physical, shown := w.check(); lost+physical+shown > 0 {
			t.Errorf("%d lost, %d physically doubled, %d shown wrong", lost, physical, shown)
		}
		whole := partitions * records / quiet(nil).BlockRows
		if blocks := len(w.tokens) / 2; blocks > 2*whole { // of each block odd and even offsets are one part
			t.Errorf("%d blocks, %d would be whole", blocks, whole)
		}
	})
}

func TestAnOutageIsToldOnceAndNothingIsReadIntoMemory(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(5, 2, 400)
		var said bytes.Buffer
		registry := prometheus.NewRegistry()
		cfg := quiet(registry)
		cfg.Logger = slog.New(slog.NewTextHandler(&said, nil))
		ctx, cancel := context.WithCancel(t.Context())
		log := &fakeLog{w: w}
		w.owner = log
		table := &outage{Table: w, until: time.Now().Add(time.Hour)}
		l := newLoader(cfg, log, table)
		ended := make(chan error)
		go func() { ended <- l.run(ctx) }()

		time.Sleep(30 * time.Minute)
		synctest.Wait()
		if held := len(l.feeds[Partition{"source", 0}].records) + len(l.feeds[Partition{"source", 1}].records); held == 0 || held > 250 {
			t.Errorf("%d records are held in memory while the table is down", held)
		}
		if n := testutil.ToFloat64(l.metrics.down); n != 1 {
			t.Errorf("andon_load_down is %v while the table is down", n)
		}
		if lag := testutil.ToFloat64(l.metrics.lag); lag < 800 {
			t.Errorf("andon_load_lag_offsets is %v with 800 records waiting", lag)
		}
		time.Sleep(31 * time.Minute)
		cancel()
		if err := <-ended; err != nil {
			t.Fatal(err)
		}
		if lost, physical, shown := w.check(); lost+physical+shown > 0 {
			t.Errorf("after the outage %d lost, %d physically doubled, %d shown wrong", lost, physical, shown)
		}
		if n := strings.Count(said.String(), "cannot be loaded"); n != 1 {
			t.Errorf("the outage is told %d times:\n%s", n, said.String())
		}
		if n := strings.Count(said.String(), "loaded again"); n != 1 {
			t.Errorf("its end is told %d times:\n%s", n, said.String())
		}
	})
}

func TestRowsThatVanishAreTold(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(5, 2, 400)
		for _, records := range w.records {
			for i := range records {
				records[i].At = event.At(time.Now())
			}
		}
		var said bytes.Buffer
		cfg := quiet(prometheus.NewRegistry())
		cfg.Logger = slog.New(slog.NewTextHandler(&said, nil))
		ctx, cancel := context.WithCancel(t.Context())
		log := &fakeLog{w: w}
		w.owner = log
		l := newLoader(cfg, log, w)
		ended := make(chan error)
		go func() { ended <- l.run(ctx) }()
		expect := func(what string, want float64) {
			t.Helper()
			time.Sleep(2 * watchEvery) // a look and, in case one has just begun, the next
			synctest.Wait()
			if n := testutil.ToFloat64(l.metrics.missing); n != want {
				t.Errorf("andon_reconcile_rows_missing is %v %s, want %v", n, what, want)
			}
		}
		time.Sleep(time.Minute)
		synctest.Wait()
		at := Partition{"source", 1}
		w.mu.Lock()
		all := w.rows[at]
		w.rows[at] = slices.Clone(all[7:])
		w.mu.Unlock()
		expect("with 7 rows gone", 7)
		expect("as they stay away", 7)
		w.mu.Lock()
		w.rows[at] = all
		w.mu.Unlock()
		expect("after the repair", 0)
		if len(l.watch.since) != 0 {
			t.Errorf("what was counted is still watched: %v", l.watch.since)
		}
		cancel()
		if err := <-ended; err != nil {
			t.Fatal(err)
		}
		if n := strings.Count(said.String(), "andon reconcile --repair --table rows"); n != 1 {
			t.Errorf("the repair is told %d times:\n%s", n, said.String())
		}
	})
}

// outage is a table that does not answer until a time.
type outage struct {
	Table
	until time.Time
}

func (o *outage) Insert(ctx context.Context, token string, from Partition, records []pipeline.Record) (Inserted, error) {
	if time.Now().Before(o.until) {
		return Inserted{}, errInjected
	}
	return o.Table.Insert(ctx, token, from, records)
}
