package breaker_test

import (
	"context"
	"errors"
	"net/http"
	"slices"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/go-kit/kit/endpoint"
	"go.uber.org/goleak"

	"github.com/kitgen/kitgen/middleware/breaker"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

var errDown = errors.New("down")

type statusError int

func (s statusError) Error() string   { return http.StatusText(int(s)) }
func (s statusError) StatusCode() int { return int(s) }

// rig is one circuit around an endpoint that does what the request says.
type rig struct {
	t     *testing.T
	group *breaker.Group
	call  endpoint.Endpoint
	ready func() bool

	mu      sync.Mutex // guards changes
	changes []string
}

type do func(context.Context) error

func newRig(t *testing.T, cfg breaker.Config) *rig {
	t.Helper()
	r := &rig{t: t}
	if cfg.OnStateChange == nil {
		cfg.OnStateChange = r.record
	}
	r.group = breaker.NewGroup(cfg)
	t.Cleanup(func() { r.group.Close() })
	mw, ready := r.group.Each("a:1")
	r.ready = ready
	r.call = mw(func(ctx context.Context, request any) (any, error) { return nil, request.(do)(ctx) })
	return r
}

func (r *rig) record(_ string, from, to breaker.State) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.changes = append(r.changes, from.String()+" to "+to.String())
}

// told returns the changes so far, when all are told that can be: in a bubble.
func (r *rig) told() []string {
	synctest.Wait()
	r.mu.Lock()
	defer r.mu.Unlock()
	return slices.Clone(r.changes)
}

// status is what the group shows of the circuit.
func (r *rig) status() breaker.Status {
	r.t.Helper()
	all := r.group.Circuits()
	if len(all) != 1 {
		r.t.Fatalf("circuits: %+v, want one", all)
	}
	return all[0]
}

// run makes n calls that end with err.
func (r *rig) run(n int, err error) {
	for range n {
		_, _ = r.call(context.Background(), do(func(context.Context) error { return err }))
	}
}

// runFor makes n calls one after the other, each of which takes d and ends with
// err.
func (r *rig) runFor(n int, d time.Duration, err error) {
	for range n {
		_, _ = r.call(context.Background(), do(func(context.Context) error { time.Sleep(d); return err }))
	}
}

// begin starts a call in a goroutine of its own, waits until it is under way,
// and returns the function that ends it with an error.
func (r *rig) begin() (end func(error)) {
	r.t.Helper()
	started, result, ended := make(chan struct{}), make(chan error), make(chan error)
	go func() {
		_, err := r.call(context.Background(), do(func(context.Context) error {
			close(started)
			return <-result
		}))
		ended <- err
	}()
	select {
	case <-started:
	case err := <-ended:
		r.t.Fatalf("the call was not let through: %v", err)
	}
	return func(err error) { result <- err; <-ended }
}

func (r *rig) rejects() bool {
	through := false
	_, err := r.call(context.Background(), do(func(context.Context) error { through = true; return nil }))
	if through == errors.Is(err, breaker.ErrOpen) {
		r.t.Errorf("let through: %v, error: %v", through, err)
	}
	return !through
}

// wantReady checks, without a call, whether the circuit is ready.
func (r *rig) wantReady(want bool, when string) {
	r.t.Helper()
	if got := r.ready(); got != want {
		r.t.Errorf("%s: Ready = %v, want %v; circuits: %+v", when, got, want, r.group.Circuits())
	}
}

// openTime lets time pass until the circuit is ready, and returns how much.
func (r *rig) openTime() time.Duration {
	r.t.Helper()
	start := time.Now()
	for !r.ready() {
		_, err := r.call(context.Background(), do(nil))
		rejection, ok := errors.AsType[*breaker.OpenError](err)
		if !ok {
			r.t.Fatalf("not ready, but let through: %v", err)
		}
		time.Sleep(time.Until(rejection.Until))
	}
	return time.Since(start)
}
