package oip

import (
	"context"
	"time"

	"andon/schemas/beat"
	"andon/schemas/verdict"
)

const (
	rowsMax = 64                   // of a call
	linger  = 2 * time.Millisecond // a call that is not full waits for more rows
)

// batch is the rows of one call. Its client's lock guards rows and n until it departs; replies are read once done is closed.
type batch struct {
	rows     []float64
	n        int
	deadline time.Time // of its first rows; those that joined later wait no longer than it
	linger   *time.Timer
	replies  []beat.Reply
	done     chan struct{}
}

// share is a caller's part of a batch.
type share struct {
	*batch
	from, n int
}

// await copies a share's replies to out when they are there, or says that the time is over.
func (s share) await(ctx context.Context, out []beat.Reply) {
	select {
	case <-s.done:
		copy(out, s.replies[s.from:s.from+s.n])
	case <-ctx.Done():
		fill(out[:s.n], verdict.Timeout)
	}
}

func fill(out []beat.Reply, reason string) {
	for i := range out {
		out[i] = beat.Reply{Reason: reason}
	}
}

// board puts rows into batches, and sends off those that are full. It returns no share once the client is closed.
func (c *Client) board(rows []float64, n int) []share {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.closed {
		return nil
	}
	shares := make([]share, 0, n/rowsMax+2)
	for n > 0 {
		b := c.filling
		if b == nil {
			b = c.begin(n)
		}
		take := min(n, rowsMax-b.n)
		numbers := take * c.config.Features
		b.rows = append(b.rows, rows[:numbers]...)
		shares = append(shares, share{b, b.n, take})
		b.n += take
		rows, n = rows[numbers:], n-take
		if b.n == rowsMax {
			c.depart(b)
		}
	}
	return shares
}

// begin opens a batch for n rows and those that others bring. The caller holds the lock.
func (c *Client) begin(n int) *batch {
	b := &batch{
		rows:     make([]float64, 0, min(n, rowsMax)*c.config.Features),
		deadline: time.Now().Add(c.config.Timeout),
		done:     make(chan struct{}),
	}
	if c.filling = b; n < rowsMax {
		b.linger = time.AfterFunc(linger, func() {
			c.mu.Lock()
			defer c.mu.Unlock()
			if c.filling == b {
				c.depart(b)
			}
		})
	}
	return b
}

// depart sends a batch off. The caller holds the lock.
func (c *Client) depart(b *batch) {
	c.filling = nil
	if b.linger != nil {
		b.linger.Stop()
	}
	c.calls.Go(func() { c.send(b) })
}
