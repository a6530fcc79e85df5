package main

import (
	"context"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/go-kit/kit/endpoint"

	"github.com/kitgen/kitgen/internal/faults/internal/history"
	"github.com/kitgen/kitgen/lb"
	"github.com/kitgen/kitgen/middleware/breaker"
	"github.com/kitgen/kitgen/middleware/retry"
	"github.com/kitgen/kitgen/sd"
	"github.com/kitgen/kitgen/sd/consul"
	"github.com/kitgen/kitgen/transport/kithttp"
)

// consumer is a client of the service, composed as the README says.
type consumer struct {
	instances *sd.Instancer
	pool      *lb.Pool
	call      endpoint.Endpoint
	close     func() error // may be called again
}

// consume opens the consumer and records every set that its callers see.
func (t *trial) consume() {
	target := withParams(t.registry.consumer(), t.consumerParams...)
	instances, err := sd.Open(target, sd.InstancerConfig{}, schemes(consul.Config{})...)
	t.must(err)
	pool := lb.NewPool(instances, kithttp.Factory(newCall, kithttp.ClientConfig{IdleConnTimeout: 500 * time.Millisecond}), lb.PoolConfig{
		Guard:        breaker.Each(breaker.Config{}),
		DrainTimeout: 2 * time.Second,
	})
	t.consumer = &consumer{
		instances: instances,
		pool:      pool,
		call:      retry.New(retry.Config{Idempotent: true})(lb.Endpoint(lb.NewAdaptive(pool, lb.AdaptiveConfig{}))),
	}
	t.mu.Lock()
	t.history.Published = nil // of an earlier consumer
	t.mu.Unlock()
	quit, seen := make(chan struct{}), make(chan struct{})
	go func() {
		defer close(seen)
		t.see(instances, quit)
	}()
	t.consumer.close = sync.OnceValue(func() error {
		close(quit)
		<-seen
		err := pool.Close()
		instances.Stop()
		return err
	})
	t.later(t.consumer.close)
}

// newCall is the client of one instance.
func newCall(base *url.URL, c *http.Client) endpoint.Endpoint {
	return kithttp.NewEndpoint[answer](c, http.MethodPost, base, "/call")
}

// see records what callers see, until quit is closed.
func (t *trial) see(instances *sd.Instancer, quit <-chan struct{}) {
	for {
		s, changed := instances.Snapshot()
		seen := sighting(s)
		seen.At = time.Now()
		t.mu.Lock()
		seen.Epoch = t.epoch
		t.history.Published = append(t.history.Published, seen)
		t.mu.Unlock()
		select {
		case <-changed:
		case <-quit:
			return
		}
	}
}

// now is what callers see.
func (c *consumer) now() history.Sighting {
	s, _ := c.instances.Snapshot()
	return sighting(s)
}

func sighting(s sd.Snapshot) (seen history.Sighting) {
	for _, in := range s.Instances {
		if in.ID == markerID || strings.HasSuffix(in.ID, "/"+markerID) {
			seen.Marker, _ = strconv.ParseInt(in.Version, 10, 64) // 0 is a violation by itself
			continue
		}
		seen.Members = append(seen.Members, history.Member{
			ID: in.ID, Addr: in.Addr, Callable: in.State == sd.Up || in.State == sd.Warning,
		})
		if in.State == sd.Draining {
			seen.Draining = append(seen.Draining, in.ID)
		}
	}
	return seen
}

// call makes one call.
func (t *trial) call() error {
	ctx, cancel := context.WithTimeout(t.ctx, callTimeout)
	defer cancel()
	_, err := t.consumer.call(ctx, struct{}{})
	return err
}
