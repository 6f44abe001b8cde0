package oip

import (
	"context"
	"fmt"
	"math"
	"slices"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/sony/gobreaker/v2"

	"andon/schemas/beat"
	"andon/schemas/verdict"
)

// each runs a test by both transports, in virtual time. When it ends no goroutine may be left.
func each(t *testing.T, test func(t *testing.T, transport string)) {
	for _, transport := range []string{"http", "grpc"} {
		t.Run(transport, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) { test(t, transport) })
		})
	}
}

// rowsOf makes n rows of four features, some missing, with scores in [0, 1]. Their numbers are the same in FP32.
func rowsOf(n int) []float64 {
	var rows []float64
	for i := range n {
		row := []float64{float64(i%64) / 64, float64(i%16) / 16, 1, 0}
		if i%3 == 0 {
			row[i%4] = math.NaN()
		}
		rows = append(rows, row...)
	}
	return rows
}

// ask asks for scores of rows, as many as there are.
func ask(ctx context.Context, c *Client, rows []float64) []beat.Reply {
	n := len(rows) / c.config.Features
	out := make([]beat.Reply, n)
	c.Score(ctx, rows, n, out)
	return out
}

// reasons counts replies by reason; a score counts as "".
func reasons(replies []beat.Reply) map[string]int {
	out := map[string]int{}
	for _, r := range replies {
		out[r.Reason]++
	}
	return out
}

// wantReason fails unless every reply has the reason, "" being a score.
func wantReason(t *testing.T, replies []beat.Reply, reason string) {
	t.Helper()
	if got := reasons(replies); got[reason] != len(replies) {
		t.Fatalf("replies by reason are %v, want all %d %q", got, len(replies), reason)
	}
}

func wantScores(t *testing.T, rows []float64, replies []beat.Reply) {
	t.Helper()
	for i, r := range replies {
		if want := score(rows[4*i : 4*i+4]); r.Score != want || r.Reason != "" || r.Model != modelName("late", "3") {
			t.Fatalf("row %d: %+v, want score %v", i, r, want)
		}
	}
}

func TestScoresAreTheModels(t *testing.T) {
	kinds := []struct {
		name string
		set  func(*server)
	}{
		{"fp64, one dimension", func(*server) {}},
		{"fp32", func(s *server) { s.datatype = fp32 }},
		{"a column", func(s *server) { s.columns = 1 }},
		{"no and yes", func(s *server) { s.columns = 2 }},
		{"no and yes in fp32, beside a label", func(s *server) { s.columns, s.label, s.datatype = 2, true, fp32 }},
		{"says nothing of itself", func(s *server) { s.declares = false }},
		{"numbers within the tensors", func(s *server) { s.within = true }},
		{"numbers within the tensors in fp32", func(s *server) { s.within, s.datatype = true, fp32 }},
	}
	for _, kind := range kinds {
		t.Run(kind.name, func(t *testing.T) {
			each(t, func(t *testing.T, transport string) {
				s := newServer()
				kind.set(s)
				c := s.client(t, transport)
				if err := c.Check(t.Context()); err != nil {
					t.Fatal(err)
				}
				for _, n := range []int{1, 2, 63, 64, 65, 200} {
					rows := rowsOf(n)
					wantScores(t, rows, ask(t.Context(), c, rows))
				}
			})
		})
	}
}

func TestRowsTravelTogether(t *testing.T) {
	each(t, func(t *testing.T, transport string) {
		s := newServer()
		c := s.client(t, transport)
		wantReason(t, ask(t.Context(), c, rowsOf(1)), well)
		before := s.calls.Load()
		var callers sync.WaitGroup
		for i := range 32 {
			callers.Go(func() {
				rows := rowsOf(7)[4*(i%4):]
				wantScoresOf(t, rows, ask(t.Context(), c, rows))
			})
		}
		callers.Wait()
		rows := int64(8 * (7 + 6 + 5 + 4))
		if calls := s.calls.Load() - before; calls != (rows+rowsMax-1)/rowsMax {
			t.Errorf("%d rows of 32 callers at once were %d calls, want as few as there can be", rows, calls)
		}
		start := time.Now()
		wantReason(t, ask(t.Context(), c, rowsOf(3)), well)
		if waited := time.Since(start); waited != linger {
			t.Errorf("a caller alone waited %v, want %v", waited, linger)
		}
	})
}

// wantScoresOf is wantScores for goroutines.
func wantScoresOf(t *testing.T, rows []float64, replies []beat.Reply) {
	for i, r := range replies {
		if want := score(rows[4*i : 4*i+4]); r.Score != want || r.Reason != "" {
			t.Errorf("row %d: %+v, want score %v", i, r, want)
		}
	}
}

func TestFaults(t *testing.T) {
	faults := []struct{ mood, reason string }{
		{slow, verdict.Timeout},
		{hang, verdict.Timeout},
		{busy, verdict.Timeout},
		{reset, verdict.Timeout},
		{broken, verdict.BadOutput},
		{allNaN, verdict.BadOutput},
		{wrongShape, verdict.BadOutput},
		{tooFew, verdict.BadOutput},
		{integers, verdict.BadOutput},
		{cut, verdict.BadOutput},
		{otherVersion, verdict.ModelMissing},
		{otherModel, verdict.ModelMissing},
		{gone, verdict.ModelMissing},
	}
	for _, fault := range faults {
		t.Run(fault.mood, func(t *testing.T) {
			each(t, func(t *testing.T, transport string) {
				s := newServer()
				c := s.client(t, transport)
				rows := rowsOf(100)
				wantScores(t, rows, ask(t.Context(), c, rows))
				s.mood.Store(fault.mood)
				start := time.Now()
				wantReason(t, ask(t.Context(), c, rows), fault.reason)
				if took := time.Since(start); took > DefaultTimeout {
					t.Errorf("the caller was held for %v", took)
				}
				s.mood.Store(well)
				time.Sleep(time.Second) // virtual: a connection that broke is made again after a while
				wantScores(t, rows, ask(t.Context(), c, rows))
			})
		})
	}
}

func TestOneWrongScoreIsOneReason(t *testing.T) {
	each(t, func(t *testing.T, transport string) {
		s := newServer()
		c := s.client(t, transport)
		s.mood.Store(someWrong)
		rows := rowsOf(20)
		replies := ask(t.Context(), c, rows)
		wantReason(t, replies[1:5], verdict.BadOutput)
		wantScores(t, rows[:4], replies[:1])
		wantScores(t, rows[20:], replies[5:])
		for i, r := range replies {
			if r.Score < 0 || r.Score > 1 || math.IsNaN(r.Score) {
				t.Errorf("row %d has score %v", i, r.Score)
			}
		}
	})
}

// The breaker in virtual time: opens at half of 20, rests 30 s, closes after five that are well.
func TestBreaker(t *testing.T) {
	each(t, func(t *testing.T, transport string) {
		s := newServer()
		c := s.client(t, transport)
		one := func(mood, reason string) {
			t.Helper()
			s.mood.Store(mood)
			wantReason(t, ask(t.Context(), c, rowsOf(1)), reason)
		}
		for range breakerCalls/2 + 1 {
			one(well, "")
		}
		for range breakerCalls/2 - 1 { // 20 calls, fewer than half failed
			one(broken, verdict.BadOutput)
		}
		for range 3 * breakerCalls { // a model that is not there is no failure of the server
			one(gone, verdict.ModelMissing)
		}
		time.Sleep(breakerWindow + breakerBucket) // all that is forgotten
		for range breakerCalls - 1 {
			one(broken, verdict.BadOutput)
		}
		for range breakerCalls - 1 {
			one(well, "")
		}
		one(broken, verdict.BadOutput) // 20 of 39: the last that is asked
		for range 2 {
			calls := s.calls.Load()
			start := time.Now()
			one(well, verdict.BreakerOpen)
			if s.calls.Load() != calls || time.Since(start) != 0 {
				t.Error("the open breaker let a call through, or let a caller wait")
			}
			time.Sleep(breakerRest + 1)
			one(broken, verdict.BadOutput) // the first probe: open again
		}
		time.Sleep(breakerRest + 1)
		for range breakerProbes {
			one(well, "")
		}
		for range breakerCalls - 1 { // closed, and begins to count anew
			one(broken, verdict.BadOutput)
		}
		one(well, "")
		one(broken, verdict.BadOutput)
		one(well, verdict.BreakerOpen)
	})
}

// Flapping: well and broken by turns. Whatever happens each row has a reply, and in the end all are scores.
func TestFlapping(t *testing.T) {
	each(t, func(t *testing.T, transport string) {
		s := newServer()
		c := s.client(t, transport)
		total := map[string]int{}
		rows := rowsOf(8)
		for i := range 600 { // five minutes, asked twice a second
			s.mood.Store(well)
			if i/40%2 == 1 { // every 20 s
				s.mood.Store(reset)
			}
			for _, r := range ask(t.Context(), c, rows) {
				total[r.Reason]++
			}
			time.Sleep(500 * time.Millisecond)
		}
		if total[""] == 0 || total[verdict.Timeout] == 0 || total[verdict.BreakerOpen] == 0 || len(total) != 3 {
			t.Errorf("replies by reason: %v", total)
		}
		s.mood.Store(well)
		time.Sleep(time.Minute)
		for range 2 * breakerProbes {
			wantScores(t, rows, ask(t.Context(), c, rows))
		}
	})
}

// A server that hangs holds nobody beyond the deadline, each caller's own, however many there are.
func TestNobodyIsHeld(t *testing.T) {
	each(t, func(t *testing.T, transport string) {
		s := newServer()
		c := s.client(t, transport)
		wantReason(t, ask(t.Context(), c, rowsOf(1)), "")
		s.mood.Store(hang)
		var callers sync.WaitGroup
		for i := range 100 {
			callers.Go(func() {
				limit := time.Duration(i) * time.Millisecond
				ctx, cancel := context.WithTimeout(t.Context(), limit)
				defer cancel()
				start := time.Now()
				got := reasons(ask(ctx, c, rowsOf(20)))
				if took := time.Since(start); took > min(limit, DefaultTimeout) {
					t.Errorf("a caller with %v was held for %v", limit, took)
				}
				if got[verdict.Timeout]+got[verdict.BreakerOpen] != 20 {
					t.Errorf("replies by reason: %v", got)
				}
			})
		}
		callers.Wait()
		for i := 0; c.breaker.State() != gobreaker.StateOpen; i++ {
			if ask(t.Context(), c, rowsOf(1)); i > breakerCalls {
				t.Fatal("the breaker does not open")
			}
		}
		wantReason(t, ask(t.Context(), c, rowsOf(1000)), verdict.BreakerOpen)
	})
}

// Many rows of one caller do not wait for a call each, and those that find no time are told so.
func TestManyRowsOfOneCaller(t *testing.T) {
	each(t, func(t *testing.T, transport string) {
		s := newServer()
		c := s.client(t, transport)
		rows := rowsOf(20_000)
		wantScores(t, rows, ask(t.Context(), c, rows))
		if want := int64(20_000); s.rows.Load() != want {
			t.Errorf("the server saw %d rows, want %d", s.rows.Load(), want)
		}
		s.mood.Store(hang)
		calls := s.calls.Load()
		start := time.Now()
		wantReason(t, ask(t.Context(), c, rows), verdict.Timeout)
		if took := time.Since(start); took != DefaultTimeout {
			t.Errorf("the caller was held for %v", took)
		}
		if made := s.calls.Load() - calls; made != callsMax {
			t.Errorf("%d calls hang, want %d at a time", made, callsMax)
		}
	})
}

// What one caller does is nothing to another in the same call.
func TestCallersAreApart(t *testing.T) {
	each(t, func(t *testing.T, transport string) {
		s := newServer()
		c := s.client(t, transport)
		wantReason(t, ask(t.Context(), c, rowsOf(1)), "")
		ctx, cancel := context.WithCancel(t.Context())
		impatient := make(chan []beat.Reply)
		rows := rowsOf(30)
		lent := slices.Clone(rows)
		go func() { impatient <- ask(ctx, c, lent[:80]) }()
		synctest.Wait()
		cancel()
		wantReason(t, <-impatient, verdict.Timeout)
		clear(lent) // its owner may, once Score has returned
		wantScores(t, rows[80:], ask(t.Context(), c, rows[80:]))
		if s.rows.Load() != 31 || s.calls.Load() != 2 {
			t.Errorf("%d rows in %d calls: those of both callers are to travel together", s.rows.Load(), s.calls.Load())
		}
	})
}

func TestClosedClient(t *testing.T) {
	each(t, func(t *testing.T, transport string) {
		s := newServer()
		c := s.client(t, transport)
		wantReason(t, ask(t.Context(), c, rowsOf(1)), "")
		s.mood.Store(hang)
		waiting := make(chan []beat.Reply)
		go func() { waiting <- ask(t.Context(), c, rowsOf(70)) }()
		synctest.Wait()
		start := time.Now()
		if err := c.Close(); err != nil {
			t.Fatal(err)
		}
		wantReason(t, <-waiting, verdict.Timeout)
		wantReason(t, ask(t.Context(), c, rowsOf(1)), verdict.ModelMissing)
		if took := time.Since(start); took != 0 {
			t.Errorf("closing took %v", took)
		}
	})
}

func TestModelNames(t *testing.T) {
	names := map[string]bool{}
	for _, v := range []string{"", "1", "2"} {
		name := modelName("late", v)
		names[name] = true
		if len(name) != 16 {
			t.Errorf("%q is no 16 digits", name)
		}
	}
	if len(names) != 3 {
		t.Error(fmt.Sprint("versions share names: ", names))
	}
}
