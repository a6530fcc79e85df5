package main

import (
	"context"
	"sync/atomic"
	"time"

	"golang.org/x/sync/singleflight"
	"golang.org/x/time/rate"
)

// aroundGolang measures golang.org/x and the standard library: what one would use
// without a library.
func aroundGolang() ([]layer, error) {
	return []layer{
		{policy: "rate", loop: throughGate(rate.NewLimiter(plenty, burst).Allow)},
		{policy: "singleflight", loop: singleflights(new(singleflight.Group))},
		{policy: "withtimeout", loop: withTimeouts},
	}, nil
}

// singleflights makes calls of different keys by different goroutines: nobody
// waits for another's.
func singleflights(g *singleflight.Group) func(ops int) error {
	ctx := context.Background()
	call := func() (any, error) { return nop(ctx, request) }
	ownKey := keysInTurn()
	return func(ops int) error {
		key := ownKey()
		for range ops {
			if _, err, _ := g.Do(key, call); err != nil {
				return err
			}
		}
		return nil
	}
}

// withTimeouts gives every call a context that ends in a second.
func withTimeouts(ops int) error {
	for range ops {
		ctx, cancel := context.WithTimeout(context.Background(), time.Second)
		_, err := nop(ctx, request)
		cancel()
		if err != nil {
			return err
		}
	}
	return nil
}

// keysInTurn hands out keys, of which there are more than goroutines.
func keysInTurn() func() string {
	var (
		names [keys]string
		next  atomic.Uint64
	)
	for i := range names {
		names[i] = addr(i)
	}
	return func() string { return names[next.Add(1)%keys] }
}
