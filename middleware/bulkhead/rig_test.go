package bulkhead

import (
	"context"
	"testing"
	"testing/synctest"

	"github.com/go-kit/kit/endpoint"
	"go.uber.org/goleak"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// rig is a bulkhead around an endpoint whose calls last until the test ends them.
type rig struct {
	t *testing.T
	*Bulkhead
	call endpoint.Endpoint
}

func newRig(t *testing.T, cfg Config) *rig {
	t.Helper()
	r := &rig{t: t, Bulkhead: NewBulkhead(cfg)}
	r.call = r.Wrap(func(_ context.Context, request any) (any, error) { return request.(func() (any, error))() })
	return r
}

// running is a call in a goroutine of its own.
type running struct {
	in    chan struct{} // closed when it is under way
	end   chan error    // what it returns with
	ended chan error    // what the caller got
}

// begin starts a call, and returns when it is under way, waits or is rejected.
func (r *rig) begin(ctx context.Context) *running {
	c := &running{make(chan struct{}), make(chan error), make(chan error, 1)}
	go func() {
		_, err := r.call(ctx, func() (any, error) { close(c.in); return nil, <-c.end })
		c.ended <- err
	}()
	synctest.Wait()
	return c
}

func (c *running) started() bool {
	select {
	case <-c.in:
		return true
	default:
		return false
	}
}

// finish ends a call that is under way, and lets others take its place.
func (c *running) finish() {
	c.end <- nil
	<-c.ended
	synctest.Wait()
}

func (r *rig) want(inFlight, waiting int, when string) {
	r.t.Helper()
	if got, want := r.Stats(), (Stats{inFlight, waiting}); got != want {
		r.t.Errorf("%s: %+v, want %+v", when, got, want)
	}
	r.places.mu.Lock()
	defer r.places.mu.Unlock()
	if n := r.places.waiters.Len(); n != waiting || r.places.spare != 0 {
		r.t.Errorf("%s: %d in the queue, %d places spare, want %d and none", when, n, r.places.spare, waiting)
	}
}
