package shed

import (
	"context"
	"math/rand/v2"
	"os"
	"sync/atomic"
	"time"

	"github.com/go-kit/kit/endpoint"
)

// New returns a middleware for servers that turns calls away, those of low
// priority first, while the process has more to do than it can. All endpoints of
// a process should share one: they share the process. A cfg that Validate
// rejects is a mistake in the program, and New panics with Validate's error.
func New(cfg Config) endpoint.Middleware {
	if err := cfg.Validate(); err != nil {
		panic(err)
	}
	cfg = cfg.withDefaults()
	if cfg.CPU == nil {
		cfg.CPU = newCPU(os.DirFS("/"), processTime).share
	}
	if cfg.Wait == nil {
		cfg.Wait = new(scheduler).wait
		cfg.Wait() // what was before is none of our business
	}
	s := &shedder{Config: cfg, zero: time.Now()}
	s.now.Store(s.idle(0))
	return s.guard
}

// shedder turns calls away. All of its state is one pointer: whoever closes an
// interval swaps it.
type shedder struct {
	Config
	zero time.Time // times are since then
	now  atomic.Pointer[interval]

	looking atomic.Bool // a call closes an interval
}

// guard is the shedder as an endpoint.Middleware.
func (s *shedder) guard(next endpoint.Endpoint) endpoint.Endpoint {
	return func(ctx context.Context, request any) (response any, err error) {
		i := s.current(time.Since(s.zero))
		if s.Arrived != nil {
			if at := s.Arrived(ctx); !at.IsZero() {
				i.waited(time.Since(at))
			}
		}
		if !i.admit(s.Priority(ctx, request).index()) {
			return nil, &i.rejects[rand.Uint32()%spread]
		}
		defer func() { s.now.Load().ended.Add(1) }() // a panic and runtime.Goexit too: work was done
		return next(ctx, request)
	}
}

// current returns the interval that is on. The call that finds it over closes
// it; those that come meanwhile go by the old one. They must not close it again
// when the first has: CPU and Wait are for one call at a time.
func (s *shedder) current(now time.Duration) *interval {
	i := s.now.Load()
	if now-i.began < s.Interval || !s.looking.CompareAndSwap(false, true) {
		return i
	}
	defer s.looking.Store(false) // also if a function of the user's panics: the next call tries
	if s.now.Load() == i {
		s.now.Store(s.follow(i, now))
	}
	return s.now.Load()
}
