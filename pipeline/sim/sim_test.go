package sim

import (
	"bufio"
	"flag"
	"fmt"
	"io"
	"maps"
	"os"
	"runtime"
	"runtime/debug"
	"slices"
	"strings"
	"testing"
	"time"

	judgement "andon/schemas/verdict"
)

var (
	seeds  = flag.Int("seeds", 200, "how many seeds TestSeeds runs")
	from   = flag.Uint64("from", 1, "the first of them")
	traced = flag.String("trace", "", "file that each history is told to, line by line, and to another with .again the second time")
)

func TestMain(m *testing.M) {
	runtime.GOMAXPROCS(1)
	debug.SetGCPercent(800) // histories are short
	os.Exit(m.Run())
}

// A short run plays every second seed twice, a long one every tenth.
const short, second, tenth = 500, 2, 10

// Whatever befalls whom, nothing is lost and nothing is twice; and a seed is a history.
func TestSeeds(t *testing.T) {
	fired, total, wrong, twice := map[string]int{}, verdict{}, 0, 0
	stale, started, began := 0, 0, time.Now()
	for seed := *from; seed < *from+uint64(*seeds); seed++ {
		l, v := play(t, seed, lines(t, ""), false)
		trouble := strings.Join(l.broken, "\n")
		if seed%tenth == 0 || *seeds <= short && seed%second == 0 {
			twice++
			if again, _ := play(t, seed, lines(t, ".again"), true); trouble == "" && l.trace.Sum64() != again.trace.Sum64() {
				trouble = fmt.Sprintf("it has two histories, %016x and %016x", l.trace.Sum64(), again.trace.Sum64())
			}
		}
		if trouble != "" {
			wrong++
			t.Errorf("seed %d: %s\nRun it again: go test ./pipeline/sim -run Seeds -seeds 1 -from %d", seed, trouble, seed)
		}
		for what, n := range l.fired {
			fired[what] += n
		}
		total.add(v)
		stale, started = stale+l.broker.stale, started+len(l.procs)
		if done := seed - *from + 1; done%500 == 0 {
			fmt.Printf("%d seeds up to %d, %d wrong, %s\n", done, seed, wrong, time.Since(began).Round(time.Second))
		}
		if wrong == 10 {
			t.Fatal("ten seeds are wrong, that is enough")
		}
	}
	t.Logf("seeds %d to %d, %d of them played twice, in %s: %d wrong; %d processes, %+v, %d requests of fenced ones refused", *from, *from+uint64(*seeds)-1,
		twice, time.Since(began).Round(time.Second), wrong, started, total, stale)
	for _, what := range slices.Sorted(maps.Keys(fired)) {
		t.Logf("%7d %s", fired[what], what)
	}
	if *seeds >= 200 {
		complete(t, fired)
	}
}

// complete sees that everything that can befall anybody did.
func complete(t *testing.T, fired map[string]int) {
	for name, list := range befalls {
		for _, f := range list {
			if fired[string(f)+" "+name] == 0 {
				t.Errorf("%s %s never happened", f, name)
			}
		}
	}
	for _, what := range []string{string(skewed), "held back for its clock", "known token", "forgotten token", "commit overtaken", "session timed out",
		"put out of a rebalance", "put out, joins again", "transaction timed out", "left open, aborted by the next of its name", "slow marker",
		"replaced by another of its name", "waited for an open transaction", "read waited for markers", "restored from a snapshot", "logic changed", "settings changed", "waited for control records",
		"control: guard", "control: settings", "control: mode off", "control: mode shadow", "control: mode canary", "control: mode live", "model: ", "model: " + judgement.Timeout,
		"decided by rule", "decided by model", "decided by fallback", string(away) + " produce", string(away) + " insert"} {
		if fired[what] == 0 {
			t.Errorf("%q never happened", what)
		}
	}
}

// lines is where a run is told; nil when nobody asked.
func lines(t *testing.T, which string) io.Writer {
	if *traced == "" {
		return nil
	}
	f, err := os.Create(*traced + which)
	if err != nil {
		t.Fatal(err)
	}
	w := bufio.NewWriter(f)
	t.Cleanup(func() { _, _ = w.Flush(), f.Close() })
	return w
}

func (v *verdict) add(o verdict) {
	v.records += o.records
	v.exceptions += o.exceptions
	v.revisions += o.revisions
	v.judgements += o.judgements
	v.entries += o.entries
	v.rows += o.rows
	v.doubled += o.doubled
}
