package lb_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"sync/atomic"
	"testing"
	"time"

	"github.com/go-kit/kit/endpoint"
	kitsd "github.com/go-kit/kit/sd"
	kitlb "github.com/go-kit/kit/sd/lb"
	"github.com/go-kit/log"

	"github.com/kitgen/kitgen/lb"
)

func nop(context.Context, any) (any, error) { return nil, nil }

func nopFactory(string) (endpoint.Endpoint, io.Closer, error) { return nop, nil, nil }

func addrs(n int) kitsd.FixedInstancer {
	all := make([]string, n)
	for i := range all {
		all[i] = fmt.Sprintf("10.0.%d.%d:80", i/250, i%250)
	}
	return all
}

// fixedPool returns a pool of n connected instances whose calls do nothing.
func fixedPool(tb testing.TB, n int, cfg lb.PoolConfig) *lb.Pool {
	tb.Helper()
	p := lb.NewPool(addrs(n), nopFactory, cfg)
	tb.Cleanup(func() {
		if err := p.Close(); err != nil {
			tb.Error(err)
		}
	})
	if err := p.WaitReady(context.Background()); err != nil {
		tb.Fatal(err)
	}
	return p
}

// BenchmarkPick is what choosing an instance costs: ours, beside go-kit's round
// robin over go-kit's own cache of endpoints (the peer) and over a slice that
// never changes (the floor).
func BenchmarkPick(b *testing.B) {
	for _, n := range []int{3, 10, 16, 17, 64, 1000, 10000} {
		p := fixedPool(b, n, lb.PoolConfig{})
		peer := kitsd.NewEndpointer(addrs(n), nopFactory, log.NewNopLogger())
		b.Cleanup(peer.Close)
		floor := make(kitsd.FixedEndpointer, n)
		for i := range floor {
			floor[i] = nop
		}
		for _, c := range []struct {
			name string
			b    kitlb.Balancer
		}{
			{"round-robin", lb.NewRoundRobin(p)},
			{"random", lb.NewRandom(p)},
			{"adaptive", lb.NewAdaptive(p, lb.AdaptiveConfig{})},
			{"go-kit-over-ours", kitlb.NewRoundRobin(p)},
			{"go-kit", kitlb.NewRoundRobin(peer)},
			{"floor", newCursor(floor)},
		} {
			b.Run(fmt.Sprintf("%s/n=%d", c.name, n), func(b *testing.B) {
				// What calls leave behind makes picks of the adaptive differ.
				call := lb.Endpoint(c.b)
				for range 1000 + n {
					if _, err := call(context.Background(), nil); err != nil {
						b.Fatal(err)
					}
				}
				b.ReportAllocs()
				for b.Loop() {
					if _, err := c.b.Endpoint(); err != nil {
						b.Fatal(err)
					}
				}
			})
		}
	}
}

// BenchmarkCall is a pick and a call through it, tracked, over an instance that
// answers at once.
func BenchmarkCall(b *testing.B) {
	for _, n := range []int{3, 10, 100, 1000, 10000} {
		p := fixedPool(b, n, lb.PoolConfig{})
		for _, c := range []struct {
			name string
			call endpoint.Endpoint
		}{
			{"round-robin", lb.Endpoint(lb.NewRoundRobin(p))},
			{"adaptive", lb.Endpoint(lb.NewAdaptive(p, lb.AdaptiveConfig{}))},
			{"floor", leastCall()},
		} {
			b.Run(fmt.Sprintf("%s/n=%d", c.name, n), func(b *testing.B) {
				ctx := context.Background()
				b.ReportAllocs()
				for b.Loop() {
					if _, err := c.call(ctx, nil); err != nil {
						b.Fatal(err)
					}
				}
			})
		}
	}
}

// leastCall does no more than every tracked call must: it reads the clock twice,
// and counts up and down.
func leastCall() endpoint.Endpoint {
	var (
		line struct {
			_        [128]byte
			inflight atomic.Int64
			total    atomic.Int64
			_        [112]byte
		}
		base = time.Now()
	)
	return func(ctx context.Context, request any) (any, error) {
		start := time.Since(base)
		line.inflight.Add(1)
		response, err := nop(ctx, request)
		line.inflight.Add(-1)
		if time.Since(base) < start {
			return nil, errors.New("the clock went back")
		}
		return response, err
	}
}

type cursor struct {
	set  atomic.Pointer[[]endpoint.Endpoint]
	_    [120]byte
	next atomic.Uint64
	_    [120]byte
}

func newCursor(all []endpoint.Endpoint) *cursor {
	c := new(cursor)
	c.set.Store(&all)
	return c
}

func (c *cursor) Endpoint() (endpoint.Endpoint, error) {
	all := *c.set.Load()
	if len(all) == 0 {
		return nil, kitlb.ErrNoEndpoints
	}
	return all[c.next.Add(1)%uint64(len(all))], nil
}

// BenchmarkGuardedPick is BenchmarkPick where every instance has a guard, which is
// asked of the one that would be picked.
func BenchmarkGuardedPick(b *testing.B) {
	guard := func(string) (endpoint.Middleware, func() bool) { return nil, func() bool { return true } }
	for _, n := range []int{3, 10, 100, 1000} {
		p := fixedPool(b, n, lb.PoolConfig{Guard: guard})
		for _, c := range []struct {
			name string
			b    kitlb.Balancer
		}{
			{"round-robin", lb.NewRoundRobin(p)},
			{"random", lb.NewRandom(p)},
			{"adaptive", lb.NewAdaptive(p, lb.AdaptiveConfig{})},
		} {
			b.Run(fmt.Sprintf("%s/n=%d", c.name, n), func(b *testing.B) {
				b.ReportAllocs()
				for b.Loop() {
					if _, err := c.b.Endpoint(); err != nil {
						b.Fatal(err)
					}
				}
			})
		}
	}
}
