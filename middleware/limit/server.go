package limit

import (
	"context"
	"sync/atomic"
	"time"

	"github.com/go-kit/kit/endpoint"

	"github.com/kitgen/kitgen/middleware/classify"
)

// enough is how many calls a window needs, as Envoy's minRTT does: the mean of
// fewer says more about those few than about the service.
const enough = 50

// server is the limit of a service, seen from inside. All of its state but the
// calls in flight is one pointer: whoever swaps it has moved the limit.
type server struct {
	Config
	zero   time.Time // times are since then
	slots  slots
	window atomic.Pointer[window]
	moves  atomic.Int64
}

func newServer(cfg Config) *server {
	s := &server{Config: cfg.withDefaults(4), zero: time.Now()}
	s.window.Store(s.opening(plan{limit: float64(s.Initial)}, 0, 0))
	return s
}

// guard is the server as an endpoint.Middleware.
func (s *server) guard(next endpoint.Endpoint) endpoint.Endpoint {
	return func(ctx context.Context, request any) (response any, err error) {
		w := s.window.Load()
		inflight, ok := s.slots.take(w.limit)
		if inflight >= w.limit && !w.full.Load() {
			w.full.Store(true)
		}
		if !ok {
			return nil, w.reject()
		}
		streaming, outcome := false, classify.Failure // what a panic and runtime.Goexit leave
		began := time.Since(s.zero)
		defer func() {
			if !streaming {
				s.slots.give()
			}
			s.learn(began, outcome)
		}()
		response, err = next(ctx, request)
		outcome = s.Classify(ctx, response, err)
		streaming = s.slots.handed(response, err)
		return response, err
	}
}

// learn counts a call that has ended in the window that is open, and closes
// that if it has seen enough.
func (s *server) learn(began time.Duration, outcome classify.Outcome) {
	w, now := s.window.Load(), time.Since(s.zero)
	if !w.settled(began, now) {
		return
	}
	calls := w.count(now-began, outcome)
	if calls < enough || now < time.Duration(w.from.Load())+s.Window {
		return
	}
	mean := time.Duration(max(w.total.Load()/calls, 1)) // a coarse clock, or synctest's, may say 0
	next := s.opening(s.plan(w, mean, now), now, mean)
	if s.window.CompareAndSwap(w, next) && w.limit != next.limit {
		s.moves.Add(1)
	}
}
