package middleware_test

import (
	"context"
	"io"
	"slices"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/go-kit/kit/endpoint"
	kitsd "github.com/go-kit/kit/sd"
	kitlb "github.com/go-kit/kit/sd/lb"
	"go.uber.org/goleak"

	"github.com/kitgen/kitgen/internal/attempt"
	"github.com/kitgen/kitgen/lb"
	"github.com/kitgen/kitgen/middleware"
	"github.com/kitgen/kitgen/middleware/classify"
	"github.com/kitgen/kitgen/transport"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// status is what a server answers.
type status int

func (s status) Error() string   { return transport.ErrorOf(&transport.Error{Status: int(s)}).Error() }
func (s status) StatusCode() int { return int(s) }

// takes waits for d, or until ctx ends.
func takes(ctx context.Context, d time.Duration) error {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

// client is a whole client of a fleet: its call, its pool and its stack.
type client struct {
	call  endpoint.Endpoint
	pool  *lb.Pool
	stack *middleware.ClientStack
}

// newClient makes a client of instances, whose server answers. It is closed when
// the test ends.
func newClient(t *testing.T, cfg middleware.ClientConfig, balancer func(lb.Set) kitlb.Balancer, instances []string, server func(ctx context.Context, instance string) (any, error)) client {
	t.Helper()
	stack, err := middleware.Client(cfg)
	if err != nil {
		t.Fatal(err)
	}
	factory := func(instance string) (endpoint.Endpoint, io.Closer, error) {
		return func(ctx context.Context, _ any) (any, error) { return server(ctx, instance) }, nil, nil
	}
	pool := lb.NewPool(kitsd.FixedInstancer(instances), factory, lb.PoolConfig{Guard: stack.Guard, Classify: cfg.Classify})
	t.Cleanup(func() {
		if err := pool.Close(); err != nil {
			t.Error(err)
		}
		if err := stack.Close(); err != nil {
			t.Error(err)
		}
	})
	synctest.Wait()
	return client{stack.Method("Sum")(lb.Endpoint(balancer(pool))), pool, stack}
}

func adaptive(s lb.Set) kitlb.Balancer   { return lb.NewAdaptive(s, lb.AdaptiveConfig{}) }
func roundRobin(s lb.Set) kitlb.Balancer { return lb.NewRoundRobin(s) }

// ended is what became of one call.
type ended struct {
	at, took time.Duration
	err      error
}

// load makes calls that do not wait for one another, so many a second for so long,
// and returns what became of them in the order they began.
func load(perSecond int, long time.Duration, call func(ctx context.Context) error) []ended {
	start := time.Now()
	all := make([]ended, int(long.Seconds()*float64(perSecond)))
	var wg sync.WaitGroup
	for i := range all {
		wg.Go(func() {
			at := time.Now()
			err := call(context.Background())
			all[i] = ended{at.Sub(start), time.Since(at), err}
		})
		time.Sleep(time.Second / time.Duration(perSecond))
	}
	wg.Wait()
	return all
}

// failed is the share of failures among the calls that began from then on.
func failed(all []ended, from time.Duration) float64 {
	n, bad := 0, 0
	for _, e := range all {
		if e.at >= from {
			n++
			if e.err != nil {
				bad++
			}
		}
	}
	return float64(bad) / float64(n)
}

// quantile is that of the latencies of the calls that began from then on.
func quantile(all []ended, q float64, from time.Duration) time.Duration {
	var took []time.Duration
	for _, e := range all {
		if e.at >= from {
			took = append(took, e.took)
		}
	}
	slices.Sort(took)
	return took[min(int(q*float64(len(took))), len(took)-1)]
}

// wire is what the transports do to a call on its way to a service: of its context
// the deadline goes along, and which attempt it is; of an error the status, and
// when to come again.
func wire(server endpoint.Endpoint) endpoint.Endpoint {
	return func(ctx context.Context, request any) (any, error) {
		arrived, cancel := context.WithCancel(context.Background())
		defer cancel()
		if deadline, ok := ctx.Deadline(); ok {
			arrived, cancel = context.WithDeadline(arrived, deadline)
			defer cancel()
		}
		defer context.AfterFunc(ctx, cancel)()
		if c, ok := attempt.Outgoing(ctx); ok {
			sent, err := attempt.ParseChain(c.String())
			if err != nil {
				return nil, err
			}
			arrived = attempt.WithIncoming(arrived, sent)
		}
		response, err := server(arrived, request)
		if err == nil {
			return response, nil
		}
		e := &answer{err: transport.ErrorOf(err)}
		e.after, e.told = classify.Pushback(err)
		return nil, e
	}
}

// answer is an error as it comes over the wire.
type answer struct {
	err   *transport.Error
	after time.Duration
	told  bool
}

func (a *answer) Error() string   { return a.err.Error() }
func (a *answer) StatusCode() int { return a.err.StatusCode() }

func (a *answer) RetryAfter() (time.Duration, bool) { return a.after, a.told }
