package pipeline

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"
	"time"

	"andon/schemas/control"
)

// ErrControl says that records of andon.control that a lane was judged by are not there.
var ErrControl = errors.New("control records are missing")

// controlTime is how long records of andon.control are waited for that the journal says are there.
const controlTime = time.Minute

// ControlLog is what was read of andon.control, and implements Controls. The zero value has read nothing.
type ControlLog struct {
	mu    sync.Mutex
	list  []controlled
	next  int64
	grown chan struct{} // closed when next grows; nil when nobody waits
}

type controlled struct {
	offset int64
	record control.Record
}

// Add takes the next record, if there is one, and says that reading stands at next. The log keeps the record.
func (c *ControlLog) Add(offset int64, r *control.Record, next int64) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if r != nil {
		c.list = append(c.list, controlled{offset, *r})
	}
	c.next = next
	if c.grown != nil {
		close(c.grown)
		c.grown = nil
	}
}

// Next implements Controls.
func (c *ControlLog) Next() int64 {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.next
}

// Between implements Controls.
func (c *ControlLog) Between(ctx context.Context, from, to int64) (found []control.Record, err error) {
	if err := c.await(ctx, to); err != nil {
		return nil, err
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	i, _ := slices.BinarySearchFunc(c.list, from, func(r controlled, offset int64) int { return cmp.Compare(r.offset, offset) })
	for ; i < len(c.list) && c.list[i].offset < to; i++ {
		found = append(found, c.list[i].record)
	}
	return found, nil
}

// await waits until everything before an offset is read.
func (c *ControlLog) await(ctx context.Context, to int64) error {
	within, cancel := context.WithTimeout(ctx, controlTime)
	defer cancel()
	for {
		c.mu.Lock()
		if c.next >= to {
			c.mu.Unlock()
			return nil
		}
		if c.grown == nil {
			c.grown = make(chan struct{})
		}
		grown := c.grown
		c.mu.Unlock()
		select {
		case <-grown:
		case <-ctx.Done():
			return Fail(Lost, fmt.Errorf("%w: waited for offset %d of the control topic: %w", ErrControl, to, ctx.Err()))
		case <-within.Done():
			return Fail(Refused, fmt.Errorf("%w: the journal goes by what stands before offset %d of the control topic, it ends at %d: the topic was cut or made "+
				"again; start over under a new kafka.own_prefix with andon topics apply", ErrControl, to, c.Next()))
		}
	}
}

// ruled is how far the beat that begins goes by andon.control.
func (c *Config) ruled() int64 {
	if c.Controls == nil {
		return 0
	}
	return c.Controls.Next()
}

// Between are the records of an offset range of andon.control; none of an empty one.
func Between(ctx context.Context, c Controls, from, to int64) ([]control.Record, error) {
	switch {
	case to <= from:
		return nil, nil
	case c == nil:
		return nil, Fail(Refused, fmt.Errorf("%w: the journal goes by offsets %d to %d of the control topic", ErrControl, from, to))
	}
	return c.Between(ctx, from, to)
}
