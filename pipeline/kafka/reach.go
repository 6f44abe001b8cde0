package kafka

import (
	"context"
	"errors"
	"log/slog"
	"net"
	"sync"
	"time"

	"andon/pipeline/wire"
)

// Reach tells of the brokers that the clients of a process cannot reach: a line when one goes and a line when it is back, however many clients
// ask for it how often. It is for many goroutines. A nil Reach tells nothing.
type Reach struct {
	log  *slog.Logger
	mu   sync.Mutex
	away map[string]time.Time // by address; since when
	back time.Time            // when the last came back
}

// echo is how long after a broker is back clients still speak of it as away.
const echo = 10 * time.Second

// NewReach makes the one Reach of a process.
func NewReach(log *slog.Logger) *Reach { return &Reach{log: log, away: map[string]time.Time{}} }

// watch is dial, watched.
func (r *Reach) watch(dial wire.Dial) wire.Dial {
	if r == nil {
		return dial
	}
	return func(ctx context.Context, network, addr string) (net.Conn, error) {
		c, err := dial(ctx, network, addr)
		r.dialed(addr, err)
		return c, err
	}
}

func (r *Reach) dialed(addr string, err error) {
	if _, mistake := errors.AsType[*wire.Error](err); mistake || errors.Is(err, context.Canceled) {
		return // a setting is wrong, or nobody waits any more
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	since, was := r.away[addr]
	switch {
	case err != nil && !was:
		r.away[addr] = time.Now()
		r.log.Warn("a Kafka broker is away: work waits in the log and goes on by itself", "broker", addr, "error", err)
	case err == nil && was:
		delete(r.away, addr)
		r.back = time.Now()
		r.log.Info("the Kafka broker is back", "broker", addr, "away", time.Since(since).Round(time.Second))
	}
}

// lacks reports whether a broker is away, or was a moment ago. What clients say meanwhile only follows from that.
func (r *Reach) lacks() bool {
	if r == nil {
		return false
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	return len(r.away) > 0 || time.Since(r.back) < echo
}
