package main

import (
	"context"
	"errors"
	"slices"
	"sync/atomic"
	"time"

	"github.com/go-kit/kit/endpoint"
	kitlb "github.com/go-kit/kit/sd/lb"
)

// cursor is the least that a pick can do: an atomic add and an index into a
// slice behind an atomic pointer, through the same interface as ours.
type cursor struct {
	set  atomic.Pointer[[]endpoint.Endpoint]
	_    [120]byte
	next atomic.Uint64
	_    [120]byte
}

func (c *cursor) Endpoint() (endpoint.Endpoint, error) {
	all := *c.set.Load()
	if len(all) == 0 {
		return nil, kitlb.ErrNoEndpoints
	}
	return all[c.next.Add(1)%uint64(len(all))], nil
}

func openFloor(n int) ([]*subject, error) {
	c := new(cursor)
	all := slices.Repeat([]endpoint.Endpoint{nop}, n)
	c.set.Store(&all)
	swap := func(size int) func() error {
		return func() error {
			next := make([]endpoint.Endpoint, size)
			copy(next, all)
			next[size-1] = nop
			c.set.Store(&next)
			return pickOnce(c)
		}
	}
	return []*subject{{
		system: floorName, pick: picks(c), call: floorCalls,
		add: swap(n + 1), remove: swap(n), stall: picks(c),
	}}, nil
}

// picks measures any go-kit balancer.
func picks(b kitlb.Balancer) func(ops int) error {
	return func(ops int) error {
		for range ops {
			e, err := b.Endpoint()
			if err != nil {
				return err
			}
			if e == nil {
				return errNothing
			}
		}
		return nil
	}
}

func pickOnce(b kitlb.Balancer) error { return picks(b)(1) }

// floorCalls is the least that a tracked call can do: the clock twice, and a
// counter up and down, which no other goroutine wants.
func floorCalls(ops int) error {
	var (
		inflight = new(struct {
			_ [128]byte
			n atomic.Int64
			_ [120]byte
		})
		e     endpoint.Endpoint = nop
		ctx                     = context.Background()
		base                    = time.Now()
		total time.Duration
	)
	for range ops {
		start := time.Since(base)
		inflight.n.Add(1)
		if _, err := e(ctx, nil); err != nil {
			return err
		}
		inflight.n.Add(-1)
		total += time.Since(base) - start
	}
	if total < 0 || inflight.n.Load() != 0 {
		return errors.New("the clock went back")
	}
	return nil
}
