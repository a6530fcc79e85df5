package timeline

import (
	"context"
	"errors"
	"io"
	"net/http"
	"net/url"
	"strings"
	"sync"
	"time"

	"github.com/go-kit/kit/endpoint"

	"github.com/kitgen/kitgen/lb"
	"github.com/kitgen/kitgen/middleware/breaker"
	"github.com/kitgen/kitgen/middleware/retry"
	"github.com/kitgen/kitgen/sd"
	"github.com/kitgen/kitgen/sd/etcd"
	"github.com/kitgen/kitgen/transport/kithttp"
)

// callTimeout is of a call with all its attempts.
const callTimeout = 5 * time.Second

// consumer is a client of the service, composed as the README says, that
// records what it knows and does. Whoever made it closes it.
type consumer struct {
	rec       *recorder
	instances *sd.Instancer
	pool      *lb.Pool
	call      endpoint.Endpoint
	quit      chan struct{}
	jobs      sync.WaitGroup
}

func newConsumer(target string, rec *recorder) (*consumer, error) {
	instances, err := sd.Open(target, sd.InstancerConfig{}, etcd.Scheme(etcd.Config{}))
	if err != nil {
		return nil, err
	}
	c := &consumer{rec: rec, instances: instances, quit: make(chan struct{})}
	c.pool = lb.NewPool(instances, c.factory, lb.PoolConfig{Guard: breaker.Each(breaker.Config{})})
	c.call = retry.New(retry.Config{Idempotent: true})(lb.Endpoint(lb.NewAdaptive(c.pool, lb.AdaptiveConfig{})))
	c.jobs.Go(c.look)
	return c, nil
}

// factory makes endpoints that note every attempt.
func (c *consumer) factory(addr string) (endpoint.Endpoint, io.Closer, error) {
	send, closer, err := kithttp.Factory(func(base *url.URL, client *http.Client) endpoint.Endpoint {
		return kithttp.NewEndpoint[struct{}](client, http.MethodPost, base, "/call")
	}, kithttp.ClientConfig{})(addr)
	if err != nil {
		return nil, nil, err
	}
	return func(ctx context.Context, request any) (any, error) {
		at := time.Now()
		response, err := send(ctx, request)
		c.rec.attempted(addr, at, err)
		return response, err
	}, closer, nil
}

// look notes what the consumer's set has, until quit is closed. It looks often,
// because the set may stay as it is while the grounds for it change.
func (c *consumer) look() {
	tick := time.NewTicker(5 * time.Millisecond)
	defer tick.Stop()
	for {
		snapshot, newer := c.instances.Snapshot()
		if snapshot.Source() == sd.Fresh {
			c.rec.setSource(up)
		} else {
			c.rec.setSource(stale)
		}
		states := map[string]string{}
		for _, f := range c.instances.Explain().Fates {
			switch {
			case !f.In:
			case f.Instance.State == sd.Draining:
				states[f.Instance.ID] = draining
			case strings.HasPrefix(f.Why, "listed"):
				states[f.Instance.ID] = up
			default:
				states[f.Instance.ID] = held
			}
		}
		c.rec.setKnown(states)
		select {
		case <-newer:
		case <-tick.C:
		case <-c.quit:
			return
		}
	}
}

// load calls the service at a steady rate, whether or not earlier calls have
// been answered, until ctx ends; then it waits for those under way.
func (c *consumer) load(ctx context.Context, rate int) {
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

func (c *consumer) callOnce(ctx context.Context) {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), callTimeout)
	defer cancel()
	at := time.Now()
	_, err := c.call(ctx, struct{}{})
	c.rec.called(at, err)
}

func (c *consumer) close() error {
	if c == nil {
		return nil
	}
	close(c.quit)
	c.jobs.Wait()
	err := c.pool.Close()
	c.instances.Stop()
	if err != nil {
		return errors.Join(errors.New("close the consumer's pool"), err)
	}
	return nil
}
