package bulkhead

import (
	"context"
	"fmt"
	"sync"
	"time"

	"github.com/go-kit/kit/endpoint"
)

// New returns a middleware with one bound, shared by all the endpoints it wraps.
// A cfg that Validate rejects is a mistake in the program, and New panics with
// Validate's error.
func New(cfg Config) endpoint.Middleware {
	return NewBulkhead(cfg).Wrap
}

// Bulkhead is what New makes, for those who also want its Stats. Its methods are
// safe for concurrent use. There is nothing to close.
type Bulkhead struct {
	places     places
	maxWait    time.Duration
	full, late *FullError // made once: rejecting is what must be cheap
}

// NewBulkhead returns a Bulkhead. Like New, it panics with Validate's error.
func NewBulkhead(cfg Config) *Bulkhead {
	if err := cfg.Validate(); err != nil {
		panic(err)
	}
	cfg = cfg.withDefaults()
	return &Bulkhead{
		places:  places{max: int64(cfg.MaxInFlight), maxWaiting: int64(cfg.MaxQueue)},
		maxWait: cfg.MaxWait,
		full:    &FullError{InFlight: cfg.MaxInFlight, why: fmt.Sprintf("%d waiting", cfg.MaxQueue)},
		late:    &FullError{InFlight: cfg.MaxInFlight, why: fmt.Sprintf("no room within %v", cfg.MaxWait)},
	}
}

// Wrap is the bulkhead as an endpoint.Middleware.
func (b *Bulkhead) Wrap(next endpoint.Endpoint) endpoint.Endpoint {
	return func(ctx context.Context, request any) (response any, err error) {
		if err := b.enter(ctx); err != nil {
			return nil, err
		}
		streaming := false
		defer func() { // for a panic and runtime.Goexit too
			if !streaming {
				b.places.leave()
			}
		}()
		response, err = next(ctx, request)
		if s, ok := response.(interface{ OnEnd(f func(err error)) }); ok && err == nil {
			leave := sync.OnceFunc(b.places.leave)
			s.OnEnd(func(error) { leave() })
			streaming = true // not before: OnEnd may panic, as that of a nil stream does
		}
		return response, err
	}
}

// enter returns nil when the call is in, and must leave.
func (b *Bulkhead) enter(ctx context.Context) error {
	switch room, in := b.places.count(); {
	case !room:
		return b.full
	case !in:
		return b.wait(ctx)
	default:
		return nil
	}
}

// wait waits until a call that is counted has a place.
func (b *Bulkhead) wait(ctx context.Context) error {
	w := b.places.join()
	if w == nil {
		return nil
	}
	var late <-chan time.Time // never, unless there is a limit
	if b.maxWait > 0 {
		t := time.NewTimer(b.maxWait)
		defer t.Stop()
		late = t.C
	}
	select {
	case <-w.granted:
		return nil
	case <-late:
		if b.places.desert(w) {
			return b.late
		}
		return nil // the place came at the last moment, and the call can use it
	case <-ctx.Done():
		if !b.places.desert(w) {
			b.places.leave()
		}
		return b.ended(ctx)
	}
}

// Stats is what a bulkhead holds at one moment.
type Stats struct {
	InFlight int // calls under way, and streams that have not ended
	Waiting  int // calls in the queue
}

// Stats returns what is under way and waiting now.
func (b *Bulkhead) Stats() Stats {
	n := b.places.calls.Load()
	return Stats{InFlight: int(min(n, b.places.max)), Waiting: int(max(n-b.places.max, 0))}
}
