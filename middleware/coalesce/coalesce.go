package coalesce

import (
	"context"
	"errors"
	"fmt"
	"sync"

	"github.com/go-kit/kit/endpoint"
)

// New returns a middleware under which calls with the same key that overlap are
// one call. Each endpoint it wraps has its own calls: keys of different methods
// may be the same. A cfg that Validate rejects is a mistake in the program, and
// New panics with Validate's error.
//
// A caller whose context ends gets that as its error, while the others go on.
// One whose context has ended already starts nothing and joins nothing.
func New(cfg Config) endpoint.Middleware {
	if err := cfg.Validate(); err != nil {
		panic(err)
	}
	return func(next endpoint.Endpoint) endpoint.Endpoint {
		g := &group{next: next, flights: make(map[string]*flight)}
		return func(ctx context.Context, request any) (any, error) {
			key, ok := cfg.Key(ctx, request)
			if !ok {
				return next(ctx, request)
			}
			if ctx.Err() != nil {
				return nil, ended(ctx)
			}
			return g.call(ctx, key, request)
		}
	}
}

// group holds the shared calls of one endpoint that are under way.
type group struct {
	next endpoint.Endpoint

	// mu guards flights, and the waiting of each. Joining a call and leaving it
	// as the last must exclude each other, which takes a lock. It is held for a
	// look into the map, a fraction of what the calls take that it saves.
	mu      sync.Mutex
	flights map[string]*flight
}

// call waits for the call with this key to end, or for ctx. If there is no such
// call, it starts one.
func (g *group) call(ctx context.Context, key string, request any) (any, error) {
	f, first := g.join(key)
	if first {
		shared := f.detach(ctx)
		go func() { // the last caller to wait for f joins it
			defer g.land(key, f)
			f.run(shared, request, g.next)
		}()
	}
	select {
	case <-f.done:
		return f.result()
	case <-ctx.Done():
	}
	if g.leave(key, f) {
		<-f.done
		f.repanic()
	}
	return nil, ended(ctx)
}

// join returns the call with this key, and whether the caller is to start it.
func (g *group) join(key string) (f *flight, first bool) {
	g.mu.Lock()
	defer g.mu.Unlock()
	if f = g.flights[key]; f != nil {
		f.waiting++
		return f, false
	}
	f = &flight{waiting: 1, done: make(chan struct{})}
	g.flights[key] = f
	return f, true
}

// leave takes a caller away from f and reports whether it was the last. Then f
// is cancelled and nobody joins it any more: both under the lock, so that of two
// calls with one key, one is always cancelled.
func (g *group) leave(key string, f *flight) (last bool) {
	g.mu.Lock()
	defer g.mu.Unlock()
	f.waiting--
	if f.waiting > 0 {
		return false
	}
	g.remove(key, f)
	f.cancel(errAlone)
	return true
}

// land ends f, which nobody joins any more, and lets those go who wait for it.
func (g *group) land(key string, f *flight) {
	g.mu.Lock()
	g.remove(key, f)
	g.mu.Unlock()
	f.cancel(nil)
	close(f.done)
}

// remove needs g.mu. The key may be another call's already.
func (g *group) remove(key string, f *flight) {
	if g.flights[key] == f {
		delete(g.flights, key)
	}
}

// ended returns why ctx ended: its error, and the cause if it has another.
func ended(ctx context.Context) error {
	err, cause := ctx.Err(), context.Cause(ctx)
	if errors.Is(err, cause) {
		return err
	}
	return fmt.Errorf("%w: %w", err, cause)
}
