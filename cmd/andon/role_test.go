package main

import (
	"context"
	"errors"
	"log/slog"
	"testing"
	"testing/synctest"
	"time"
)

var (
	errPassing = errors.New("a passing failure")
	errRefused = errors.New("a refusal")
)

func never(error) bool { return false }

func untilDone(ctx context.Context) error {
	<-ctx.Done()
	return ctx.Err()
}

func TestAFailedRoleStartsAgainAndLeavesTheOthersAlone(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ctx, stop := context.WithCancel(t.Context())
		var starts []time.Duration
		begin, others := time.Now(), 0
		failing := role{"failing", func(context.Context) error {
			starts = append(starts, time.Since(begin))
			if len(starts) == 9 {
				stop()
			}
			return errPassing
		}, never}
		steady := role{"steady", func(ctx context.Context) error { others++; return untilDone(ctx) }, never}
		if err := runRoles(ctx, slog.New(slog.DiscardHandler), []role{failing, steady}); !errors.Is(err, errPassing) && err != nil {
			t.Error(err)
		}
		if others != 1 {
			t.Errorf("the other role was started %d times", others)
		}
		for i, want := range []time.Duration{0, 500 * time.Millisecond, 1500 * time.Millisecond, 3500 * time.Millisecond} {
			if starts[i] != want {
				t.Errorf("start %d after %s, want %s", i, starts[i], want)
			}
		}
		if last := starts[8] - starts[7]; last != lastPause {
			t.Errorf("the pause grew to %s, want at most %s", last, lastPause)
		}
	})
}

func TestARoleThatRanSteadilyStartsAgainSoon(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ctx, stop := context.WithCancel(t.Context())
		var ended, started []time.Time
		r := role{"r", func(context.Context) error {
			started = append(started, time.Now())
			if len(started) == 4 {
				stop()
				return nil
			}
			time.Sleep(time.Duration(len(started)-1) * steadyAfter) // virtual time: the first fails at once, the others run for minutes
			ended = append(ended, time.Now())
			return errPassing
		}, never}
		if err := runRoles(ctx, slog.New(slog.DiscardHandler), []role{r}); err != nil {
			t.Error(err)
		}
		if pause := started[3].Sub(ended[2]); pause != firstPause {
			t.Errorf("started again after %s, want %s", pause, firstPause)
		}
	})
}

func TestARefusalEndsAllRoles(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		refusing := role{"detect", func(context.Context) error { return errRefused }, func(err error) bool { return errors.Is(err, errRefused) }}
		steady := role{"load", untilDone, never}
		err := runRoles(t.Context(), slog.New(slog.DiscardHandler), []role{refusing, steady})
		if !errors.Is(err, errRefused) || err.Error() != "detect: a refusal" {
			t.Errorf("got %v", err)
		}
	})
}
