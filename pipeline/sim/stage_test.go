package sim

import (
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"slices"
	"sync"
	"time"

	"andon/pipeline"

	"github.com/cespare/xxhash/v2"
)

// fate is what befalls one operation.
type fate string

const (
	works      fate = ""
	refused    fate = "refused"      // the engine says no, and has done nothing
	lost       fate = "lost"         // the request never arrives, nobody tells
	unanswered fate = "unanswered"   // it is done, nobody tells
	late       fate = "late"         // nobody tells, and later it is done
	killBefore fate = "kill before"  // the process dies before it asks
	killAfter  fate = "kill after"   // the process dies when it is done
	killLate   fate = "kill, late"   // the process dies, and later it is done
	stopBefore fate = "stop before"  // the process stands still before it asks, for up to 90 s
	stopAfter  fate = "stop after"   // likewise with the answer
	leaves     fate = "leave"        // a planned stop of the process
	half       fate = "half done"    // one of the table's two parts is written, and an error comes back
	hides      fate = "rows hidden"  // likewise, and the token of the other is kept without its rows
	away       fate = "engine away"  // the engine does not answer anybody for a while
	skewed     fate = "clock skewed" // the process has a clock that is far off
)

// What may befall the operations of each name.
var (
	deaths   = []fate{killBefore, killAfter, stopBefore, stopAfter}
	troubles = append([]fate{refused, lost, unanswered, late, killLate}, deaths...)
	befalls  = map[string][]fate{
		"poll": append([]fate{leaves}, deaths...), "committed": append([]fate{lost}, deaths...), "open": append([]fate{lost}, deaths...),
		"redo": deaths, "init": append([]fate{lost, unanswered, late}, deaths...), "join": append([]fate{lost}, deaths...), "controls": append([]fate{lost}, deaths...),
		"produce": troubles, "offsets": troubles, "end": troubles,
		"load poll": append([]fate{leaves}, deaths...), "load join": append([]fate{lost}, deaths...), "load commit": troubles,
		"insert": append([]fate{half, hides}, troubles...), "look": append([]fate{lost}, deaths...),
	}

	// How much oftener than its rate an operation meets its fate: those at which more can go wrong.
	often = map[string]float64{"poll": 0.3, "load poll": 0.3, "produce": 0.7, "offsets": 2, "end": 4, "load commit": 5, "load join": 3,
		"insert": 5, "look": 40, "redo": 10, "committed": 1, "open": 1, "init": 1, "join": 2, "controls": 2}
)

var (
	errDead = pipeline.Fail(pipeline.Lost, errors.New("the process is dead"))
	errAway = errors.New("no answer") // whether it is done is not known
)

// grain is how far apart two instants of one stream are at least; each stream has an instant of its own within every grain.
const grain = 1 << 12 // nanoseconds

// stage is where one history takes place.
type stage struct {
	seed    uint64
	begin   time.Time
	profile profile

	mu      sync.Mutex // held by what happens at an instant
	trace   *xxhash.Digest
	lines   io.Writer // of the trace, when asked for
	events  int       // scheduled so far
	waits   int       // for control records so far
	waiters []*waiter
	fired   map[string]int // faults by fate and operation
	calm    bool           // no faults any more
	over    bool
	broken  []string // what should never have happened
}

// profile is how much goes wrong in a history.
type profile struct {
	rate          float64 // of operations that meet a fate other than works
	allowed       map[fate]bool
	faultsMax     int
	away          [2][2]time.Duration // when Kafka and when the table do not answer
	window        int                 // tokens the table remembers
	tokenTTL      time.Duration       // and for how long
	slowMarkers   bool                // markers of a transaction may take seconds
	workers       int
	partitions    int32
	wall          bool
	replace       bool // a stopped process may be replaced by another one of its name
	blockRowsMost int
	builds        bool          // processes are of two builds of different logic
	governed      []string      // codes with policies, which people and guards change
	redo          time.Duration // see pipeline.Config
}

type waiter struct {
	ready func() bool
	wake  chan struct{}
}

func newStage(seed uint64, lines io.Writer) *stage {
	s := &stage{seed: seed, begin: time.Now(), trace: xxhash.New(), lines: lines, fired: map[string]int{}}
	d := s.dice("profile", 0)
	p := profile{rate: []float64{0.004, 0.015, 0.05}[d.IntN(3)], allowed: map[fate]bool{}, faultsMax: 4 + d.IntN(40),
		window: []int{2, 5, 1000}[d.IntN(3)], tokenTTL: time.Hour, slowMarkers: d.IntN(3) == 0, workers: 1 + d.IntN(3),
		partitions: 1 + d.Int32N(2), wall: d.IntN(3) == 0, replace: d.IntN(2) == 0, blockRowsMost: 3 + d.IntN(20), builds: d.IntN(4) == 0,
		redo: []time.Duration{-1, time.Microsecond, 5 * time.Millisecond, time.Hour}[d.IntN(4)]}
	for _, f := range []fate{refused, lost, unanswered, late, killBefore, killAfter, killLate, stopBefore, stopAfter, leaves, half, hides, skewed} {
		p.allowed[f] = d.IntN(3) > 0
	}
	for _, code := range contested {
		if d.IntN(2) == 0 {
			p.governed = append(p.governed, code)
		}
	}
	s.profile = p
	return s
}

// outages draws when Kafka and the table do not answer, while inputs are written.
func (s *stage) outages(inputs time.Duration) {
	d := s.dice("outages", 0)
	for engine, longest := range []time.Duration{2 * time.Minute, []time.Duration{5 * time.Minute, 5 * time.Minute, 80 * time.Minute}[d.IntN(3)]} {
		if d.IntN(3) == 0 {
			from := between(d, 0, inputs)
			s.profile.away[engine] = [2]time.Duration{from, from + between(d, longest/4, longest)}
		}
	}
}

// dice are those of who, asked for the n-th time.
func (s *stage) dice(who string, n uint64) *rand.Rand {
	return rand.New(rand.NewPCG(s.seed, xxhash.Sum64String(who)+n*0x9e3779b97f4a7c15))
}

func between(d *rand.Rand, from, to time.Duration) time.Duration {
	return from + time.Duration(d.Int64N(int64(to-from)))
}

func (s *stage) now() time.Duration { return time.Since(s.begin) }

// gap is how long a stream waits to act at an instant of its own, d from now or a little later.
func (s *stage) gap(slot int, d time.Duration) time.Duration {
	now := s.now()
	at := (now+d)/grain*grain + time.Duration(slot)
	if at <= now+d {
		at += grain
	}
	return at - now
}

// after lets something happen later, at an instant of its own.
func (s *stage) after(d time.Duration, what string, do func()) {
	s.events++
	time.AfterFunc(s.gap(2048+s.events%2048, d), func() {
		s.mu.Lock()
		defer s.mu.Unlock()
		if !s.over {
			do()
			s.note("-", what, works, nil)
		}
	})
}

// note adds a line to the trace and wakes whom it concerns. mu is held.
func (s *stage) note(who, what string, f fate, err error) {
	if s.over { // all are being ended at once
		return
	}
	line := fmt.Sprintf("%d %s %s [%s] %v\n", s.now(), who, what, f, err)
	_, _ = s.trace.WriteString(line) // a hash takes everything
	if s.lines != nil {
		_, _ = io.WriteString(s.lines, line)
	}
	s.waiters = slices.DeleteFunc(s.waiters, func(w *waiter) bool {
		if !w.ready() {
			return false
		}
		close(w.wake)
		return true
	})
}

// breach notes what must not be. mu is held.
func (s *stage) breach(format string, args ...any) {
	if text := fmt.Sprintf(format, args...); len(s.broken) < 20 {
		s.broken = append(s.broken, text)
		s.note("-", "BREACH "+text, works, nil)
	}
}
