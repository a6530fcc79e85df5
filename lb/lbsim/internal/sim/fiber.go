package sim

import (
	"context"
	"errors"
	"iter"

	"github.com/go-kit/kit/endpoint"
)

// fiber is a coroutine in which balancers of package lb make one call after the
// other. Their code calls an instance and waits for its answer, as it does in a
// service; here the instance hands its number to the world and is resumed when
// virtual time has brought the answer.
type fiber struct {
	ctx  context.Context   //nolint:containedctx // handed to the next call, not kept
	call endpoint.Endpoint // the next call to make
	err  error             // how the present one ended

	yield func(int) bool
	next  func() (int, bool)
	stop  func()
	done  func(failed bool) // ends the present call; the same for all, so that a call allocates nothing
}

// over is what a fiber yields when its call has returned.
const over = -1

var (
	errFailed = errors.New("sim: the call failed")
	errEnded  = errors.New("sim: the run has ended")
)

// fiber returns one that has nothing to do.
func (w *world) fiber() *fiber {
	if n := len(w.idlers); n > 0 {
		f := w.idlers[n-1]
		w.idlers = w.idlers[:n-1]
		return f
	}
	f := &fiber{}
	f.next, f.stop = iter.Pull(f.loop)
	f.done = func(failed bool) {
		if f.err = nil; failed {
			f.err = errFailed
		}
		for to := 0; to != over; {
			to, _ = f.next()
		}
		w.idlers = append(w.idlers, f)
	}
	w.fibers = append(w.fibers, f)
	return f
}

// start makes a call and returns whom it went to.
func (w *world) start(ctx context.Context, e endpoint.Endpoint) (server int, done func(bool)) {
	f := w.fiber()
	f.ctx, f.call = ctx, e
	if server, _ = f.next(); server == over {
		w.idlers = append(w.idlers, f)
		return -1, nil
	}
	return server, f.done
}

func (f *fiber) loop(yield func(int) bool) {
	f.yield = yield
	for {
		_, _ = f.call(f.ctx, f) // its fate is the world's to count
		if !yield(over) {
			return
		}
	}
}

// instance is the endpoint of a server.
func instance(server int) endpoint.Endpoint {
	return func(_ context.Context, request any) (any, error) {
		f, ok := request.(*fiber)
		if !ok || !f.yield(server) {
			return nil, errEnded
		}
		return nil, f.err
	}
}
