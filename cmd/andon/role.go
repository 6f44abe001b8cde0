package main

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"time"

	"golang.org/x/sync/errgroup"
)

// role is one of the things a process does for as long as it lives.
type role struct {
	name  string
	run   func(context.Context) error // until ctx ends (then nil) or it cannot go on
	final func(error) bool            // whether starting anew cannot help until a person has acted
}

// Pauses before a failed role starts again: doubling from the first to the last, anew from the first once it has run for steadyAfter.
const (
	firstPause  = 500 * time.Millisecond
	lastPause   = 30 * time.Second
	steadyAfter = time.Minute
)

// runRoles runs all roles until ctx ends. A role that fails starts again by itself and leaves the others alone; one that refuses to go on ends
// them all, and its error is returned.
func runRoles(ctx context.Context, log *slog.Logger, roles []role) error {
	all, ctx := errgroup.WithContext(ctx)
	for _, r := range roles {
		all.Go(func() error { return r.keep(ctx, log) })
	}
	return all.Wait()
}

// keep runs a role again and again.
func (r role) keep(ctx context.Context, log *slog.Logger) error {
	pause := firstPause
	for {
		started := time.Now()
		err := r.run(ctx)
		switch {
		case err == nil || ctx.Err() != nil && errors.Is(err, context.Canceled):
			return nil
		case ctx.Err() != nil || r.final(err):
			return fmt.Errorf("%s: %w", r.name, err)
		}
		if time.Since(started) >= steadyAfter {
			pause = firstPause
		}
		log.Error("role failed, starting it again", "role", r.name, "pause_ms", pause.Milliseconds(), "error", err)
		select {
		case <-ctx.Done():
			return nil
		case <-time.After(pause):
		}
		pause = min(2*pause, lastPause)
	}
}
