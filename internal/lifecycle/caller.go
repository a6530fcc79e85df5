package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"slices"
	"sync"
	"time"

	"github.com/go-kit/kit/endpoint"
	kitsd "github.com/go-kit/kit/sd"
	"google.golang.org/grpc"

	"github.com/kitgen/kitgen/internal/timeline"
	"github.com/kitgen/kitgen/lb"
	"github.com/kitgen/kitgen/middleware/breaker"
	"github.com/kitgen/kitgen/middleware/retry"
	"github.com/kitgen/kitgen/sd"
	"github.com/kitgen/kitgen/sd/etcd"
	"github.com/kitgen/kitgen/transport/kitgrpc"
	"github.com/kitgen/kitgen/transport/kithttp"
)

// caller is a client of the service over one wire, composed as a user does it,
// that notes what it sends and knows. Whoever made it closes it.
type caller struct {
	wire      string // sd.InstancerConfig.Transport; HTTP if empty
	instances *sd.Instancer
	pool      *lb.Pool
	call      endpoint.Endpoint
	quit      context.CancelFunc
	jobs      sync.WaitGroup

	mu       sync.Mutex // guards the fields below
	calls    []timeline.Call
	failures []error
	attempts map[string][]timeline.Call // by address
	known    map[string]*timeline.Track // by ID
}

// newCaller begins to call at a steady rate, whether or not earlier calls have
// been answered, as soon as there is somebody to call.
func newCaller(ctx context.Context, target, wire string, rate int) (*caller, error) {
	instances, err := sd.Open(target, sd.InstancerConfig{Transport: wire}, etcd.Scheme(etcd.Config{}))
	if err != nil {
		return nil, err
	}
	c := &caller{wire: wire, instances: instances, attempts: map[string][]timeline.Call{}, known: map[string]*timeline.Track{}}
	c.pool = lb.NewPool(instances, c.factory(), lb.PoolConfig{Guard: breaker.Each(breaker.Config{})})
	c.call = retry.New(retry.Config{Idempotent: true})(lb.Endpoint(lb.NewAdaptive(c.pool, lb.AdaptiveConfig{})))
	for {
		if _, err := c.call(ctx, struct{}{}); err == nil {
			break
		}
		if err := pause(ctx, time.Millisecond); err != nil { // nobody is known yet, or connected
			return nil, errors.Join(err, c.close())
		}
	}
	ctx, c.quit = context.WithCancel(ctx)
	c.jobs.Go(func() { c.look(ctx) })
	c.jobs.Go(func() { c.load(ctx, rate) })
	return c, nil
}

// factory makes endpoints that note every attempt.
func (c *caller) factory() kitsd.Factory {
	dial := kithttp.Factory(func(base *url.URL, client *http.Client) endpoint.Endpoint {
		return kithttp.NewEndpoint[struct{}](client, http.MethodPost, base, "/call")
	}, kithttp.ClientConfig{})
	if c.wire == "grpc" {
		dial = kitgrpc.Factory(func(cc *grpc.ClientConn) endpoint.Endpoint {
			return func(ctx context.Context, _ any) (any, error) { return nil, invoke(ctx, cc, rpcCall) }
		})
	}
	return func(addr string) (endpoint.Endpoint, io.Closer, error) {
		send, closer, err := dial(addr)
		if err != nil {
			return nil, nil, err
		}
		return func(ctx context.Context, request any) (any, error) {
			at := time.Now()
			response, err := send(ctx, request)
			c.mu.Lock()
			defer c.mu.Unlock()
			c.attempts[addr] = append(c.attempts[addr], timeline.Call{At: at, Failed: err != nil})
			return response, err
		}, closer, nil
	}
}

// look notes what the caller's set has.
func (c *caller) look(ctx context.Context) {
	for {
		snapshot, newer := c.instances.Snapshot()
		states := map[string]string{}
		for _, in := range snapshot.Instances {
			states[in.ID] = in.State.String()
		}
		c.mu.Lock()
		setAll(c.known, states)
		c.mu.Unlock()
		select {
		case <-newer:
		case <-ctx.Done():
			return
		}
	}
}

// setAll notes the states of all that there are or were.
func setAll(tracks map[string]*timeline.Track, states map[string]string) {
	for id := range states {
		if tracks[id] == nil {
			tracks[id] = new(timeline.Track)
		}
	}
	for id, t := range tracks {
		t.Set(time.Now(), states[id])
	}
}

func (c *caller) load(ctx context.Context, rate int) {
	var calls sync.WaitGroup
	defer calls.Wait()
	tick := time.NewTicker(time.Second / time.Duration(rate))
	defer tick.Stop()
	start, made := time.Now(), 0
	for {
		select {
		case <-ctx.Done():
			return
		case <-tick.C: // drops ticks on a busy machine, which are made up for
		}
		for ; made < int(time.Since(start).Seconds()*float64(rate)); made++ {
			calls.Go(func() { c.callOnce(ctx) })
		}
	}
}

func (c *caller) callOnce(ctx context.Context) {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), 5*time.Second)
	defer cancel()
	at := time.Now()
	_, err := c.call(ctx, struct{}{})
	c.note("", at, err)
}

// note notes a call that was sent at that time; to an address, if it was made
// past the balancer.
func (c *caller) note(addr string, at time.Time, err error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if addr != "" {
		c.attempts[addr] = append(c.attempts[addr], timeline.Call{At: at, Failed: err != nil})
	}
	c.calls = append(c.calls, timeline.Call{At: at, Failed: err != nil})
	if err != nil {
		c.failures = append(c.failures, fmt.Errorf("a call failed after %s: %w", time.Since(at), err))
	}
}

// to are the attempts at an instance so far, by the time they were sent.
func (c *caller) to(addr string) []timeline.Call {
	c.mu.Lock()
	defer c.mu.Unlock()
	sorted := slices.Clone(c.attempts[addr])
	slices.SortFunc(sorted, func(a, b timeline.Call) int { return a.At.Compare(b.At) })
	return sorted
}

func (c *caller) close() error {
	if c == nil {
		return nil
	}
	if c.quit != nil {
		c.quit()
	}
	c.jobs.Wait()
	err := c.pool.Close()
	c.instances.Stop()
	if err != nil {
		return errors.Join(errors.New("close a caller's pool"), err)
	}
	return nil
}
